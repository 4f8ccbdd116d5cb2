"""What a survey finds in the pairs, and when it may be used again."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data import survey as surveying
from crackseg.data.archive import Pair, find_pairs
from crackseg.data.dataset import Preprocessing
from crackseg.data.survey import Finding, class_weights, survey
from tests.conftest import write_archive

PREPROCESSING = Preprocessing(image_size=(32, 32), resize="area", mask_threshold=127)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "root", count=4)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the masks that a survey decodes from here on."""
    names: list[str] = []
    read = surveying.read_mask

    def read_and_note(path: Path) -> NDArray[np.uint8]:
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(surveying, "read_mask", read_and_note)
    return names


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


def test_class_weights_by_hand() -> None:
    findings = [Finding(crack_pixels=10), Finding(crack_pixels=0), Finding(crack_pixels=20)]
    # Of 3 x 10 x 20 = 600 pixels 30 are crack.
    background, crack = class_weights(findings, (10, 20))
    assert background == pytest.approx(600 / (2 * 570))
    assert crack == pytest.approx(600 / (2 * 30))


def test_class_weights_of_even_classes_are_one() -> None:
    assert class_weights([Finding(crack_pixels=50)], (10, 10)) == (1.0, 1.0)


@pytest.mark.parametrize(("pixels", "expected"), [(0, (0.5, 50.0)), (100, (50.0, 0.5))])
def test_a_class_that_does_not_occur_weighs_as_one_pixel(
    pixels: int, expected: tuple[float, float]
) -> None:
    assert class_weights([Finding(crack_pixels=pixels)], (10, 10)) == expected


def test_it_counts_crack_pixels_at_training_size(tmp_path: Path) -> None:
    pairs = [write_pair(tmp_path, f"x{rows}", cracked(rows)) for rows in (0, 2, 16, 64)]
    findings = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert [finding.crack_pixels for finding in findings] == [0, 32, 8 * 32, 32 * 32]
    assert not any(finding.unreadable or finding.emptied for finding in findings)


def test_it_resizes_and_cuts_as_it_is_told(tmp_path: Path) -> None:
    pair = write_pair(tmp_path, "x", cracked(16, grey=100))
    counts = {}
    for threshold in (0, 99, 100):
        for size in ((32, 32), (16, 64)):
            settings = replace(PREPROCESSING, mask_threshold=threshold, image_size=size)
            finding = survey(tmp_path, [pair], settings, tmp_path / "cache")[0]
            counts[threshold, size] = finding.crack_pixels
    for threshold, cracks in ((0, (256, 256)), (99, (256, 256)), (100, (0, 0))):
        assert (counts[threshold, (32, 32)], counts[threshold, (16, 64)]) == cracks, threshold


def test_the_findings_are_in_the_order_of_the_pairs(root: Path, tmp_path: Path) -> None:
    pairs = list(find_pairs(root).pairs)
    forward = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    backward = survey(root, pairs[::-1], PREPROCESSING, tmp_path / "cache")
    assert len({finding.crack_pixels for finding in forward}) > 1
    assert backward == forward[::-1]


def test_the_scale_is_training_pixels_per_photograph_pixel(tmp_path: Path) -> None:
    sizes = [(64, 64), (32, 32), (16, 16), (128, 32)]
    pairs = [write_pair(tmp_path, f"x{i}", cracked(4), size) for i, size in enumerate(sizes)]
    findings = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert [finding.scale for finding in findings] == pytest.approx([0.5, 1, 2, 0.5])


def test_a_mask_that_resizing_and_cutting_leave_without_crack_is_emptied(tmp_path: Path) -> None:
    thin = np.zeros((64, 64), np.uint8)
    thin[:, 3] = 200
    masks = {"thin": thin, "grey": cracked(9, 127), "empty": cracked(0), "wide": cracked(9)}
    pairs = [write_pair(tmp_path, name, mask) for name, mask in masks.items()]
    findings = survey(tmp_path, pairs, PREPROCESSING, tmp_path / "cache")
    assert dict(zip(masks, [finding.emptied for finding in findings], strict=True)) == {
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
    findings = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert [finding.unreadable for finding in findings] == [pairs[0].image, "", pairs[2].mask, ""]
    assert findings[0].crack_pixels == findings[2].crack_pixels == 0


def test_a_survey_is_used_again_without_decoding(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = find_pairs(root).pairs
    (root / pairs[1].image).write_text("no image")
    first = survey(root, pairs, PREPROCESSING, tmp_path / "cache")

    def refuse(path: Path) -> NDArray[np.uint8]:
        raise AssertionError(f"{path} was decoded again")

    monkeypatch.setattr(surveying, "read_photograph", refuse)
    monkeypatch.setattr(surveying, "read_mask", refuse)
    assert survey(root, pairs, PREPROCESSING, tmp_path / "cache") == first


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
    findings = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert len(decoded) == 4
    if change is rewrite_a_mask:
        assert findings[0].crack_pixels == 32 * 32


@pytest.mark.parametrize(
    "change", [{"image_size": (16, 32)}, {"resize": "bilinear"}, {"mask_threshold": 0}]
)
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
    assert [f.crack_pixels for f in second] != [f.crack_pixels for f in first]


def test_fewer_pairs_are_surveyed_anew(root: Path, tmp_path: Path) -> None:
    pairs = find_pairs(root).pairs
    findings = survey(root, pairs, PREPROCESSING, tmp_path / "cache")
    assert survey(root, pairs[1:], PREPROCESSING, tmp_path / "cache") == findings[1:]


def test_nothing_half_written_is_left_in_the_cache(root: Path, tmp_path: Path) -> None:
    survey(root, find_pairs(root).pairs, PREPROCESSING, tmp_path / "cache")
    left = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert [path.suffix for path in left] == [".json"]
    assert not left[0].name.startswith(".")
