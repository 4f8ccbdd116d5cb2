"""What was measured: cracks, their branches, and their widths.

All of it is in pixels, from the middle of the first pixel; :attr:`Measurement.scale` makes
millimetres of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.scale import COVERAGE, Measured, Scale
from crackseg.measurement.width import Widths

# Standard deviation of a length: of its ends and of a ring, in pixels, and as a share of it.
# Thinning lays the line of a ring of 15 pixels' radius up to .2 pixels inward.
_END_ERROR, _RING_ERROR, _LENGTH_SHARE = 0.7, 0.6, 0.003
# Of what smoothing a line once more takes away, what it has taken away already at the most.
_SMOOTHED_AWAY = 3.0
# Of an angle, which is not known better.
_DECIMALS = 4


@dataclass(frozen=True, eq=False)
class Branch:
    """One branch of a crack.

    Attributes:
        line: Centreline, whose points are a pixel apart.
        widths: Width at each of its points.
    """

    line: Centreline
    widths: Widths


@dataclass(frozen=True)
class WidthSummary:
    """Widths along a crack.

    Of a resolved crack, mean and median are of its resolved places and of those that are no wider,
    with their bounds; the others of the resolved ones alone. Of one that is not, all are of all
    places.

    Attributes:
        mean: Mean.
        median: Median.
        percentile95: Width that 95 % of the places are not wider than.
        largest: Largest width.
        largest_at: Position x and y of it, in pixels.
        resolved_share: Share of the measured places whose width is resolved.
    """

    mean: Measured
    median: Measured
    percentile95: Measured
    largest: Measured
    largest_at: tuple[float, float]
    resolved_share: float


@dataclass(frozen=True, eq=False)
class Crack:
    """One connected crack.

    Attributes:
        number: Number in the photograph, from 1, the longest crack first.
        branches: Branches between ends and junctions.
        area: Area of its mask, in square pixels.
        widths: Its widths; None where it is too short to have any measured.
    """

    number: int
    branches: tuple[Branch, ...]
    area: float
    widths: WidthSummary | None

    @property
    def length(self) -> Measured:
        """Length of all branches together, in pixels."""
        return length_of([branch.line for branch in self.branches])

    @property
    def points(self) -> FloatArray:
        """Positions x and y of all branches' points, float64 (N, 2)."""
        return np.concatenate([branch.line.points for branch in self.branches])

    @property
    def orientation(self) -> float:
        """Direction of the crack as a whole: degrees in [0, 180), from right counter-clockwise."""
        away = self.points - self.points.mean(axis=0)
        along = np.linalg.eigh(away.T @ away)[1][:, -1]
        # Rounded before the turn is taken off, as what is just below it would round to 180.
        return round(float(np.degrees(np.arctan2(-along[1], along[0]))), _DECIMALS) % 180.0

    @property
    def tortuosity(self) -> float:
        """Length over the straight distance of the ends, of all branches together; 1 is straight.

        Rings have no ends, and do not count, nor does a branch that comes back to the junction
        which it leaves; a crack of those alone has 1.
        """
        open_lines = [branch.line for branch in self.branches if not branch.line.comes_back]
        chords = sum(float(np.hypot(*(line.points[-1] - line.points[0]))) for line in open_lines)
        total = sum(line.length for line in open_lines)
        return max(total / chords, 1.0) if chords > 0 else 1.0


def length_of(lines: Sequence[Centreline]) -> Measured:
    """Length of some centrelines together, in pixels.

    The upper end is farther away where they have short waves, which smoothing shortens.
    """
    total = sum(line.length for line in lines)
    ends = _END_ERROR**2 * sum(sum(line.free) for line in lines)
    rings = _RING_ERROR**2 * sum(line.comes_back for line in lines)
    half = COVERAGE * float(np.sqrt((_LENGTH_SHARE * total) ** 2 + ends + rings))
    lost = _SMOOTHED_AWAY * sum(line.smoothed_away for line in lines)
    return Measured(total, max(total - half, 0.0), total + half + lost)


@dataclass(frozen=True, eq=False)
class Measurement:
    """Cracks of a photograph.

    Attributes:
        cracks: Cracks, the longest first.
        size: Height and width of the photograph, in pixels.
        scale: Millimetres for each pixel; None where it is not known.
        blur: Blur of the photograph: a standard deviation in pixels.
    """

    cracks: tuple[Crack, ...]
    size: tuple[int, int]
    scale: Scale | None
    blur: float

    @property
    def unit(self) -> str:
        """Unit that :meth:`in_unit` gives: ``mm``, or ``px`` where the scale is not known."""
        return "px" if self.scale is None else "mm"

    def in_unit(self, pixels: Measured) -> Measured:
        """A length in millimetres, or in pixels where the scale is not known."""
        return pixels if self.scale is None else self.scale.millimetres(pixels)
