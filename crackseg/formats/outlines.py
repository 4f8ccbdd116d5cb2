"""Outlines of masks that are filled to the very same pixels, with few corners.

An outline runs a quarter of a pixel within the edges of its pixels, so that every rule of filling
by pixel middles gives the mask back. Corners are then left out where a straight line does as
well; where the filled outline differs from the mask, they are taken back.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from crackseg.data.annotations.polygons import Points, fill
from crackseg.measurement.graph import BoolArray, IntArray

# Distance in pixels by which an outline may leave the corners that are left out.
_TOLERANCE = 0.6
# Corners within this many pixels of a wrong pixel are taken back.
_NEAR = 2.0
# Rounds of taking back before all corners are.
_ROUNDS = 8


def outline(pixels: BoolArray) -> Points:
    """The outline of pixels that hang together, with their holes.

    A hole is joined to the outer rim by a slit of no width, there and back.

    Args:
        pixels: Whether a pixel is inside, bool (H, W).

    Returns:
        Corners x and y, float64 (N, 2), from the upper left corner of the first pixel.
    """
    rings = _rings(pixels)
    kept = [_corners(ring) for ring in rings]
    for _ in range(_ROUNDS):
        polygon = _joined([ring[keep] for ring, keep in zip(rings, kept, strict=True)])
        wrong = _wrong(polygon, pixels)
        if not wrong.any():
            return polygon
        near = cv2.distanceTransform((~wrong).astype(np.uint8), cv2.DIST_L2, 5) <= _NEAR
        kept = [keep | _lie_in(ring, near) for ring, keep in zip(rings, kept, strict=True)]
    return _joined(rings)


def _rings(pixels: BoolArray) -> list[Points]:
    """The outer rim and those of the holes, with all their points."""
    # In twice as many pixels, a line of one pixel has two sides.
    doubled = cv2.resize(
        np.pad(pixels.astype(np.uint8), 1), None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST
    )
    found, levels = cv2.findContours(doubled, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    # The rim of a hole runs on the crack's own pixels too.
    outer_first = sorted(range(len(found)), key=lambda index: levels[0][index][3] >= 0)
    return [(found[index][:, 0].astype(np.float64) + 0.5) / 2 - 1 for index in outer_first]


def _corners(ring: Points) -> BoolArray:
    """Points of a ring that an approximation keeps, bool (N,)."""
    contour = ring.astype(np.float32)[:, None]
    chosen = cv2.approxPolyDP(contour, _TOLERANCE, closed=True)[:, 0]
    keep = np.isin(_codes(ring), _codes(chosen.astype(np.float64)))
    return keep if keep.sum() >= 3 else np.ones(len(ring), np.bool_)


def _codes(points: Points) -> IntArray:
    """A number for each point, equal for equal points."""
    quarters = np.rint(4 * points).astype(np.int64)
    return np.asarray(quarters[:, 0] << 32 | quarters[:, 1])


def _lie_in(ring: Points, area: BoolArray) -> BoolArray:
    columns, rows = ring.astype(np.int64).T
    return np.asarray(area[rows, columns])


def _wrong(polygon: Points, pixels: BoolArray) -> BoolArray:
    height, width = pixels.shape
    return np.asarray((fill([polygon], (height, width)) > 0) != pixels)


def _joined(rings: Sequence[Points]) -> Points:
    """One polygon of an outer rim and of holes."""
    polygon, *holes = rings
    for hole in holes:
        here = int(np.argmin(hole[:, 0]))
        there = int(np.argmin(((polygon - hole[here]) ** 2).sum(axis=1)))
        around = np.concatenate([hole[here:], hole[: here + 1]])
        polygon = np.concatenate([polygon[: there + 1], around, polygon[there:]])
    return polygon
