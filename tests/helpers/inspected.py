"""Measured photographs made by hand, so that every figure of a page is known."""

from dataclasses import replace
from datetime import datetime

import numpy as np

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.cracks import Branch, Crack, Measurement, WidthSummary
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import Georeference, Location, MeasuredPhotograph, Method
from crackseg.measurement.scale import Measured, Scale
from crackseg.measurement.width import Widths
from crackseg.reporting.inspection.page import InspectedPhotograph

SIZE = (300, 400)
METHOD = Method("model: research (for research only)", 0.55, "0.5 to 1", "1.2.3")
LOCATION = Location(52.5, 13.4, datetime(2026, 5, 1, 12, 30))


def level(y: float, width: float, resolved: bool, first: int = 50, count: int = 301) -> Branch:
    """A level branch of one width, whose first and last tenth have none."""
    points = np.stack([first + np.arange(count, dtype=float), np.full(count, y)], axis=1)
    value = np.full(count, width)
    value[: count // 10] = value[-(count // 10) :] = np.nan
    half = np.full(count, 0.25 if resolved else 1.0)
    known = np.isfinite(value)
    widths = Widths(
        value=value,
        noise=half / 2,
        by_blur=half / 9,
        by_contrast=half / 9,
        low=np.maximum(value - half, 0.0),
        high=value + half,
        integral=value,
        resolved=known & resolved,
    )
    return Branch(Centreline(points, (True, True), False, 1, count - 1.0), widths)


def crack(number: int, *branches: Branch) -> Crack:
    """A crack of level branches of one width."""
    known = _joined([branch.widths.value for branch in branches])
    resolved = bool(branches[0].widths.resolved.any())
    if not len(known):
        return Crack(number, branches, 100.0, None)
    value, half = float(known.mean()), 0.1 if resolved else 1.0
    middle = Measured(value, max(value - half, 0.0), value + half, resolved)
    widest = Measured(float(known.max()), max(value - half, 0.0), value + 3 * half, resolved)
    at = (200.0, float(branches[0].line.points[0, 1]))
    return Crack(
        number,
        branches,
        100.0,
        WidthSummary(middle, middle, middle, widest, at, float(resolved)),
    )


def _joined(values: list[FloatArray]) -> FloatArray:
    every = np.concatenate(values)
    return every[np.isfinite(every)]


def measured(
    name: str = "pier/wall.jpg",
    scale: Scale | None = None,
    cracks: tuple[Crack, ...] | None = None,
    georeference: Georeference | None = None,
    location: Location | None = None,
) -> MeasuredPhotograph:
    """A photograph of a resolved crack of 5 pixels and a hairline that is not resolved."""
    if cracks is None:
        cracks = (
            crack(1, level(100.5, 5.0, resolved=True)),
            crack(2, level(200.25, 1.2, resolved=False, first=100, count=201)),
        )
    found = Measurement(cracks, SIZE, scale, 1.1)
    return MeasuredPhotograph(name, found, METHOD, georeference, location)


def picture() -> np.ndarray:
    """The same as pixels."""
    grey = np.full((*SIZE, 3), 170, np.uint8)
    grey[98:103, 50:351] = 60
    grey[200:201, 100:301] = 90
    return grey


def folder() -> list[InspectedPhotograph]:
    """Five photographs: scaled, without a scale, with a location, without a crack, another."""
    wide = (crack(1, level(150.0, 9.0, resolved=True)),)
    photographs = [
        measured("pier/a.jpg", Scale(0.1, 0.001)),
        measured("pier/b.jpg", None, wide),
        measured("deck/c.jpg", Scale(0.1, 0.001), location=LOCATION),
        measured("deck/empty.jpg", Scale(0.1, 0.001), (), location=replace(LOCATION, time=None)),
        measured("deck/<d>&.jpg", Scale(0.05, 0.0), wide),
    ]
    return [InspectedPhotograph(one, picture()) for one in photographs]
