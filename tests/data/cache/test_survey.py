"""What a survey finds in the pairs, and when it may be used again."""

import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.cache import survey as surveying
from crackseg.data.cache.store import open_store
from crackseg.data.cache.survey import PairStatistics, survey
from crackseg.data.discovery.pairs import Pair, find_pairs
from crackseg.images import pixels
from crackseg.preprocessing import Preprocessing
from tests.helpers.data_sets import save_photograph, write_archive

PREPROCESSING = Preprocessing(image_size=(32, 32), resize="area", mask_threshold=127)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "root", count=4)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the masks that a survey decodes from here on."""
    names: list[str] = []
    read = surveying.read_truth_and_kind

    def read_and_note(root: Path, reference: str, size: tuple[int, int]) -> object:
        names.append(reference)
        return read(root, reference, size)

    monkeypatch.setattr(surveying, "read_truth_and_kind", read_and_note)
    return names


def cracks(statistics: list[PairStatistics], threshold: int = 127) -> list[int]:
    return [found.crack_pixels(threshold) for found in statistics]


def told(statistics: list[PairStatistics]) -> list[tuple[object, ...]]:
    """All that they say, so that it can be compared."""
    return [
        (f.unreadable, f.size, f.kind, f.share, f.grey_histogram.tolist(), f.thumbnail.tolist())
        for f in statistics
    ]


def write_pair(
    root: Path, stem: str, mask: NDArray[np.uint8], photograph: tuple[int, int] = (64, 64)
) -> Pair:
    pair = Pair(stem, f"images/{stem}.png", f"masks/{stem}.png")
    for name, content in (
        (pair.image, np.full((*photograph, 3), 128, np.uint8)),
        (pair.mask, mask),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(content).save(root / name)
    return pair


def cracked(rows: int, grey: int = 255) -> NDArray[np.uint8]:
    """A mask (64, 64) whose upper rows are crack."""
    mask = np.zeros((64, 64), np.uint8)
    mask[:rows] = grey
    return mask


def test_a_survey_counts_crack_pixels_at_training_size(tmp_path: Path) -> None:
    pairs = [write_pair(tmp_path, f"x{rows}", cracked(rows)) for rows in (0, 2, 16, 64)]
    statistics = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert cracks(statistics) == [0, 32, 8 * 32, 32 * 32]
    assert not any(found.unreadable or found.is_emptied(127) for found in statistics)


def test_a_survey_resizes_and_cuts_as_it_is_told(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "x", cracked(16, grey=100))
    counts = {}
    for threshold in (0, 99, 100):
        for size in ((32, 32), (16, 64)):
            settings = replace(PREPROCESSING, mask_threshold=threshold, image_size=size)
            statistics = survey(tmp_path, [pair], settings, tmp_path / "cache")
            (counts[threshold, size],) = cracks(statistics, threshold)
    for threshold, wanted in ((0, (256, 256)), (99, (256, 256)), (100, (0, 0))):
        assert (counts[threshold, (32, 32)], counts[threshold, (16, 64)]) == wanted, threshold


def test_the_findings_are_in_the_order_of_the_pairs(root: Path, tmp_path: Path) -> None:
    pairs = list(find_pairs(root).pairs)
    forward = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    backward = survey(root, pairs[::-1], PREPROCESSING, tmp_path / "cache")
    assert len(set(cracks(forward))) > 1
    assert told(backward) == told(forward)[::-1]


def test_the_scale_is_training_pixels_per_photograph_pixel(tmp_path: Path) -> None:
    sizes = [(64, 64), (32, 32), (16, 16), (128, 32)]
    pairs = [write_pair(tmp_path, f"x{i}", cracked(4), size) for i, size in enumerate(sizes)]
    statistics = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert [found.scale for found in statistics] == pytest.approx([0.5, 1, 2, 0.5])


def test_a_mask_that_resizing_and_cutting_leave_without_crack_is_emptied(tmp_path: Path) -> None:
    thin = np.zeros((64, 64), np.uint8)
    thin[:, 3] = 200
    masks = {"thin": thin, "grey": cracked(9, 127), "empty": cracked(0), "wide": cracked(9)}
    pairs = [write_pair(tmp_path, name, mask) for name, mask in masks.items()]
    statistics = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert dict(zip(masks, [found.is_emptied(127) for found in statistics], strict=True)) == {
        "thin": True,
        "grey": True,
        "empty": False,
        "wide": False,
    }


def test_an_unreadable_photograph_or_mask_is_named(root: Path, tmp_path: Path) -> None:
    pairs = find_pairs(root).pairs
    (root / pairs[0].image).write_text("no image")
    truncated = root / pairs[2].mask
    truncated.write_bytes(truncated.read_bytes()[:60])
    statistics = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert [found.unreadable for found in statistics] == [pairs[0].image, "", pairs[2].mask, ""]
    assert cracks(statistics)[0] == cracks(statistics)[2] == 0


def test_a_survey_is_used_again_without_decoding(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = find_pairs(root).pairs
    (root / pairs[1].image).write_text("no image")
    first = survey(root, pairs, PREPROCESSING, tmp_path / "cache")

    def refuse(path: Path) -> NDArray[np.uint8]:
        raise AssertionError(f"{path} was decoded again")

    monkeypatch.setattr(surveying, "read_photograph", refuse)
    assert told(survey(root, pairs, PREPROCESSING, tmp_path / "cache")) == told(first)


def rewrite_a_mask(root: Path) -> None:
    path = root / find_pairs(root).pairs[0].mask
    Image.fromarray(cracked(64)).save(path)


def touch_a_photograph(root: Path) -> None:
    path = root / find_pairs(root).pairs[0].image
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 1))


@pytest.mark.parametrize("change", [rewrite_a_mask, touch_a_photograph])
def test_a_changed_file_is_surveyed_anew(
    root: Path, tmp_path: Path, decoded: list[str], change: Callable[[Path], None]
) -> None:
    pairs = find_pairs(root).pairs
    survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    change(root)
    decoded.clear()
    statistics = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert len(decoded) == 4
    if change is rewrite_a_mask:
        assert cracks(statistics)[0] == 32 * 32


@pytest.mark.parametrize("change", [{"image_size": (16, 32)}, {"resize": "bilinear"}])
def test_other_settings_are_surveyed_anew(
    root: Path, tmp_path: Path, decoded: list[str], change: dict[str, object]
) -> None:
    # Halving, area and bilinear are the same; at a quarter they differ.
    quarter = replace(PREPROCESSING, image_size=(16, 16))
    pairs = find_pairs(root).pairs
    first = survey(root, pairs, quarter, tmp_path / "cache")
    decoded.clear()
    second = survey(root, pairs, replace(quarter, **change), tmp_path / "cache")
    assert len(decoded) == 4
    assert cracks(second) != cracks(first)


def test_another_cut_needs_no_other_survey(root: Path, tmp_path: Path, decoded: list[str]) -> None:
    pairs = find_pairs(root).pairs
    first = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    second = survey(root, pairs, replace(PREPROCESSING, mask_threshold=0), tmp_path / "cache")
    assert len(decoded) == 4
    assert told(second) == told(first)
    assert cracks(second, 0) > cracks(second, 127)


def test_a_photograph_without_a_mask_has_no_crack(root: Path, tmp_path: Path) -> None:
    pair = find_pairs(root).pairs[0]._replace(mask="")
    (found,) = survey(root, [pair], PREPROCESSING, tmp_path / "cache")
    assert (found.unreadable, found.kind, found.share, found.pixels) == ("", "", 0, 32 * 32)
    assert cracks([found], 0) == [0]


def test_at_their_own_sizes_nothing_is_scaled(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "x", cracked(16), (64, 64))
    settings = replace(PREPROCESSING, image_size=None)
    (found,) = survey(tmp_path, [pair], settings, tmp_path / "cache")
    assert (found.scale, found.pixels, found.crack_pixels(127)) == (1, 64 * 64, 16 * 64)


def test_fewer_pairs_are_surveyed_anew(root: Path, tmp_path: Path) -> None:
    pairs = find_pairs(root).pairs
    statistics = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert told(survey(root, pairs[1:], PREPROCESSING, tmp_path / "cache")) == told(statistics)[1:]


def test_nothing_half_written_is_left_in_the_cache(root: Path, tmp_path: Path) -> None:
    survey(root, find_pairs(root).pairs, PREPROCESSING, tmp_path / "cache")
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [".npz"]
    assert not left[0].name.startswith(".")


def test_the_share_of_crack_is_that_of_the_photograph_as_it_is(tmp_path: Path) -> None:
    masks = {"a": cracked(16), "b": cracked(16, 51), "c": cracked(0)}
    pairs = [write_pair(tmp_path, name, mask) for name, mask in masks.items()]
    for size in (16, 32):
        preprocessing = Preprocessing((size, size), "bilinear", 0)
        found = survey(tmp_path, pairs, preprocessing, tmp_path / "cache")
        assert [one.share for one in found] == [0.25, 0.05, 0]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"PK\x03\x04half", "a folder", "others"])
def test_a_damaged_survey_is_made_anew_and_said(
    damage: bytes | str, root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pairs, preprocessing = find_pairs(root).pairs, Preprocessing((32, 48), "area", 127)
    first = survey(root, pairs, preprocessing, tmp_path / "cache")
    (path,) = (tmp_path / "cache" / "survey").iterdir()
    if damage == "a folder":
        path.unlink()
        path.mkdir()
    elif damage == "others":
        surveying.write_statistics(path, first[:1])
    else:
        assert isinstance(damage, bytes)
        path.write_bytes(damage)
    assert told(survey(root, pairs, preprocessing, tmp_path / "cache")) == told(first)
    assert f"{path}: damaged, made anew" in caplog.text
    caplog.clear()
    survey(root, pairs, preprocessing, tmp_path / "cache")
    assert not caplog.text


def write_classes(root: Path, truth: str, names: str, text: str) -> list[Pair]:
    """A photograph, its truth with a first and a second class, and the file that names both."""
    pair = Pair("x", "images/x.png", truth)
    save_photograph(root / pair.image, (40, 40))
    (root / truth).parent.mkdir(exist_ok=True)
    if truth.endswith(".txt?crack"):
        square = "{0} 0 {1} 1 {1} 1 {2} 0 {2}"
        lines = square.format(0, 0.1, 0.2), square.format(1, 0.5, 0.9)
        (root / truth.removesuffix("?crack")).write_text("\n".join(lines))
    else:
        classes = np.zeros((40, 40), np.uint8)
        classes[4:8], classes[20:36] = 1, 2
        picture = Image.fromarray(classes)
        picture.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
        as_numbers = truth.startswith("labelsTr")
        (Image.fromarray(classes) if as_numbers else picture).save(
            root / truth.removesuffix("?crack")
        )
    (root / names).write_text(text)
    return [pair]


@pytest.mark.parametrize(
    ("truth", "names", "first", "second"),
    [
        (
            "SegmentationClass/x.png?crack",
            "labelmap.txt",
            "crack:128,0,0::\nspall:0,128,0::",
            "spall:128,0,0::\ncrack:0,128,0::",
        ),
        (
            "labelsTr/x.png?crack",
            "dataset.json",
            '{"labels": {"crack": 1, "spall": 2}}',
            '{"labels": {"spall": 1, "crack": 2}}',
        ),
        ("labels/x.txt?crack", "data.yaml", "names: [crack, spall]", "names: [spall, crack]"),
        ("labels/x.txt?crack", "classes.txt", "crack\nspall", "spall\ncrack"),
    ],
)
def test_other_names_of_classes_are_surveyed_anew(
    tmp_path: Path, truth: str, names: str, first: str, second: str
) -> None:
    pairs = write_classes(tmp_path, truth, names, first)
    cache, shares = tmp_path / "cache", []
    for text in (first, second):
        (tmp_path / names).write_text(text)
        os.utime(tmp_path / names, ns=(len(shares), len(shares)))
        shares.append(survey(tmp_path, pairs, PREPROCESSING, cache)[0].share)
    assert shares == pytest.approx([0.1, 0.4])


def test_names_of_classes_that_come_nearer_count(tmp_path: Path) -> None:
    pairs = write_classes(tmp_path, "labels/x.txt?crack", "data.yaml", "names: [crack, spall]")
    cache = tmp_path / "cache"
    before = survey(tmp_path, pairs, PREPROCESSING, cache)[0].share
    (tmp_path / "labels/classes.txt").write_text("spall\ncrack")
    after = survey(tmp_path, pairs, PREPROCESSING, cache)[0].share
    assert [before, after] == pytest.approx([0.1, 0.4])


def test_another_data_set_of_the_same_names_sizes_and_times_is_surveyed_too(
    tmp_path: Path,
) -> None:
    found = []
    for name, rows in (("one", 10), ("two", 30)):
        pair = write_pair(tmp_path / name, "x", cracked(rows), (64, 64))
        for file in (pair.image, pair.mask):
            path = tmp_path / name / file
            path.write_bytes(path.read_bytes().ljust(20_000, b"\0"))
            os.utime(path, ns=(1, 1))
        found += survey(tmp_path / name, [pair], PREPROCESSING, tmp_path / "cache")
    assert cracks(found) == [10 * 16, 30 * 16]


def test_a_pair_that_can_be_read_by_now_takes_part_again(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where other programs had taken the memory, or a decoder was missing."""
    caplog.set_level(logging.INFO)
    pairs = find_pairs(root).pairs
    largest = root / pairs[2].image
    save_photograph(largest, (400, 400))
    Image.new("L", (400, 400)).save(root / pairs[2].mask)
    read = {
        "survey": lambda: survey(root, pairs, PREPROCESSING, tmp_path / "cache"),
        "store": lambda: open_store(root, pairs, PREPROCESSING, tmp_path / "cache", 1)[0],
    }
    for kind, of_pairs in read.items():
        with monkeypatch.context() as patched:
            patched.setattr(pixels, "available_memory", lambda: 100_000)
            assert [one.unreadable for one in of_pairs()] == ["", "", pairs[2].image, ""], kind
        caplog.clear()
        assert not any(one.unreadable for one in of_pairs()), kind
        assert f"could not be read before and can be now: {pairs[2].image}" in caplog.text
        assert "damaged" not in caplog.text
        caplog.clear()
        assert not any(one.unreadable for one in of_pairs()), kind
        assert caplog.text == ""
