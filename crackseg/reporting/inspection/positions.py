"""A plain map of where photographs were taken: no tiles, so that nothing is fetched."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from crackseg.reporting.inspection.summaries import WGS84, PhotographSummary, Position

# Size of the map in its own units, the margin around the positions, and the size of a mark.
WIDTH, _HEIGHT, _MARGIN, _MARK = 640.0, 400.0, 44.0, 22.0
# Metres of a degree of latitude: a sphere of the earth's mean radius.
_DEGREE = math.pi / 180 * 6_371_008.8
# Share of the map's width that its scale bar takes at most.
_BAR = 0.3


@dataclass(frozen=True)
class Mark:
    """One or more photographs that stand at one place of the map."""

    x: float
    y: float
    photographs: tuple[PhotographSummary, ...]


@dataclass(frozen=True)
class PlainMap:
    """Positions of photographs of one coordinate reference system.

    Attributes:
        crs: Name of the system; None where no file names it.
        marks: Marks in units of the map, y downwards.
        height: Height of the map, as wide as :data:`WIDTH`.
        bar: Length of the scale bar in units of the map, and what it stands for.
        photographs: Photographs on the map with their positions.
    """

    crs: str | None
    marks: tuple[Mark, ...]
    height: float
    bar: tuple[float, str]
    photographs: tuple[tuple[PhotographSummary, Position], ...]

    @property
    def is_geographic(self) -> bool:
        """Whether its positions are degrees of WGS 84."""
        return self.crs == WGS84


def plain_maps(photographs: Sequence[PhotographSummary]) -> tuple[PlainMap, ...]:
    """A map for each coordinate reference system of the photographs' positions."""
    found: dict[str | None, list[tuple[PhotographSummary, Position]]] = {}
    for one in photographs:
        if one.position is not None:
            found.setdefault(one.position.crs, []).append((one, one.position))
    return tuple(_drawn(crs, placed) for crs, placed in found.items())


def _drawn(crs: str | None, placed: Sequence[tuple[PhotographSummary, Position]]) -> PlainMap:
    flat = _flat([position for _, position in placed])
    left, right = min(x for x, _ in flat), max(x for x, _ in flat)
    bottom, top = min(y for _, y in flat), max(y for _, y in flat)
    # One photograph, or several at one place, still want a scale: ten units around them.
    span = max(right - left, top - bottom, 10.0)
    scale = min((WIDTH - 2 * _MARGIN) / span, (_HEIGHT - 2 * _MARGIN) / max(top - bottom, 1e-9))
    height = scale * (top - bottom) + 2 * _MARGIN + _MARK
    across = (WIDTH - scale * (right - left)) / 2
    places = [(across + scale * (x - left), _MARGIN + scale * (top - y)) for x, y in flat]
    return PlainMap(
        crs=crs,
        marks=_marks([(*place, one) for place, (one, _) in zip(places, placed, strict=True)]),
        height=height,
        bar=_bar(scale, "m" if crs == WGS84 else "units"),
        photographs=tuple(placed),
    )


def _flat(positions: Sequence[Position]) -> list[tuple[float, float]]:
    """Positions in metres where they are degrees, else as they are."""
    if positions[0].crs != WGS84:
        return [(one.x, one.y) for one in positions]
    middle = sum(one.y for one in positions) / len(positions)
    east = _DEGREE * math.cos(math.radians(middle))
    return [(east * one.x, _DEGREE * one.y) for one in positions]


def _marks(places: Sequence[tuple[float, float, PhotographSummary]]) -> tuple[Mark, ...]:
    """Marks of which none covers another: who stands nearby joins the first."""
    marks: list[Mark] = []
    for x, y, one in places:
        near = (i for i, mark in enumerate(marks) if math.dist((x, y), (mark.x, mark.y)) < _MARK)
        at = next(near, None)
        if at is None:
            marks.append(Mark(x, y, (one,)))
        else:
            mark = marks[at]
            marks[at] = Mark(mark.x, mark.y, (*mark.photographs, one))
    return tuple(marks)


def _bar(scale: float, unit: str) -> tuple[float, str]:
    """The longest bar of 1, 2 or 5 times a power of ten that is short enough."""
    most = _BAR * WIDTH / scale
    power = 10.0 ** math.floor(math.log10(most))
    length = max(step * power for step in (1, 2, 5) if step * power <= most)
    if unit == "m" and length >= 1000:
        return scale * length, f"{length / 1000:g} km"
    return scale * length, f"{length:g} {unit}"
