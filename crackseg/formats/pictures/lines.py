"""Centrelines on a picture: coloured by width, dashed and grey where it is not resolved."""

from collections.abc import Iterator

import cv2
import numpy as np

from crackseg.formats.drawings.drawing import Colour
from crackseg.formats.pictures.steps import Steps
from crackseg.images.pixels import UInt8Array
from crackseg.measurement.cracks import Branch, Crack
from crackseg.measurement.graph import FloatArray, IntArray

NOT_RESOLVED, NOT_MEASURED = -1, -2
GREY: Colour = (225, 225, 225)
_RIM: Colour = (20, 20, 20)
# Parts of a pixel in which positions are given to OpenCV, as a power of two.
_SHIFT = 4
# Length of a dash, and of the gap behind it, in thicknesses of the thinnest line.
_DASH = 4


def draw_lines(picture: UInt8Array, cracks: tuple[Crack, ...], steps: Steps, base: int) -> None:
    """Draws the centrelines of cracks onto a picture, uint8 (H, W, 3).

    Args:
        picture: Picture that is drawn on.
        cracks: Cracks.
        steps: Steps of width with their colours.
        base: Thickness of the thinnest line, in pixels.
    """
    runs = [run for crack in cracks for branch in crack.branches for run in _runs(branch, steps)]
    # All rims lie below all lines, so that no rim cuts a line in two.
    for is_rim in (True, False):
        for state, points in runs:
            draw_line(picture, points, state, steps, base, is_rim)


def draw_line(
    picture: UInt8Array, points: FloatArray, state: int, steps: Steps, base: int, is_rim: bool
) -> None:
    """Draws a line of one state, or the dark rim below it."""
    colour = GREY if state < 0 else steps.colours[state]
    thickness = max(base // 2, 1) if state == NOT_MEASURED else steps.thickness(max(state, 0), base)
    if is_rim:
        colour, thickness = _RIM, thickness + 2 * max(base // 2, 1)
    dash = _DASH * base if state == NOT_RESOLVED else len(points)
    for start in range(0, len(points) - 1, 2 * dash):
        corners = np.rint(points[start : start + dash + 1] * 2**_SHIFT).astype(np.int32)
        cv2.polylines(
            picture, [corners], False, colour, thickness, lineType=cv2.LINE_AA, shift=_SHIFT
        )


def _runs(branch: Branch, steps: Steps) -> Iterator[tuple[int, FloatArray]]:
    """Pieces of a branch of the same state: a step, not resolved, or not measured."""
    state, points = _states(branch, steps), branch.line.points
    borders = np.flatnonzero(np.diff(state)) + 1
    starts, ends = [0, *borders.tolist()], [*borders.tolist(), len(points)]
    for start, end in zip(starts, ends, strict=True):
        yield int(state[start]), points[start : end + 1]


def _states(branch: Branch, steps: Steps) -> IntArray:
    widths = branch.widths
    states = np.where(widths.resolved == 1, steps.of_pixels(widths.value), NOT_RESOLVED)
    return np.where(widths.measured, states, NOT_MEASURED)
