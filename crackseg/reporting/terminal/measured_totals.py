"""Totals of many measured photographs."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Crack, WidthSummary
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Measured


@dataclass(frozen=True)
class Widest:
    """The widest crack of many photographs.

    Attributes:
        photograph: Name of its photograph.
        crack: Its number there.
        width: Width that 95 % of its places are not wider than, in the unit of the totals.
        largest: Its largest width, likewise.
        at: Position x and y of that, in pixels.
    """

    photograph: str
    crack: int
    width: Measured
    largest: Measured
    at: tuple[float, float]


@dataclass
class Totals:
    """Totals of the photographs that are measured in one unit.

    Attributes:
        unit: Unit of lengths and widths, ``mm`` or ``px``.
        photographs: Number of photographs.
        with_cracks: Number of photographs that have a crack.
        cracks: Number of cracks.
        length: Length of all cracks together.
        resolved: Number of cracks whose width is resolved.
        unmeasured: Number of cracks that are too short to have a width.
        widest: Crack of the widest width that is sure; None where none has a width.
        classes: Number of cracks of each class of width; empty without limits or millimetres.
    """

    unit: str
    photographs: int = 0
    with_cracks: int = 0
    cracks: int = 0
    length: float = 0.0
    resolved: int = 0
    unmeasured: int = 0
    widest: Widest | None = None
    classes: Counter[str] = field(default_factory=Counter)

    def add(self, photograph: MeasuredPhotograph, limits: ClassLimits | None) -> None:
        """Adds a photograph."""
        found = photograph.measurement
        self.photographs += 1
        self.with_cracks += bool(found.cracks)
        for crack in found.cracks:
            self.cracks += 1
            self.length += found.in_unit(crack.length).value
            if crack.widths is None:
                self.unmeasured += 1
            else:
                self._add_width(photograph, crack, crack.widths, limits)

    def _add_width(
        self,
        photograph: MeasuredPhotograph,
        crack: Crack,
        widths: WidthSummary,
        limits: ClassLimits | None,
    ) -> None:
        width = photograph.measurement.in_unit(widths.percentile95)
        self.resolved += width.resolved
        if limits is not None and self.unit == "mm":
            self.classes[limits.classify(width).label] += 1
        if self.widest is None or width.order > self.widest.width.order:
            largest = photograph.measurement.in_unit(widths.largest)
            self.widest = Widest(photograph.name, crack.number, width, largest, widths.largest_at)


def totals_of(
    photographs: Iterable[MeasuredPhotograph], limits: ClassLimits | None = None
) -> Mapping[str, Totals]:
    """Totals by unit, of photographs that are kept one at a time.

    Args:
        photographs: Measured photographs.
        limits: Limits of classes of width; None for no classes.
    """
    found: dict[str, Totals] = {}
    for photograph in photographs:
        unit = photograph.measurement.unit
        found.setdefault(unit, Totals(unit)).add(photograph, limits)
    return found
