"""Figures of all photographs of a page together, and their worst cracks."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crackseg.measurement.classes import CANNOT_TELL, ClassLimits
from crackseg.measurement.scale import Measured
from crackseg.reporting.inspection.summaries import (
    NOT_MEASURED,
    CrackRow,
    PhotographSummary,
)
from crackseg.reporting.inspection.wording import NOT_RESOLVED


@dataclass(frozen=True)
class Totals:
    """Figures of all photographs together.

    Attributes:
        photographs: Number of photographs.
        empty: Number of those without a crack.
        scaled: Number of those whose scale is known.
        cracks: Number of cracks.
        millimetres: Length of the cracks where the scale is known; the ends are added up, as
            scales may share their error.
        pixels: Length of the other cracks.
        resolved: Share of the measured places whose width is resolved, by length in pixels.
        unmeasured: Share of all places at which no width was taken.
    """

    photographs: int
    empty: int
    scaled: int
    cracks: int
    millimetres: Measured
    pixels: Measured
    resolved: float | None
    unmeasured: float | None

    @classmethod
    def of(cls, photographs: Sequence[PhotographSummary]) -> "Totals":
        """The figures of photographs."""
        lengths = _added([one.lengths for one in photographs])
        whole, none = sum(lengths.values()), lengths.get(NOT_MEASURED, 0.0)
        blind = lengths.get(NOT_RESOLVED, 0.0)
        return cls(
            photographs=len(photographs),
            empty=sum(not one.cracks for one in photographs),
            scaled=sum(one.scale is not None for one in photographs),
            cracks=sum(len(one.cracks) for one in photographs),
            millimetres=_end_to_end(
                [one.scale.millimetres(one.length) for one in photographs if one.scale]
            ),
            pixels=_end_to_end([one.length for one in photographs if not one.scale]),
            resolved=1 - blind / (whole - none) if whole > none else None,
            unmeasured=none / whole if whole else None,
        )


@dataclass(frozen=True)
class ClassRow:
    """Length of crack in a class of width.

    Attributes:
        label: Name of the class, or what is said instead of one.
        millimetres: Length in millimetres.
        share: Share of the length of all cracks whose scale is known.
    """

    label: str
    millimetres: float
    share: float


def class_rows(
    photographs: Sequence[PhotographSummary], limits: ClassLimits
) -> tuple[ClassRow, ...]:
    """Lengths by class, of the photographs whose scale is known."""
    scaled = [
        {label: one.scale.mm_per_pixel * length for label, length in one.lengths.items()}
        for one in photographs
        if one.scale
    ]
    lengths = _added(scaled)
    whole = sum(lengths.values()) or 1.0
    labels = (*limits.labels, CANNOT_TELL, NOT_RESOLVED, NOT_MEASURED)
    return tuple(
        ClassRow(label, lengths.get(label, 0.0), lengths.get(label, 0.0) / whole)
        for label in labels
    )


@dataclass(frozen=True)
class WorstCrack:
    """A crack in the table of all photographs' worst ones."""

    photograph: PhotographSummary
    crack: CrackRow


def worst_cracks(photographs: Sequence[PhotographSummary], most: int) -> tuple[WorstCrack, ...]:
    """The widest cracks by the width that 95 % of each stays below, those in millimetres first.

    They are sorted by the lower end of that width, which a crack surely reaches.
    """
    every = [
        WorstCrack(one, crack) for one in photographs for crack in one.cracks if crack.percentile95
    ]
    return tuple(sorted(every, key=_rank, reverse=True)[:most])


def _rank(one: WorstCrack) -> tuple[bool, tuple[float, float]]:
    width, scale = one.crack.percentile95, one.photograph.scale
    assert width is not None
    return scale is not None, (scale.millimetres(width) if scale else width).order


def _end_to_end(lengths: Sequence[Measured]) -> Measured:
    return Measured(
        sum(one.value for one in lengths),
        sum(one.low for one in lengths),
        sum(one.high for one in lengths),
    )


def _added(every: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    together: Counter[str] = Counter()
    for lengths in every:
        together.update(lengths)
    return together
