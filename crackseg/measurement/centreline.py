"""Smooth centrelines: positions at equal steps along a branch, as long in every direction.

Where branches meet, thinning bends each line towards the others, and the one that leaves begins too
late: within the half width of the crack they are drawn straight, to where their lines beyond meet.

A path of pixels is longer than the line that it follows, by up to 8 %, and the more so the rougher
it is. It is smoothed by a Gaussian twice, the second time what the first took away, so that arcs do
not shrink (twicing). Short waves of the crack itself lose length by it: 1.5 % where they are 40
pixels long and reach 5 to each side, 8 % at 20 and 3. What smoothing the line once more takes away
tells how much.

References:
    Tukey, "Exploratory Data Analysis", 1977 (twicing).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

from crackseg.measurement.graph import BoolArray, FloatArray, PixelPath

Pixel = TypeVar("Pixel", bound=np.generic)

# Standard deviation of the smoothing, in pixels along the path.
SMOOTHING = 4.0
# Distance of two positions along a centreline, in pixels.
STEP = 1.0
# Pixels along which the direction of an end is taken, and between places where its end is sought.
_END, _LOOK = 10, 0.25
# Lines that meet at so small an angle that it is not known where (least eigenvalue, of 1/2).
_TOO_ALIKE = 0.05
# Half widths that thinning moves a junction by at most.
_FARTHEST = 2.0


@dataclass(frozen=True, eq=False)
class Centreline:
    """A branch as a smooth line.

    Attributes:
        points: Positions x and y at equal steps, float64 (N, 2), N at least 2, in pixels; whole
            numbers are the middles of pixels.
        free: Whether its beginning and its end are free, and not at a junction.
        closed: Whether it is a ring.
        group: Number of the crack that it belongs to.
        length: Length in pixels; a free end reaches to the crack's own end.
    """

    points: FloatArray
    free: tuple[bool, bool]
    closed: bool
    group: int
    length: float

    @property
    def comes_back(self) -> bool:
        """Whether it ends where it began: a ring, or a branch from a junction to the same one."""
        # Smoothing moves its ends a little apart; a short branch between two junctions is no loop.
        gap = float(np.hypot(*(self.points[-1] - self.points[0])))
        return self.closed or (not any(self.free) and gap < min(STEP, self.length / 4))

    @cached_property
    def smoothed_away(self) -> float:
        """Length in pixels that smoothing the line once more takes away, at least 0.

        It is some third or more of what smoothing has taken from it already, if its waves are 20
        pixels long or longer, and next to nothing of a straight line at any angle.
        """
        if len(self.points) <= 2:
            return 0.0
        again = _smooth(self.points, self.closed)
        return max(float(_steps(self.points).sum() - _steps(again).sum()), 0.0)

    @property
    def tangents(self) -> FloatArray:
        """Unit vectors along the line, float64 (N, 2)."""
        along = np.gradient(self.points, axis=0)
        return np.asarray(along / np.maximum(np.hypot(*along.T), 1e-9)[:, None])


def meeting_straight(
    paths: Sequence[PixelPath], half_width: npt.NDArray[np.float32]
) -> list[PixelPath]:
    """Moves junctions to where the lines of their branches meet.

    Args:
        paths: Paths of pixels; those that meet begin or end at the same position.
        half_width: Distance to the nearest pixel that is no crack, in pixels, float32 (H, W).
    """
    ends = defaultdict(list)
    for number, path in enumerate(paths):
        for side, is_free in enumerate(path.free):
            if not (is_free or path.closed):
                ends[tuple(path.points[-side].tolist())].append((number, side))
    points = [path.points for path in paths]
    for raw, meeting in ends.items():
        column, row = (round(one) for one in raw)
        inside = float(half_width[row, column])
        around = {
            end: _beyond(paths[end[0]].points, end[1], np.array(raw), inside) for end in meeting
        }
        known = [line for line in around.values() if len(line) > _END]
        centre = _meeting_point(known, np.array(raw), inside)
        if centre is not None:
            for number, side in meeting:
                points[number] = _drawn_to(centre, points[number], side, np.array(raw), inside)
    return [replace(path, points=line) for path, line in zip(paths, points, strict=True)]


def _beyond(points: FloatArray, side: int, raw: FloatArray, inside: float) -> FloatArray:
    """A path from where it leaves the half width around a junction, from there on, (N, 2)."""
    line = points[::-1] if side else points
    return line[int(np.argmax(np.hypot(*(line - raw).T) > inside)) :]


def _meeting_point(
    lines: Sequence[FloatArray], raw: FloatArray, inside: float
) -> FloatArray | None:
    """The point that is nearest to all lines; None where that is nowhere near the junction."""
    if len(lines) < 3:
        return None
    across, away = np.zeros((2, 2)), np.zeros(2)
    for line in lines:
        near = line[: 2 * _END]
        along = np.linalg.svd(near - near.mean(axis=0))[2][0]
        square = np.eye(2) - np.outer(along, along)
        across += square / len(lines)
        away += square @ (near.mean(axis=0) - raw) / len(lines)
    if np.linalg.eigvalsh(across)[0] < _TOO_ALIKE:
        return None
    shift = np.linalg.solve(across, away)
    return np.asarray(raw + shift) if np.hypot(*shift) <= _FARTHEST * inside else None


def _drawn_to(
    centre: FloatArray, points: FloatArray, side: int, raw: FloatArray, inside: float
) -> FloatArray:
    """A path whose end lies at a junction's centre, and that runs straight there from outside."""
    line = _beyond(points, side, raw, inside)
    if len(line) <= _END:
        line = (points[::-1] if side else points)[1:]
    count = max(round(float(np.hypot(*(line[0] - centre)))), 1)
    way = centre + np.linspace(0, 1, count, endpoint=False)[:, None] * (line[0] - centre)
    whole = np.concatenate([way, line])
    return whole[::-1] if side else whole


