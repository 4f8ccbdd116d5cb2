"""Outlines of masks that are filled to the very same pixels, with few corners.

An outline runs halfway between the middles of pixels inside and outside, so that every rule of
filling by pixel middles gives the mask back. Corners are then left out where a straight line does
as well; where the filled outline differs from the mask, they are taken back.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.spatial import KDTree
from skimage.measure import find_contours

from crackseg.data.annotations.polygons import Points, fill
from crackseg.measurement.graph import BoolArray, IntArray

# Distance in pixels by which an outline may leave the corners that are left out.
_TOLERANCE = 0.45
# Distances in pixels from the middle of a wrong pixel within which corners are taken back, round by
# round; the nearest are half a pixel away.
_REACHES = (0.5, 0.5, 0.8, 1.2, 2.0, 4.0, 8.0)


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
    for reach in _REACHES:
        polygon = _joined([ring[keep] for ring, keep in zip(rings, kept, strict=True)])
        wrong = _wrong(polygon, pixels)
        if not len(wrong):
            return polygon
        near = (KDTree(wrong).query(ring)[0] <= reach for ring in rings)
        kept = [keep | those for keep, those in zip(kept, near, strict=True)]
    return _joined(rings)


def _rings(pixels: BoolArray) -> list[Points]:
    """The outer rim and those of the holes: points halfway from pixels inside to those outside."""
    framed = np.pad(pixels.astype(np.float32), 1)
    found = find_contours(framed, 0.5, fully_connected="high")
    # The outer rim reaches further than any hole.
    outer_first = sorted(found, key=lambda ring: -float(np.ptp(ring, axis=0).sum()))
    return [ring[:-1, ::-1] - 0.5 for ring in outer_first]


def _corners(ring: Points) -> BoolArray:
    """Points of a ring that an approximation keeps, bool (N,)."""
    contour = ring.astype(np.float32)[:, None]
    chosen = cv2.approxPolyDP(contour, _TOLERANCE, closed=True)[:, 0]
    keep = np.isin(_codes(ring), _codes(chosen.astype(np.float64)))
    return keep if keep.sum() >= 3 else np.ones(len(ring), np.bool_)


def _codes(points: Points) -> IntArray:
    """A number for each point, equal for equal points."""
    halves = np.rint(2 * points).astype(np.int64)
    return np.asarray(halves[:, 0] << 32 | halves[:, 1])


def _wrong(polygon: Points, pixels: BoolArray) -> Points:
    """Middles of the pixels that are filled and should not be, or the other way round."""
    height, width = pixels.shape
    rows, columns = np.nonzero((fill([polygon], (height, width)) > 0) != pixels)
    return np.asarray(np.stack([columns, rows], axis=1) + 0.5, np.float64)


def _joined(rings: Sequence[Points]) -> Points:
    """One polygon of an outer rim and of holes."""
    polygon, *holes = rings
    for hole in holes:
        here = int(np.argmin(hole[:, 0]))
        there = int(np.argmin(((polygon - hole[here]) ** 2).sum(axis=1)))
        around = np.concatenate([hole[here:], hole[: here + 1]])
        polygon = np.concatenate([polygon[: there + 1], around, polygon[there:]])
    return polygon
