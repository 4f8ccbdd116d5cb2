"""Pictures of a data set: pairs, thin cracks at each mask threshold, and faults."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from crackseg.data.analysis.explore import Exploration, Measured, read_pair
from crackseg.data.analysis.problems import COPIES, Problem
from crackseg.data.analysis.selection import weakest_spot
from crackseg.data.discovery.pairs import Pair
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array, binarize
from crackseg.reporting.html.data_uris import preview
from crackseg.visualization.overlays import overlay
from crackseg.visualization.sheets import contact_sheet

_SIDE = 256
_GAP = 4
# Side of the square shown of a thin crack: it holds some length, and single pixels can be seen.
_SPOT = 64
_SHARE_OF_SIDE = 6
# Strips of the copies of one photograph.
_MOST_STRIPS = 3


class Strip(NamedTuple):
    """A crack at one size of the photograph.

    Attributes:
        size: Size (H, W) of the whole photograph.
        photograph: Part of the photograph where its mask is weakest, uint8 (h, w, 3).
        mask: Same part of the grey mask, uint8 (h, w, 3).
        cuts: For each mask threshold, the crack that it leaves in this part, uint8 (h, w, 3), and
            the share that it leaves of the whole mask, in [0, 1].
    """

    size: tuple[int, int]
    photograph: UInt8Array
    mask: UInt8Array
    cuts: dict[int, tuple[UInt8Array, float]]


def with_overlay(root: Path, pair: Pair, mask_threshold: int) -> list[UInt8Array]:
    """A photograph, and the same photograph with its crack coloured."""
    photograph, mask = read_pair(root, pair)
    return [preview(photograph), preview(overlay(photograph, binarize(mask, mask_threshold)))]


def of_problem(root: Path, problem: Problem, mask_threshold: int) -> list[UInt8Array]:
    """Pictures of a problem: copies, photographs with the mask that they share, or a mask."""
    pairs = problem.pairs[:_MOST_STRIPS]
    if problem.kind in ("unreadable", "undrawable") or not pairs:
        return []
    if problem.kind in COPIES:
        return [preview(read_photograph(root / pair.image)) for pair in pairs]
    if len(pairs) > 1:
        return [with_overlay(root, pair, mask_threshold)[1] for pair in pairs]
    photograph, mask = read_pair(root, pairs[0])
    return [preview(photograph), preview(_grey(mask))]


def strips(exploration: Exploration, one: Measured) -> tuple[Strip, Strip]:
    """Strips of a crack where its mask is weakest, at its own size and at training size."""
    photograph, mask = read_pair(exploration.root, one.pair)
    height, width = mask.shape
    gentle, *_, harsh = exploration.mask_thresholds
    side = max(_SPOT, min(height, width) // _SHARE_OF_SIDE)
    rows, columns = weakest_spot(mask, gentle, harsh, side)
    small = exploration.preprocessing.resize_pair(photograph, mask)
    scales = small[1].shape[0] / height, small[1].shape[1] / width
    there = _scaled(rows, scales[0]), _scaled(columns, scales[1])
    return (
        _strip(photograph, mask, (rows, columns), exploration.mask_thresholds),
        _strip(*small, there, exploration.mask_thresholds),
    )


def beside(*pictures: UInt8Array) -> UInt8Array:
    """Puts pictures (H, W, 3) side by side on white."""
    height = max(picture.shape[0] for picture in pictures)
    gap = np.full((height, _GAP, 3), 255, np.uint8)
    padded = [
        np.pad(one, ((0, height - len(one)), (0, 0), (0, 0)), constant_values=255)
        for one in pictures
    ]
    parts = [part for one in padded for part in (gap, one)]
    return np.concatenate(parts[1:], axis=1)


def enlarged(picture: UInt8Array) -> UInt8Array:
    """Enlarges a picture (H, W, 3) to a square in which each pixel can be seen."""
    large = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
    return large.astype(np.uint8)


def write_rows(
    rows: Sequence[Sequence[UInt8Array]], path: Path, titles: Sequence[str] = ()
) -> None:
    """Writes rows of pictures as one PNG, each in the middle of a square."""
    columns = max(map(len, rows))
    blank = np.full((1, 1, 3), 255, np.uint8)
    pictures = [squared(one) for row in rows for one in [*row, *[blank] * (columns - len(row))]]
    contact_sheet(pictures, columns, path, titles, _SIDE)


def squared(picture: UInt8Array) -> UInt8Array:
    """Puts a picture (H, W, 3) in the middle of a white square."""
    height, width = picture.shape[:2]
    side = max(height, width)
    square = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = picture
    return square


def _strip(
    photograph: UInt8Array, mask: UInt8Array, place: tuple[slice, slice], cuts: Sequence[int]
) -> Strip:
    left = {
        threshold: (_grey(255 * crack[place].astype(np.uint8)), float(crack.mean()))
        for threshold in cuts
        for crack in (binarize(mask, threshold),)
    }
    return Strip(mask.shape, photograph[place], _grey(mask[place]), left)


def _scaled(place: slice, scale: float) -> slice:
    start = int(place.start * scale)
    return slice(start, max(round(place.stop * scale), start + 1))


def _grey(mask: UInt8Array) -> UInt8Array:
    return np.repeat(mask[:, :, None], 3, axis=2)
