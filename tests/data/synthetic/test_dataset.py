"""The built-in synthetic data set: exact masks, fixed bytes, all or nothing on disk."""

import os
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.splits.name_rules import origin
from crackseg.data.synthetic import dataset
from crackseg.data.synthetic.dataset import write_dataset
from crackseg.data.synthetic.rendering import SURFACES, render

COUNT, SIZE = 12, 96


def _files(folder: Path) -> dict[str, bytes]:
    paths = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): p.read_bytes() for p in paths}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data"), COUNT, seed=3, size=SIZE)


def test_same_seed_writes_the_same_bytes_on_any_number_of_cores(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    again = write_dataset(tmp_path, COUNT, seed=3, size=SIZE)
    assert _files(again) == _files(folder)


def test_other_seed_writes_other_bytes(folder: Path, tmp_path: Path) -> None:
    other = _files(write_dataset(tmp_path, COUNT, seed=4, size=SIZE))
    here = _files(folder)
    assert other.keys() == here.keys()
    assert all(other[name] != here[name] for name in here if name.endswith(".jpg"))


def test_layout_is_that_of_crackseg9k(folder: Path) -> None:
    assert folder.name == f"synthetic-v{dataset.GENERATOR_VERSION}-n{COUNT}-s3-{SIZE}px"
    names = [f"synthetic_{SURFACES[i % 5]}_{i:04d}" for i in range(COUNT)]
    first, second = names[: COUNT // 2], names[COUNT // 2 :]
    expected = {f"Final-Dataset-Vol1/Images/{n}.jpg" for n in first}
    expected |= {f"Final-Dataset-Vol2/Images-2/{n}.jpg" for n in second}
    expected |= {f"Final-Dataset-Vol1/Final_Masks/Masks/{n}.png" for n in names}
    assert set(_files(folder)) == expected


def test_files_are_rgb_photographs_and_grey_masks_of_the_size_asked_for(folder: Path) -> None:
    for path in folder.rglob("*.*"):
        with Image.open(path) as image:
            assert image.mode == ("L" if path.suffix == ".png" else "RGB")
            assert image.size == (SIZE, SIZE)


def test_exactly_every_sixth_photograph_is_free_of_cracks(folder: Path) -> None:
    for path in (folder / "Final-Dataset-Vol1/Final_Masks/Masks").glob("*.png"):
        cracked = bool(np.asarray(Image.open(path)).any())
        assert cracked == (int(path.stem[-4:]) % 6 != 5), path.name


def test_a_crack_free_set_has_the_same_photographs_without_a_crack(
    folder: Path, tmp_path: Path
) -> None:
    free = write_dataset(tmp_path, COUNT, seed=3, size=SIZE, crack_free=True)
    assert free.name == f"synthetic-v{dataset.GENERATOR_VERSION}-free-n{COUNT}-s3-{SIZE}px"
    here, there = _files(folder), _files(free)
    assert here.keys() == there.keys()
    # The names end in numbers, and every sixth is crack-free in both.
    equal = {name for name in here if int(Path(name).stem[-4:]) % 6 == 5}
    assert {name for name in here if here[name] == there[name]} == equal
    masks = [np.asarray(Image.open(path)) for path in free.rglob("*.png")]
    assert len(masks) == COUNT
    assert not any(mask.any() for mask in masks)


def test_a_worn_set_shows_old_asphalt_and_concrete_with_and_without_cracks(
    tmp_path: Path,
) -> None:
    folder = write_dataset(tmp_path, 12, seed=3, size=64, worn=True)
    assert folder.name == f"synthetic-v{dataset.GENERATOR_VERSION}-worn-n12-s3-64px"
    masks = {path.stem: np.asarray(Image.open(path)) for path in folder.rglob("*.png")}
    assert len(masks) == 12
    assert {name.split("_")[1] for name in masks} == {"asphalt", "concrete"}
    free = {name.split("_")[1] for name, mask in masks.items() if not mask.any()}
    assert free == {"asphalt", "concrete"}
    assert {origin(name).source for name in masks} == {"worn"}


@pytest.mark.parametrize("surface", ["asphalt", "concrete"])
def test_the_mask_of_a_worn_crack_is_that_of_its_broken_zone(surface: str) -> None:
    fresh = [_dark_share(surface, seed, worn=False) for seed in range(12)]
    worn = [_dark_share(surface, seed, worn=True) for seed in range(12)]
    # A fresh crack is dark all over; of a worn one a part is filled.
    assert np.mean(fresh) > 0.9
    assert 0.3 < np.mean(worn) < np.mean(fresh) - 0.1


def _dark_share(surface: str, seed: int, worn: bool) -> float:
    """Share of a crack that is darker than nine tenths of what is around it."""
    image, mask = render(surface, seed, size=200, worn=worn)
    grey = cv2.GaussianBlur(image.mean(axis=2), (0, 0), 0.8)
    near = cv2.dilate(mask, np.ones((25, 25), np.uint8)) > 0
    around = grey[near & (cv2.dilate(mask, np.ones((5, 5), np.uint8)) == 0)]
    return float((grey[mask > 200] < np.quantile(around, 0.1)).mean())


def test_worn_photographs_come_out_the_same_again_and_fresh_ones_take_no_notice() -> None:
    worn, mask = render("asphalt", 7, size=96, worn=True)
    again, mask_again = render("asphalt", 7, size=96, worn=True)
    assert np.array_equal(worn, again)
    assert np.array_equal(mask, mask_again)
    assert not np.array_equal(worn, render("asphalt", 7, size=96)[0])


def test_every_surface_has_photographs_with_and_without_crack() -> None:
    assert {SURFACES[i % 5] for i in range(30) if i % 6 == 5} == set(SURFACES)


@pytest.mark.parametrize("surface", SURFACES)
def test_render_gives_a_photograph_and_an_anti_aliased_mask(surface: str) -> None:
    image, mask = render(surface, seed=1, size=128)
    assert image.shape == (128, 128, 3)
    assert mask.shape == (128, 128)
    assert image.dtype == mask.dtype == np.uint8
    assert ((mask > 0) & (mask < 255)).sum() > 0.2 * (mask > 0).sum()
    assert np.array_equal(image, render(surface, seed=1, size=128)[0])


@pytest.mark.parametrize("surface", SURFACES)
def test_crack_share_stays_between_0_2_and_15_percent(surface: str) -> None:
    shares = [render(surface, seed, size=128)[1].mean() / 255 for seed in range(8)]
    assert min(shares) > 0.002
    assert max(shares) < 0.15


def test_mask_marks_pixels_darker_than_their_surroundings() -> None:
    darker = []
    for seed in range(25):
        image, mask = render(SURFACES[seed % 5], seed, size=160)
        grey = image.mean(axis=2)
        near = cv2.dilate(mask, np.ones((9, 9), np.uint8)) > 0
        ring = near & (cv2.dilate(mask, np.ones((3, 3), np.uint8)) == 0)
        darker.append(grey[mask > 127].mean() < grey[ring].mean())
    assert np.mean(darker) >= 0.9


def test_the_crack_changes_the_photograph_where_the_mask_says_and_only_near_it() -> None:
    for seed, surface in enumerate(SURFACES):
        with_crack, mask = render(surface, seed, size=160)
        without, blank = render(surface, seed, size=160, cracked=False)
        assert not blank.any()
        change = np.abs(with_crack.astype(float) - without).mean(axis=2)
        far = cv2.dilate(mask, np.ones((41, 41), np.uint8)) == 0
        assert change[mask > 200].mean() > 10
        assert change[far].mean() < 2


def test_a_complete_data_set_is_used_again(folder: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert write_dataset(folder.parent, COUNT, seed=3, size=SIZE) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_an_interrupted_run_leaves_nothing_and_the_next_one_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def fail_midway(
        surface: str, seed: int, size: int, cracked: bool, worn: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        if len(drawn) == 2:
            raise RuntimeError("power cut")
        drawn.append(seed)
        return render(surface, seed, size, cracked, worn)

    with monkeypatch.context() as patched:
        patched.setattr(dataset, "render", fail_midway)
        with pytest.raises(RuntimeError, match="power cut"):
            write_dataset(tmp_path, 4, size=64)
    assert list(tmp_path.iterdir()) == []
    assert len(_files(write_dataset(tmp_path, 4, size=64))) == 8


@pytest.mark.parametrize("crack_free", [False, True])
@pytest.mark.parametrize("worn", [False, True])
def test_what_a_killed_process_left_is_cleared_away(
    tmp_path: Path, crack_free: bool, worn: bool
) -> None:
    whole = write_dataset(tmp_path, 1, size=64, crack_free=crack_free, worn=worn)
    # No process has such a number.
    left = tmp_path / f".{whole.name}-{2**40}-abc"
    left.mkdir()
    os.utime(left, (0, 0))
    other = write_dataset(tmp_path, 2, size=64)
    assert set(tmp_path.iterdir()) == {whole, other}


def test_a_faster_process_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_and_lose_the_race(draft: Path, _: object) -> None:
        (draft / "ours").touch()
        theirs = tmp_path / "synthetic-v1-n4-s0-64px"
        theirs.mkdir()
        (theirs / "theirs").touch()

    monkeypatch.setattr(dataset, "GENERATOR_VERSION", 1)
    monkeypatch.setattr(dataset, "_write_all", write_and_lose_the_race)
    folder = write_dataset(tmp_path, 4, size=64)
    assert [path.name for path in folder.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"count": 0}, "count is 0, but must be at least 1."),
        ({"size": 63}, "size is 63, but must be at least 64."),
        ({"seed": -1}, "seed is -1, but must be at least 0."),
    ],
)
def test_arguments_out_of_range_are_refused(
    tmp_path: Path, arguments: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        write_dataset(tmp_path, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_surface_is_refused_with_the_known_ones() -> None:
    message = "surface is 'wood', but must be one of asphalt, concrete, brick, tile, metal."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        render("wood", seed=0)
