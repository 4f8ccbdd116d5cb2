"""Measures the cracks of a photograph, from its mask to lengths and widths."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize

from crackseg.measurement.centreline import Centreline, centreline, meeting_straight
from crackseg.measurement.clear import clear_of_others
from crackseg.measurement.cracks import Branch, Crack, Measurement
from crackseg.measurement.graph import BoolArray, IntArray, trace
from crackseg.measurement.profiles import Stations, stations
from crackseg.measurement.scale import Scale
from crackseg.measurement.summary import summary
from crackseg.measurement.width import Widths, measure_widths

# Cracks shorter than this many pixels are specks.
LEAST_LENGTH = 10.0
# Holes of a mask up to this many pixels are none of the crack.
_LARGEST_HOLE = 12
# A free end is continued by this many half widths and pixels at most.
_CONTINUED = (1.5, 2.0)


def measure(
    image: npt.NDArray[np.uint8],
    probability: npt.NDArray[np.float32],
    threshold: float,
    scale: Scale | None = None,
) -> Measurement:
    """Measures cracks.

    Args:
        image: Photograph, uint8 (H, W, 3), RGB, or (H, W), grey.
        probability: Probability of crack, float32 (H, W), in [0, 1].
        threshold: Probability above which there is crack.
        scale: Millimetres for each pixel; None where it is not known.
    """
    grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    found = probability > threshold
    mask = without_holes(found)
    distance = _distance(mask)
    parts = Parts.of(mask)
    lines = _lines(mask, parts, distance)
    if not lines:
        return Measurement((), grey.shape, scale, float("nan"))
    where = stations(lines, distance)
    widths, blur = measure_widths(
        where,
        np.asarray(grey, np.uint8),
        probability,
        threshold,
        clear_of_others(where, lines, mask),
    )
    # Filled holes are none of its pixels.
    areas = np.bincount(parts.labels[found])
    return Measurement(_cracks(lines, where, widths, areas), grey.shape, scale, blur.value)


def without_holes(mask: BoolArray) -> BoolArray:
    """The mask without holes of a few pixels, each of which would make a ring of a crack."""
    surface = (~mask).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(surface, connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] <= _LARGEST_HOLE
    small[0] = False
    return mask | small[labels] if small.any() else mask


def _distance(mask: BoolArray) -> npt.NDArray[np.float32]:
    """Distance to what is no crack; there is none outside the picture."""
    framed = np.pad(mask.astype(np.uint8), 1)
    return np.asarray(cv2.distanceTransform(framed, cv2.DIST_L2, 5)[1:-1, 1:-1], np.float32)


@dataclass(frozen=True, eq=False)
class Parts:
    """Connected parts of a mask.

    Attributes:
        labels: Number of each pixel's part, from 1 on, 0 where there is none, int32 (H, W).
        stats: Left, top, width, height and area of each, that of number 0 first, (N + 1, 5).
    """

    labels: npt.NDArray[np.int32]
    stats: npt.NDArray[np.int32]

    @classmethod
    def of(cls, mask: BoolArray) -> "Parts":
        """The parts of a mask, bool (H, W); pixels that touch at a corner are connected."""
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
        return cls(np.asarray(labels, np.int32), np.asarray(stats, np.int32))


def middle_line(parts: Parts) -> npt.NDArray[np.int32]:
    """The parts of a mask thinned to lines of one pixel, with their numbers, int32 (H, W).

    Zhang and Suen's thinning, which metrics of centrelines are defined by, eats up diagonal lines
    of two pixels from their ends.

    References:
        Lee, Kashyap and Chu, "Building skeleton models via 3-D medial surface/axis thinning
        algorithms", 1994.
    """
    line = np.zeros_like(parts.labels)
    # Each by itself: a whole photograph would be passed over as often as its thickest crack needs.
    for number, (left, top, width, height, _) in enumerate(parts.stats[1:].tolist(), 1):
        box = np.s_[top : top + height, left : left + width]
        line[box][skeletonize(parts.labels[box] == number, method="lee")] = number
    return line


def _lines(mask: BoolArray, parts: Parts, distance: npt.NDArray[np.float32]) -> list[Centreline]:
    """Centrelines of cracks that are long enough, those of a crack together."""
    lines = []
    for path in meeting_straight(trace(middle_line(parts), distance), distance):
        columns, rows = np.rint(path.points[[0, -1]]).astype(np.int64).T
        reach = _CONTINUED[0] * float(distance[rows, columns].max()) + _CONTINUED[1]
        line = centreline(path, mask, reach)
        if line is not None:
            lines.append(line)
    lengths: dict[int, float] = {}
    for line in lines:
        lengths[line.group] = lengths.get(line.group, 0.0) + line.length
    kept = [line for line in lines if lengths[line.group] >= LEAST_LENGTH]
    return sorted(kept, key=lambda line: (-lengths[line.group], line.group))


def _cracks(
    lines: Sequence[Centreline], where: Stations, widths: Widths, areas: IntArray
) -> tuple[Crack, ...]:
    places = where.branches
    branches = [
        Branch(line, widths.part(place.start, place.stop))
        for line, place in zip(lines, places, strict=True)
    ]
    starts = [
        one for one in range(len(lines)) if not one or lines[one].group != lines[one - 1].group
    ]
    cracks = []
    for number, (start, stop) in enumerate(zip(starts, [*starts[1:], len(lines)], strict=True), 1):
        of_crack = slice(places[start].start, places[stop - 1].stop)
        area = float(areas[lines[start].group])
        its_widths = summary(widths.part(of_crack.start, of_crack.stop), where.points[of_crack])
        cracks.append(Crack(number, tuple(branches[start:stop]), area, its_widths))
    return tuple(cracks)
