"""Columns of tables and attributes of features, with their units in their names.

Lengths are in pixels and, where the scale is known, in millimetres. ``low`` and ``high`` are the
ends of an interval of 95 %; where ``resolved`` is false, those of bounds, and the value is a guess.
"""

import math
from collections.abc import Iterator
from itertools import chain, repeat

import numpy as np

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.classes import ClassLimits, crack_class
from crackseg.measurement.cracks import Branch, Crack, Measurement, WidthSummary, length_of
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import Georeference, MeasuredPhotograph, Method
from crackseg.measurement.scale import Measured, Scale
from crackseg.measurement.summary import summary
from crackseg.measurement.width import Widths

Cell = str | int | float | bool | None
Columns = dict[str, Cell]

# Decimals of pixels and millimetres: no camera and no network sees less.
_DECIMALS = 4
_STATISTICS = {"mean": "mean", "median": "median", "p95": "percentile95", "max": "largest"}


def crack_columns(
    photograph: MeasuredPhotograph, crack: Crack, limits: ClassLimits | None
) -> Columns:
    """Columns of a crack."""
    scale = photograph.measurement.scale
    return {
        "photograph": photograph.name,
        "crack": crack.number,
        "branches": len(crack.branches),
        **measured_columns("length", crack.length, scale),
        **width_columns(crack.widths, scale),
        **class_columns(crack.widths, scale, limits),
        "orientation_deg": rounded(crack.orientation),
        "tortuosity": rounded(crack.tortuosity),
        **_area(crack.area, scale),
        **_place(_middle(crack), photograph.georeference),
    }


def branch_columns(
    photograph: MeasuredPhotograph,
    crack: Crack,
    branch_number: int,
    limits: ClassLimits | None,
) -> Columns:
    """Columns of a crack's branch, the first of which is number 1."""
    scale = photograph.measurement.scale
    branch = crack.branches[branch_number - 1]
    widths = branch_widths(branch)
    return {
        "photograph": photograph.name,
        "crack": crack.number,
        "branch": branch_number,
        **measured_columns("length", length_of([branch.line]), scale),
        **width_columns(widths, scale),
        **class_columns(widths, scale, limits),
    }


def photograph_columns(photograph: MeasuredPhotograph, limits: ClassLimits | None) -> Columns:
    """Columns of a photograph, also of one without cracks."""
    measurement, scale = photograph.measurement, photograph.measurement.scale
    widest = widest_crack(measurement)
    widths = None if widest is None else widest.widths
    total = sum(crack.length.value for crack in measurement.cracks)
    return {
        "photograph": photograph.name,
        "image_width_px": measurement.size[1],
        "image_height_px": measurement.size[0],
        "mm_per_pixel": None if scale is None else scale.mm_per_pixel,
        "mm_per_pixel_deviation": None if scale is None else scale.uncertainty,
        "cracks": len(measurement.cracks),
        "cracks_resolved": sum(_is_resolved(crack.widths) for crack in measurement.cracks),
        "length_px": rounded(total),
        "length_mm": None if scale is None else rounded(scale.mm_per_pixel * total),
        "widest_crack": None if widest is None else widest.number,
        **measured_columns("width_p95", None if widths is None else widths.percentile95, scale),
        **class_columns(widths, scale, limits),
        "blur_px": rounded(measurement.blur),
        "crs": _crs(photograph.georeference),
        "model": photograph.method.model,
        "threshold": photograph.method.threshold,
        "scales": photograph.method.scales,
        "crackseg": photograph.method.version,
    }


def location_columns(photograph: MeasuredPhotograph) -> Columns:
    """Columns of where and when it was taken; none where that was not asked for."""
    location = photograph.location
    if location is None:
        return {}
    time = None if location.time is None else location.time.isoformat()
    return {
        "latitude_deg": location.latitude,
        "longitude_deg": location.longitude,
        "time_of_camera": time,
    }


def width_columns(widths: WidthSummary | None, scale: Scale | None) -> Columns:
    """Columns of the widths along a crack or a branch."""
    measured = (
        measured_columns(f"width_{name}", None if widths is None else getattr(widths, field), scale)
        for name, field in _STATISTICS.items()
    )
    x, y = (None, None) if widths is None else widths.largest_at
    return {
        **dict(chain.from_iterable(columns.items() for columns in measured)),
        "width_max_x_px": rounded(x),
        "width_max_y_px": rounded(y),
        "resolved": None if widths is None else _is_resolved(widths),
        "resolved_share": None if widths is None else rounded(widths.resolved_share),
    }


