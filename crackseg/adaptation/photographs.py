"""Labelled photographs as an adaptation takes them: whole, or by parts of those that are large."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import UInt8Array

BoolArray = npt.NDArray[np.bool_]
Part = tuple[slice, slice]
# Parts of a large photograph that are looked at, and their side in crops of the smallest scale, so
# that a network sees as much around the middle of a part as it does in training.
PARTS = 4
_CROPS = 1.5


@dataclass(frozen=True, eq=False)
class Labelled:
    """A labelled photograph, or a part of one.

    Attributes:
        photograph: Name of what it was cut from; all of one photograph are left out together.
        image: Photograph, uint8 (H, W, 3).
        crack: Whether a pixel is crack, bool (H, W).
        weight: Number of parts of the photograph that it stands for.
    """

    photograph: str
    image: UInt8Array
    crack: BoolArray
    weight: float = 1.0


def side_of_parts(size: tuple[int, int], smallest: float) -> int:
    """Side of the parts of large photographs, in their own pixels.

    Args:
        size: Size (H, W) of a crop in training.
        smallest: Smallest scale that they are seen at, in pixels of a crop per pixel of a
            photograph.
    """
    return round(_CROPS * max(size) / smallest)


def parts_of(photograph: Labelled, side: int, seed: int) -> list[Labelled]:
    """A photograph by itself, or some parts of a large one, so that a fit stays short.

    Of the parts with crack a half of the number is drawn, and of those without the other half. Each
    stands for all of its kind, so that plain surface counts as much as there is of it.

    Args:
        photograph: Photograph of any size.
        side: Side of a part, in pixels.
        seed: Seed of the draw.
    """
    grid = grid_of(photograph.crack.shape, side)
    if len(grid) <= PARTS:
        return [photograph]
    held = [bool(photograph.crack[part].any()) for part in grid]
    random = np.random.default_rng(seed)
    found = []
    for kind in (True, False):
        of_kind = [part for part, has in zip(grid, held, strict=True) if has == kind]
        drawn = random.permutation(len(of_kind))[: PARTS // 2]
        found += [_cut(photograph, of_kind[at], len(of_kind) / len(drawn)) for at in drawn]
    return found


def drawn_parts(image: UInt8Array, side: int, seed: int) -> list[UInt8Array]:
    """A photograph by itself, or some parts of a large one, of which nothing is known."""
    grid = grid_of(image.shape[:2], side)
    if len(grid) <= PARTS:
        return [image]
    drawn = np.random.default_rng(seed).permutation(len(grid))[:PARTS]
    return [np.ascontiguousarray(image[grid[at]]) for at in drawn]


def grid_of(size: Sequence[int], side: int) -> list[Part]:
    """Parts of a photograph that share no pixel and leave none out, of about a side each."""
    rows, columns = (list(_spans(length, side)) for length in size)
    return [(row, column) for row in rows for column in columns]


def _spans(length: int, side: int) -> Iterator[slice]:
    ends = np.linspace(0, length, max(round(length / side), 1) + 1).round().astype(int).tolist()
    yield from (slice(start, stop) for start, stop in pairwise(ends))


def _cut(photograph: Labelled, part: Part, weight: float) -> Labelled:
    return Labelled(
        photograph.photograph,
        np.ascontiguousarray(photograph.image[part]),
        np.ascontiguousarray(photograph.crack[part]),
        weight,
    )
