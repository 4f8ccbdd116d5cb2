"""Labelled photographs as an adaptation takes them: whole, or windows of those that are large."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import UInt8Array

BoolArray = npt.NDArray[np.bool_]

# Pixels up to which a photograph is taken as it is, and side and number of the windows of others.
WHOLE_PIXELS = 1_700_000
WINDOW = 640
WINDOWS = 4


@dataclass(frozen=True, eq=False)
class Labelled:
    """A labelled photograph, or a window of one.

    Attributes:
        photograph: Name of what it was cut from; all of one photograph are left out together.
        image: Photograph, uint8 (H, W, 3).
        crack: Whether a pixel is crack, bool (H, W).
    """

    photograph: str
    image: UInt8Array
    crack: BoolArray


def windows_of(photograph: Labelled, seed: int) -> list[Labelled]:
    """A photograph by itself, or windows of a large one, so that a fit stays short.

    Half of the windows are those with the most crack that do not overlap, the others are drawn: a
    threshold that never saw plain surface would call too much of it crack.

    Args:
        photograph: Photograph of any size.
        seed: Seed of the draw.
    """
    height, width = photograph.crack.shape
    if height * width <= WHOLE_PIXELS:
        return [photograph]
    size = min(WINDOW, height), min(WINDOW, width)
    places = [*_with_most_crack(photograph.crack, size, WINDOWS // 2)]
    further = drawn_places((height, width), size, WINDOWS - len(places), seed)
    return [_cut(photograph, place, size) for place in (*places, *further)]


def drawn_places(
    photograph: tuple[int, int], size: tuple[int, int], count: int, seed: int
) -> list[tuple[int, int]]:
    """Places (row, column) of windows of a size (H, W) that are drawn evenly in a photograph."""
    free = [has - of + 1 for has, of in zip(photograph, size, strict=True)]
    drawn = np.random.default_rng(seed).integers(free, size=(count, 2))
    return [(int(row), int(column)) for row, column in drawn]


def _with_most_crack(
    crack: BoolArray, size: tuple[int, int], count: int
) -> Iterator[tuple[int, int]]:
    """Places (row, column) of the windows with most crack that share no pixel of it."""
    height, width = size
    left = crack.astype(np.uint8)
    for _ in range(count):
        sums = cv2.integral(left)
        held = sums[height:, width:] - sums[:-height, width:]
        held = held - (sums[height:, :-width] - sums[:-height, :-width])
        if not held.max():
            return
        row, column = (int(at) for at in np.unravel_index(np.argmax(held), held.shape))
        left[row : row + height, column : column + width] = 0
        yield row, column


def _cut(photograph: Labelled, place: tuple[int, int], size: tuple[int, int]) -> Labelled:
    (row, column), (height, width) = place, size
    window = slice(row, row + height), slice(column, column + width)
    return Labelled(
        photograph.photograph,
        np.ascontiguousarray(photograph.image[window]),
        np.ascontiguousarray(photograph.crack[window]),
    )
