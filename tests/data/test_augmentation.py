"""A photograph and its mask are changed alike, by their seed alone."""

import os
import subprocess
import sys
from typing import Any, get_args

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from crackseg.config.parsing import AugmentationName
from crackseg.data.augmentation import Augmentation
from tests.helpers.data_sets import draw_pair

NAMES: tuple[AugmentationName, ...] = get_args(AugmentationName)

# Stands in for the network: whoever asks it leaves a trace and gets no answer.
WITHOUT_NETWORK = """
import socket
def refuse(*arguments, **named):
    print("asked for", arguments)
    raise OSError("no network here")
socket.getaddrinfo = socket.create_connection = socket.socket.connect = refuse
import crackseg.data.augmentation
"""


def blocks(height: int, width: int) -> NDArray[np.uint8]:
    """High-contrast blocks of 8 pixels, so that any shift shows."""
    cells = np.random.default_rng(0).integers(0, 2, (height // 8, width // 8), dtype=np.uint8)
    return np.kron(cells, np.ones((8, 8), np.uint8)) * np.uint8(255)


def without_trend(plane: NDArray[Any]) -> NDArray[np.float64]:
    grey = plane.astype(np.float64)
    return (grey - cv2.blur(grey, (25, 25))).ravel()


@pytest.mark.parametrize("size", [(64, 64), (48, 96)])
def test_the_photograph_goes_where_its_mask_goes(size: tuple[int, int]) -> None:
    pattern = blocks(*size)
    # Light and contrast would be clipped at 0 and 255.
    image = np.stack([pattern // 3 + 80] * 3, axis=2)
    augmentation = Augmentation(size)
    moved = 0
    for seed in range(60):
        changed, mask = augmentation(image, pattern, seed)
        moved += not np.array_equal(mask, pattern)
        # Light and contrast are the same function for all pixels: over pixels of one grey of the
        # mask, the photograph is of one grey as well, and it follows the mask linearly.
        line = np.polyfit(mask.ravel(), changed[..., 0].ravel(), 1)
        assert line[0] > 0.2, seed
        assert np.abs(np.polyval(line, mask) - changed[..., 0]).max() < 4, seed
    assert moved > 20


def test_a_strongly_changed_photograph_goes_where_its_mask_goes() -> None:
    pattern = blocks(96, 96)
    image = np.stack([pattern // 2 + 60] * 3, axis=2)
    augmentation = Augmentation((96, 96), "strong")
    for seed in range(60):
        changed, mask = augmentation(image, pattern, seed)
        # A shadow darkens one side of the pattern and not the other.
        one, other = (without_trend(plane) for plane in (mask, changed.mean(axis=2)))
        assert np.corrcoef(one, other)[0, 1] > 0.8, seed


def test_flips_only_move_pixels() -> None:
    image, mask = draw_pair(3)
    for seed in range(30):
        changed, changed_mask = Augmentation((64, 64), "flips")(image, mask, seed)
        moved = [
            np.array_equal(changed_mask, one) and np.array_equal(changed, other)
            for one, other in zip(*map(turned_and_mirrored, (mask, image)), strict=True)
        ]
        assert sum(moved) == 1, seed


def test_a_strong_change_leaves_a_thin_crack_visible() -> None:
    image, mask = np.full((96, 96, 3), 150, np.uint8), np.zeros((96, 96), np.uint8)
    image[:, 47:49], mask[:, 47:49] = 90, 255
    augmentation = Augmentation((96, 96), "strong")
    for seed in range(100):
        changed, crack = augmentation(image, mask, seed)
        grey, wide = changed.mean(axis=2), cv2.dilate(crack, np.ones((9, 9), np.uint8))
        beside = (wide > 0) & (crack == 0)
        assert grey[crack > 200].mean() < grey[beside].mean() - 8, seed


def test_a_strong_change_shades_blurs_colours_and_greys() -> None:
    image, mask = np.full((64, 64, 3), (150, 120, 90), np.uint8), np.zeros((64, 64), np.uint8)
    augmentation = Augmentation((64, 64), "strong")
    changed = [augmentation(image, mask, seed)[0].astype(int) for seed in range(100)]
    levels = [one.mean(axis=2) for one in changed]
    assert sum(np.ptp(cv2.blur(one, (9, 9))) > 25 for one in levels) > 10, "shadows"
    assert sum(cv2.Laplacian(one, cv2.CV_64F).std() > 4 for one in levels) > 10, "noise"
    assert sum(bool(np.array_equal(one[..., 0], one[..., 2])) for one in changed) > 5, "grey"


@pytest.mark.parametrize("name", ["standard", "strong"])
def test_the_mask_stays_grey_and_uncut(name: AugmentationName) -> None:
    image, mask = draw_pair(3)
    augmentation = Augmentation((64, 64), name)
    between = []
    for seed in range(40):
        _, changed = augmentation(image, mask, seed)
        assert changed.dtype == np.uint8
        assert changed.shape == (64, 64)
        between.append(len(np.unique(changed)))
    assert max(between) > 1.5 * len(np.unique(mask))
    assert min(between) > 2


def test_an_affine_change_interpolates_a_hard_mask() -> None:
    pattern = blocks(64, 64)
    image = np.stack([pattern] * 3, axis=2)
    augmentation = Augmentation((64, 64))
    masks = [augmentation(image, pattern, seed)[1] for seed in range(40)]
    assert sum(np.isin(mask, (0, 255)).all() for mask in masks) < 30
    assert any(((mask > 60) & (mask < 190)).any() for mask in masks)


def test_light_changes_the_photograph_and_never_the_mask() -> None:
    image, mask = np.full((32, 32, 3), 120, np.uint8), np.full((32, 32), 120, np.uint8)
    augmentation = Augmentation((32, 32))
    levels = set()
    for seed in range(40):
        changed, same = augmentation(image, mask, seed)
        assert np.array_equal(same, mask), seed
        levels.add(int(changed[0, 0, 0]))
    assert min(levels) < 110
    assert max(levels) > 130


def test_what_comes_in_at_the_border_is_mirrored_in_both() -> None:
    white = np.full((64, 64, 3), 200, np.uint8)
    augmentation = Augmentation((64, 64))
    for seed in range(40):
        changed, mask = augmentation(white, white[..., 0], seed)
        assert len(np.unique(changed)) == 1, seed
        assert (mask == 200).all(), seed


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [(64, 64), (32, 64), (64, 32), (40, 56)])
def test_every_size_keeps_its_shape(size: tuple[int, int], name: AugmentationName) -> None:
    image, mask = draw_pair(0, size)
    augmentation = Augmentation(size, name)
    for seed in range(100):
        changed_image, changed_mask = augmentation(image, mask, seed)
        assert changed_image.shape == (*size, 3)
        assert changed_mask.shape == size
        assert changed_image.dtype == changed_mask.dtype == np.uint8
        assert changed_image.flags.c_contiguous
        assert changed_mask.flags.c_contiguous


@pytest.mark.parametrize("name", NAMES)
def test_equal_seeds_give_equal_bytes(name: AugmentationName) -> None:
    image, mask = draw_pair(0)
    one, other = Augmentation((64, 64), name), Augmentation((64, 64), name)
    expected = [one(image, mask, seed) for seed in range(20)]
    # What was asked before, and the state of numpy's own generator, must not matter.
    np.random.seed(9)  # noqa: NPY002
    for seed in reversed(range(20)):
        again = other(image, mask, seed)
        assert again[0].tobytes() == expected[seed][0].tobytes()
        assert again[1].tobytes() == expected[seed][1].tobytes()


@pytest.mark.parametrize(("name", "least"), [("flips", 6), ("standard", 13), ("strong", 27)])
def test_other_seeds_give_other_bytes(name: AugmentationName, least: int) -> None:
    image, mask = draw_pair(0)
    augmentation = Augmentation((64, 64), name)
    assert len({augmentation(image, mask, seed)[0].tobytes() for seed in range(30)}) >= least


@pytest.mark.parametrize("name", NAMES)
def test_the_photograph_that_came_in_is_not_written_to(name: AugmentationName) -> None:
    image, mask = draw_pair(0)
    before = image.copy(), mask.copy()
    augmentation = Augmentation((64, 64), name)
    for seed in range(20):
        augmentation(image, mask, seed)
    assert np.array_equal(image, before[0])
    assert np.array_equal(mask, before[1])


def test_importing_asks_the_network_for_nothing() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "NO_ALBUMENTATIONS_UPDATE"}
    command = [sys.executable, "-c", WITHOUT_NETWORK]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""


def turned_and_mirrored(pattern: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [np.rot90(side, turns) for side in (pattern, pattern[:, ::-1]) for turns in range(4)]


def test_a_square_is_turned_and_mirrored_in_all_eight_ways() -> None:
    pattern = blocks(64, 64)
    image = np.stack([pattern] * 3, axis=2)
    augmentation = Augmentation((64, 64))
    masks = [augmentation(image, pattern, seed)[1] for seed in range(150)]
    ways = turned_and_mirrored(pattern)
    for way in ways:
        assert any(np.array_equal(mask, way) for mask in masks)


def test_an_oblong_is_mirrored_in_all_four_ways() -> None:
    pattern = blocks(32, 64)
    image = np.stack([pattern] * 3, axis=2)
    augmentation = Augmentation((32, 64))
    masks = [augmentation(image, pattern, seed)[1] for seed in range(80)]
    for way in (pattern, pattern[::-1], pattern[:, ::-1], pattern[::-1, ::-1]):
        assert any(np.array_equal(mask, way) for mask in masks)
