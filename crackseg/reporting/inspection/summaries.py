"""What a page says of all photographs together, kept of each while they pass by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.measurement.classes import ClassLimits, crack_class
from crackseg.measurement.cracks import Crack
from crackseg.measurement.photograph import Location, MeasuredPhotograph, Method
from crackseg.measurement.scale import Measured, Scale
from crackseg.reporting.inspection.samples import SampledBranch
from crackseg.reporting.inspection.wording import NOT_RESOLVED, rounded

NOT_MEASURED, RESOLVED = "no width taken", "resolved"
WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Position:
    """A position on a map.

    Attributes:
        x: Easting, or longitude in degrees.
        y: Northing, or latitude.
        crs: Name of the coordinate reference system; None where no file names it.
    """

    x: float
    y: float
    crs: str | None


@dataclass(frozen=True)
class CrackRow:
    """A crack in a table.

    Attributes:
        number: Number in its photograph.
        length: Length in pixels.
        mean: Mean width in pixels; None where it is too short for one, like those that follow.
        median: Median.
        percentile95: Width that 95 % of its places are not wider than.
        largest: Largest width.
        resolved_share: Share of its measured places whose width is resolved.
        orientation: Direction in degrees, from right counter-clockwise.
    """

    number: int
    length: Measured
    mean: Measured | None
    median: Measured | None
    percentile95: Measured | None
    largest: Measured | None
    resolved_share: float
    orientation: float

    @classmethod
    def of(cls, crack: Crack) -> "CrackRow":
        """The row of a crack."""
        found = crack.widths
        return cls(
            number=crack.number,
            length=rounded(crack.length),
            mean=rounded(found.mean) if found else None,
            median=rounded(found.median) if found else None,
            percentile95=rounded(found.percentile95) if found else None,
            largest=rounded(found.largest) if found else None,
            resolved_share=found.resolved_share if found else 0.0,
            orientation=crack.orientation,
        )


@dataclass(frozen=True)
class PhotographSummary:
    """What is kept of a photograph.

    Attributes:
        key: Name of its card in the page.
        name: Path below the folder of all photographs.
        size: Its size (H, W) in pixels.
        scale: Millimetres for each pixel; None where it is not known.
        on_map: Whether it lies on a map, of which its scale is.
        cracks: Its cracks.
        lengths: Length in pixels by class of width, by :data:`NOT_RESOLVED` and
            :data:`NOT_MEASURED`; without a scale only what is resolved or not.
        method: How its cracks were found.
        location: Where and when it was taken; None where it was not asked for.
        position: Where it was taken, or where its middle lies; None where that is not known.
    """

    key: str
    name: str
    size: tuple[int, int]
    scale: Scale | None
    on_map: bool
    cracks: tuple[CrackRow, ...]
    lengths: Mapping[str, float]
    method: Method
    location: Location | None
    position: Position | None

    @property
    def length(self) -> Measured:
        """Length of all cracks together, in pixels."""
        return total(crack.length for crack in self.cracks)


def summarize(
    key: str, measured: MeasuredPhotograph, branches: Sequence[SampledBranch], limits: ClassLimits
) -> PhotographSummary:
    """Keeps of a photograph what all of them together need."""
    found = measured.measurement
    return PhotographSummary(
        key=key,
        name=measured.name,
        size=found.size,
        scale=found.scale,
        on_map=measured.georeference is not None,
        cracks=tuple(map(CrackRow.of, found.cracks)),
        lengths=lengths_by_class(branches, limits, found.scale),
        method=measured.method,
        location=measured.location,
        position=_position(measured),
    )


def total(lengths: Iterable[Measured]) -> Measured:
    """Sum of lengths whose errors are independent, but for what smoothing took from all alike.

    That is what the upper end of each is farther away by than the lower one.
    """
    every = list(lengths)
    value = sum(one.value for one in every)
    half = sum((one.value - one.low) ** 2 for one in every) ** 0.5
    lost = sum(max(one.high + one.low - 2 * one.value, 0.0) for one in every)
    return Measured(value, max(value - half, 0.0), value + half + lost)


def lengths_by_class(
    branches: Sequence[SampledBranch], limits: ClassLimits, scale: Scale | None
) -> Mapping[str, float]:
    """Length in pixels by class of width, and of what has none."""
    lengths: defaultdict[str, float] = defaultdict(float)
    for branch in branches:
        for width in branch.widths():
            lengths[_class_of(width, limits, scale)] += branch.step
    return lengths


def class_in_words(crack: CrackRow, limits: ClassLimits, scale: Scale | None) -> str:
    """Class of a crack; empty without a width or a scale."""
    found = crack_class(crack.percentile95, scale, limits)
    return "" if found is None else found.label


def _class_of(width: Measured | None, limits: ClassLimits, scale: Scale | None) -> str:
    if width is None:
        return NOT_MEASURED
    if not width.resolved:
        return NOT_RESOLVED
    return RESOLVED if scale is None else limits.classify(scale.millimetres(width)).label


def _position(measured: MeasuredPhotograph) -> Position | None:
    where, reference = measured.location, measured.georeference
    if where is not None and where.latitude is not None and where.longitude is not None:
        return Position(where.longitude, where.latitude, WGS84)
    if reference is None:
        return None
    height, width = measured.measurement.size
    middle = np.array([[(width - 1) / 2, (height - 1) / 2]])
    x, y = reference.to_map(middle)[0].tolist()
    return Position(x, y, reference.crs)
