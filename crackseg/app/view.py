"""What the page shows of a photograph: words and numbers in JSON."""

from collections.abc import Mapping
from typing import Any

from crackseg.app.sessions import AppPhotograph
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Crack
from crackseg.measurement.scale import Measured, Scale
from crackseg.reporting.inspection.summaries import CrackRow, class_in_words
from crackseg.reporting.inspection.wording import (
    Worded,
    length_in_words,
    scale_in_words,
    width_in_words,
)

NOTHING: Mapping[str, Any] = {}


def label(photograph: AppPhotograph) -> str:
    """Line about a photograph in the list."""
    if photograph.measured is None:
        return f"{photograph.name}: {photograph.words}"
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
        "scale": f"Scale: {scale_in_words(found.scale)}",
        "mm": found.scale and float(f"{found.scale.mm_per_pixel:.5g}"),
        "uncertainty": found.scale and float(f"{found.scale.uncertainty:.2g}"),
        "limits": f"Classes: {limits.source}." if found.scale else "",
        "cracks": [_row(crack, found.scale, limits) for crack in found.cracks],
    }


def _row(crack: Crack, scale: Scale | None, limits: ClassLimits) -> Mapping[str, Any]:
    row, points = CrackRow.of(crack), crack.points
    return {
        "number": row.number,
        "box": [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()],
        "length": _parts(length_in_words(row.length, scale)),
        "mean": _width(row.mean, scale),
        "most": _width(row.percentile95, scale),
        "class": class_in_words(row, limits, scale),
    }


def _width(width: Measured | None, scale: Scale | None) -> list[str]:
    return ["too short", ""] if width is None else _parts(width_in_words(width, scale))


def _parts(words: Worded) -> list[str]:
    """A length, and its interval or bounds."""
    return [words.value, words.ends]
