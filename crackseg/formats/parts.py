"""Parts of a mask: the pixels of each crack, and what is left."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.measurement.centreline import pixels_at
from crackseg.measurement.cracks import Measurement
from crackseg.measurement.graph import BoolArray, FloatArray

# Smoothing leads the line of a small ring, or of a bend, some pixels off its mask.
_OFF = range(-6, 7)
_NEAR = sorted(((x, y) for x in _OFF for y in _OFF), key=lambda step: step[0] ** 2 + step[1] ** 2)


@dataclass(frozen=True, eq=False)
class Part:
    """Pixels of a mask that hang together, also by their corners.

    Attributes:
        crack: Number of the crack; None for specks that are too short to be measured.
        left: Column of the first pixel in the photograph.
        top: Row of it.
        pixels: Whether a pixel belongs to it, bool (h, w), of the rectangle around it.
    """

    crack: int | None
    left: int
    top: int
    pixels: BoolArray


def parts(mask: BoolArray, measurement: Measurement) -> Iterator[Part]:
    """The parts of a mask, which together are all of it.

    Args:
        mask: Whether a pixel is crack, bool (H, W).
        measurement: Cracks that were measured on it.
    """
    count, found, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    labels = np.asarray(found, np.int32)
    numbers = {
        _label_near(labels, crack.points): crack.number for crack in reversed(measurement.cracks)
    }
    for label in range(1, count):
        left, top, width, height = stats[label, :4].tolist()
        inside = labels[top : top + height, left : left + width] == label
        yield Part(numbers.get(label), left, top, np.asarray(inside))


def _label_near(labels: npt.NDArray[np.int32], points: FloatArray) -> int:
    """The part that most of a crack's points lie in or beside."""
    found = pixels_at(labels, points)
    for step in _NEAR:
        if found.all():
            break
        off = found == 0
        found[off] = pixels_at(labels, points[off] + step)
    return int(np.argmax(np.bincount(found[found > 0], minlength=1)))