def class_columns(
    widths: WidthSummary | None, scale: Scale | None, limits: ClassLimits | None
) -> Columns:
    """Columns of the class of width, with those that its interval reaches; none without limits."""
    if limits is None:
        return {}
    found = crack_class(widths.percentile95 if widths else None, scale, limits)
    labels = (None,) * 3 if found is None else (found.label, found.lowest, found.highest)
    return dict(zip(("class", "class_low", "class_high"), labels, strict=True))


def measured_columns(name: str, value: Measured | None, scale: Scale | None) -> Columns:
    """Columns of a length with its interval, in pixels and millimetres."""
    millimetres = None if value is None or scale is None else scale.millimetres(value)
    return {
        f"{name}{end}_{unit}": None if length is None else rounded(getattr(length, field))
        for unit, length in (("px", value), ("mm", millimetres))
        for end, field in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


def point_columns(
    photograph: MeasuredPhotograph, crack: Crack, branch_number: int
) -> Iterator[Columns]:
    """Columns of each point of a crack's branch; a width that was not measured is empty."""
    branch = crack.branches[branch_number - 1]
    points, widths, scale = branch.line.points, branch.widths, photograph.measurement.scale
    on_map = _on_map(points, photograph.georeference)
    for (x, y), place, width in zip(points.tolist(), on_map, _each(widths), strict=True):
        yield {
            "photograph": photograph.name,
            "crack": crack.number,
            "branch": branch_number,
            "x_px": rounded(x),
            "y_px": rounded(y),
            **place,
            **measured_columns("width", width, scale),
            "resolved": None if width is None else width.resolved,
        }


def branch_widths(branch: Branch) -> WidthSummary | None:
    """Summary of a branch's widths; None where it is too short to have any measured."""
    return summary(branch.widths, branch.line.points)


def widest_crack(measurement: Measurement) -> Crack | None:
    """The crack whose 95th percentile of width surely is the largest; None where none has one."""
    with_widths = [crack for crack in measurement.cracks if crack.widths is not None]
    return max(with_widths, key=_order, default=None)


def rounded(value: float | None) -> float | None:
    """A number as tables show it; None for one that is not known."""
    return None if value is None or not math.isfinite(value) else round(float(value), _DECIMALS)


def _order(crack: Crack) -> tuple[float, float]:
    assert crack.widths is not None
    return crack.widths.percentile95.order


def _is_resolved(widths: WidthSummary | None) -> bool:
    return widths is not None and widths.mean.resolved


def _area(pixels: float, scale: Scale | None) -> Columns:
    millimetres = None if scale is None else rounded(scale.mm_per_pixel**2 * pixels)
    return {"area_px2": rounded(pixels), "area_mm2": millimetres}


def _middle(crack: Crack) -> FloatArray:
    """Position (1, 2) of the middle of the longest branch."""
    points = max(crack.branches, key=lambda branch: branch.line.length).line.points
    return np.asarray(points[len(points) // 2 : len(points) // 2 + 1])


def _each(widths: Widths) -> Iterator[Measured | None]:
    """The width at each station; None where none was measured."""
    ends = np.stack([widths.value, widths.low, widths.high], axis=1).tolist()
    for (value, low, high), is_measured, resolved in zip(
        ends, widths.measured.tolist(), widths.resolved.tolist(), strict=True
    ):
        yield Measured(value, low, high, bool(resolved)) if is_measured else None


def _place(point: FloatArray, georeference: Georeference | None) -> Columns:
    ((x, y),) = point.tolist()
    return {
        "x_px": rounded(x),
        "y_px": rounded(y),
        **next(_on_map(point, georeference)),
        "crs": _crs(georeference),
    }


def _crs(georeference: Georeference | None) -> str | None:
    return None if georeference is None else georeference.crs


def _on_map(points: FloatArray, georeference: Georeference | None) -> Iterator[Columns]:
    """Positions on the map; empty where it is not known where the photograph is."""
    if georeference is None:
        yield from repeat({"x_map": None, "y_map": None}, len(points))
        return
    for x, y in georeference.to_map(points).tolist():
        yield {"x_map": x, "y_map": y}


def _example() -> MeasuredPhotograph:
    line = Centreline(np.array([[0.0, 0.0], [1.0, 0.0]]), (True, True), False, 0, 1.0)
    crack = Crack(1, (Branch(line, Widths.unmeasured(2)),), 1.0, None)
    measurement = Measurement((crack,), (1, 1), None, math.nan)
    return MeasuredPhotograph("", measurement, Method("", 0.5, "", ""))


EXAMPLE = _example()
"""A photograph whose rows have all columns, for files that name them before the first row."""
