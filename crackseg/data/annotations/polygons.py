"""Draws outlines as pixels.

Coordinates are those of annotation tools: x to the right and y down from the photograph's upper
left corner, so that the first pixel reaches from 0 to 1 and its centre is at one half.
"""

import math
from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from crackseg.data.annotations.rle import decompress, expand
from crackseg.images.pixels import UInt8Array

LINE_WIDTH = 3
"""Pixels: how broad a crack is drawn that was annotated as a line."""

Points = npt.NDArray[np.float64]

_CIRCLE_CORNERS = 72


def points(coordinates: object, least: int) -> Points:
    """Checks coordinates and makes them an array.

    Args:
        coordinates: Pairs of x and y.
        least: Smallest number of points.

    Returns:
        float64 array of shape (N, 2).

    Raises:
        ValueError: The coordinates are not such pairs, not finite, or too few.
    """
    try:
        array = np.array(coordinates, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        array = np.empty(0)
    if array.shape == (0,) and isinstance(coordinates, list | tuple) and not coordinates:
        raise ValueError(f"it has 0 points and needs {least}")
    # A missing number is not finite either.
    if array.ndim != 2 or array.shape[1] != 2 or not np.isfinite(array).all():
        raise ValueError("its points are no pairs of x and y")
    if len(array) < least:
        raise ValueError(f"it has {len(array)} points and needs {least}")
    return array


def refuse_far(array: Points, size: tuple[int, int]) -> None:
    """Refuses points that lie far outside a photograph of size (H, W).

    Raises:
        ValueError: There are such points.
    """
    width_height = np.array(size[::-1])
    # A little beyond the border is an annotator's inaccuracy.
    inside = (array >= -width_height) & (array <= 2 * width_height)
    if not inside.all():
        x, y = array[~inside.all(axis=1)][0]
        raise ValueError(f"its point ({x:g}, {y:g}) lies far outside of the photograph")


def refuse_shares(array: Points) -> None:
    """Refuses an outline whose points are shares of the photograph's sides instead of pixels.

    Raises:
        ValueError: All of it lies within the first pixel.
    """
    # The first pixel itself has whole corners.
    if ((array >= 0) & (array <= 1)).all() and (array % 1).any():
        raise ValueError(
            "all of its points lie within the first pixel, as shares of the photograph's sides do; "
            "write them in pixels"
        )


def fill(polygons: Sequence[Points], size: tuple[int, int]) -> UInt8Array:
    """Fills polygons of three points or more.

    It follows the rule of COCO's tools, which keeps the area: a crack of two pixels stays two
    pixels wide. Most drawing functions add one pixel for the outline.

    Returns:
        uint8 array of shape (H, W), 0 or 255.
    """
    if not polygons:
        return np.zeros(size, np.uint8)
    flat = [polygon.ravel().tolist() for polygon in polygons]
    joined = coco_mask.merge(coco_mask.frPyObjects(flat, *size))
    return expand(decompress(joined["counts"].decode()), size)


def stroke(line: Points) -> list[Points]:
    """A line of ``LINE_WIDTH`` pixels with round joints and ends, as polygons."""
    half = LINE_WIDTH / 2
    joints = [circle(np.stack([point, point + np.array([half, 0])])) for point in line]
    along = np.diff(line, axis=0)
    lengths = np.linalg.norm(along, axis=1, keepdims=True)
    # Two points in one place have no direction; only their joint is drawn.
    across = half * along[:, ::-1] * (-1, 1) / np.maximum(lengths, 1e-9)
    starts, ends = line[:-1], line[1:]
    sides = np.stack([starts - across, ends - across, ends + across, starts + across], axis=1)
    return [*joints, *sides]


def circle(centre_and_rim: Points) -> Points:
    """The circle around the first point and through the second, as a polygon."""
    centre, rim = centre_and_rim
    radius = math.dist(centre, rim)
    angles = np.linspace(0, 2 * np.pi, _CIRCLE_CORNERS, endpoint=False)
    return cast(Points, centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))


def rectangle(corners: Points) -> Points:
    """The rectangle between two opposite corners, as a polygon."""
    (left, top), (right, bottom) = corners
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