def centreline(path: PixelPath, mask: BoolArray, reach: float) -> Centreline | None:
    """Makes a smooth line of a path.

    Args:
        path: Path of pixels.
        mask: Whether a pixel is crack, bool (H, W); the free ends are continued to its rim.
        reach: Largest distance that an end is continued by, in pixels.

    Returns:
        The line; None where nothing is left of a single pixel.
    """
    points = path.points
    if path.closed:
        points = _smooth(np.concatenate([points, points[:1]]), closed=True)
    elif len(points) > 2:
        points = _smooth(points, closed=False)
    if not path.closed and len(points) > 1:
        points = _continued(points, path.free, mask, reach)
    length = float(_steps(points).sum())
    if length <= 0:
        return None
    return Centreline(_at_equal_steps(points), path.free, path.closed, path.group, length)


def _smooth(points: FloatArray, closed: bool) -> FloatArray:
    if closed:
        ring = points[:-1]
        once = gaussian_filter1d(ring, SMOOTHING, axis=0, mode="wrap")
        twice = once + gaussian_filter1d(ring - once, SMOOTHING, axis=0, mode="wrap")
        return np.concatenate([twice, twice[:1]])
    margin = min(int(4 * SMOOTHING), len(points) - 1)
    before = 2 * points[0] - points[margin:0:-1]
    after = 2 * points[-1] - points[-2 : -margin - 2 : -1]
    padded = np.concatenate([before, points, after])
    once = gaussian_filter1d(padded, SMOOTHING, axis=0, mode="nearest")
    twice = once + gaussian_filter1d(padded - once, SMOOTHING, axis=0, mode="nearest")
    return np.asarray(twice[margin : margin + len(points)])


def _continued(
    points: FloatArray, free: tuple[bool, bool], mask: BoolArray, reach: float
) -> FloatArray:
    """Continues the free ends as far as there is crack."""
    before = [_end_of_crack(points[::-1], mask, reach)] if free[0] else []
    after = [_end_of_crack(points, mask, reach)] if free[1] else []
    return np.concatenate([*before, points, *after])


def _end_of_crack(points: FloatArray, mask: BoolArray, reach: float) -> FloatArray:
    """Position (1, 2) where the crack ends beyond the last point."""
    ahead = points[-1] - points[max(len(points) - 1 - _END, 0)]
    ahead = ahead / max(float(np.hypot(*ahead)), 1e-9)
    distances = np.arange(_LOOK, reach + _LOOK, _LOOK)
    ray = points[-1] + distances[:, None] * ahead
    inside = pixels_at(mask, ray)
    covered = len(inside) if inside.all() else int(np.argmin(inside))
    # Between the last place with crack and the first one without.
    return np.asarray(points[-1:] + _LOOK * (covered + 0.5) * ahead)


def pixels_at(picture: npt.NDArray[Pixel], places: FloatArray) -> npt.NDArray[Pixel]:
    """Values of a picture (H, W) at positions x and y, (N, 2); zero outside of it."""
    columns, rows = np.rint(places).astype(np.int64).T
    height, width = picture.shape
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    values = np.zeros(len(places), picture.dtype)
    values[inside] = picture[rows[inside], columns[inside]]
    return values


def _steps(points: FloatArray) -> FloatArray:
    return np.asarray(np.hypot(*np.diff(points, axis=0).T))


def _at_equal_steps(points: FloatArray) -> FloatArray:
    places = np.concatenate([[0.0], np.cumsum(_steps(points))])
    count = max(round(float(places[-1]) / STEP) + 1, 2)
    wanted = np.linspace(0, places[-1], count)
    return np.stack([np.interp(wanted, places, column) for column in points.T], axis=1)
