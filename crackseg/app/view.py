"""What the page shows of a photograph: words and numbers in JSON."""

from collections.abc import Mapping
from typing import Any

from crackseg.app.sessions import AppPhotograph
from crackseg.measurement.classes import CANNOT_TELL, ClassLimits, WidthClass, crack_class
from crackseg.measurement.cracks import Crack, Measurement
from crackseg.measurement.scale import Measured, Scale

NOTHING: Mapping[str, Any] = {}


def label(photograph: AppPhotograph) -> str:
    """Line about a photograph in the list."""
    if photograph.state == "failed":
        return f"{photograph.name}: not read"
    if photograph.measured is None:
        return f"{photograph.name}: {photograph.words or 'waiting'}"
    count = len(photograph.measured.measurement.cracks)
    return f"{photograph.name}: {count or 'no'} crack{'' if count == 1 else 's'}"


def view(photograph: AppPhotograph, limits: ClassLimits) -> Mapping[str, Any]:
    """All that the page needs to show a measured photograph."""
    if photograph.measured is None:
        return NOTHING
    found = photograph.measured.measurement
    height, width = found.size
    return {
        "key": photograph.key,
        "name": photograph.name,
        "width": width,
        "height": height,
        "photograph": f"gradio_api/file={photograph.shown_path}",
        "probability": f"gradio_api/file={photograph.shown_probability_path}",
        "threshold": photograph.threshold,
        "scale": scale_in_words(found.scale),
        "mm": found.scale and float(f"{found.scale.mm_per_pixel:.5g}"),
        "uncertainty": found.scale and float(f"{found.scale.uncertainty:.2g}"),
        "limits": f"Classes: {limits.source}." if found.scale else "",
        "cracks": [_row(crack, found, limits) for crack in found.cracks],
    }


def scale_in_words(scale: Scale | None) -> str:
    """A scale as people read it."""
    if scale is None:
        return "Scale not known: lengths and widths are in pixels"
    more = f" ± {scale.uncertainty:.2g}" if scale.uncertainty else ""
    return f"{scale.mm_per_pixel:.4g}{more} mm per pixel"


def _row(crack: Crack, found: Measurement, limits: ClassLimits) -> Mapping[str, Any]:
    points = crack.points
    left, top = points.min(axis=0).tolist()
    right, bottom = points.max(axis=0).tolist()
    widths = crack.widths
    mean = None if widths is None else found.in_unit(widths.mean)
    most = None if widths is None else found.in_unit(widths.percentile95)
    return {
        "number": crack.number,
        "box": [left, top, right, bottom],
        "length": _words(found.in_unit(crack.length), found.unit, 0),
        "mean": _words(mean, found.unit, 2),
        "most": _words(most, found.unit, 2),
        "class": _class(crack_class(widths, found.scale, limits)),
    }


def _words(length: Measured | None, unit: str, digits: int) -> list[str]:
    """A length, and its interval or bounds."""
    if length is None:
        return ["too short", ""]
    value, low, high = (f"{one:.{digits}f}" for one in (length.value, length.low, length.high))
    return [f"{value} {unit}" if length.resolved else "not resolved", f"{low} to {high} {unit}"]


def _class(found: WidthClass | None) -> str:
    if found is None:
        return ""
    return found.label if found.is_certain else f"{CANNOT_TELL}: {found.lowest} or {found.highest}"
