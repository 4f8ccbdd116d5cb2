"""One photograph to look at closely: zoom, widths under the pointer, a scale by two clicks.

:func:`photograph_component` gives a fragment of HTML that needs nothing else but
:func:`component_style` and :func:`component_script`, once in a page, wherever that page is: the
script looks after each fragment that comes into the page, also later.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypedDict

from markupsafe import Markup

from crackseg.images.pixels import UInt8Array
from crackseg.measurement.classes import PRESETS, ClassLimits
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import COVERAGE, Scale
from crackseg.reporting.formatting import percent, size
from crackseg.reporting.html.rendering import render, source
from crackseg.reporting.inspection.pictures import Room, ShownPicture, shown_picture
from crackseg.reporting.inspection.samples import PackedBranch, SampledBranch, sample
from crackseg.reporting.inspection.summaries import PhotographSummary, class_in_words, summarize
from crackseg.reporting.inspection.wording import (
    length_in_words,
    metres,
    place_in_words,
    scale_in_words,
    sum_in_words,
    width_in_words,
)

# In one scope, in this order.
_SCRIPTS = ("words", "along", "component")
DEFAULT_LIMITS = PRESETS["aci224r"]

FILTERS: Mapping[str, Callable[..., object]] = {
    "width_of": width_in_words,
    "length_of": length_in_words,
    "sum_of": sum_in_words,
    "metres": metres,
    "place": place_in_words,
    "scale_of": scale_in_words,
    "size": size,
    "percent": percent,
}


class _ForScript(TypedDict):
    """What the script has to know of a photograph."""

    size: tuple[int, int]
    shown: float
    scale: tuple[float, float] | None
    coverage: float
    limits: tuple[float, ...]
    labels: tuple[str, ...]
    branches: list[PackedBranch]


@dataclass(frozen=True)
class Card:
    """A photograph in a page.

    Attributes:
        html: Fragment of HTML.
        summary: What all photographs together need of it.
    """

    html: str
    summary: PhotographSummary


def photograph_component(
    measured: MeasuredPhotograph,
    picture: UInt8Array,
    limits: ClassLimits = DEFAULT_LIMITS,
    key: str = "photograph",
) -> str:
    """A fragment of HTML that shows one photograph with its cracks.

    Args:
        measured: Photograph that was measured.
        picture: Photograph itself or a smaller one of it, uint8 (H, W, 3), upright.
        limits: Limits between classes of width.
        key: Name of the fragment, which no other in the same page may have.
    """
    return draw_card(measured, picture, limits, key, Room.for_one_of(1)).html


def component_style() -> str:
    """The style of all fragments."""
    return source("html/colours.css") + source("inspection/component.css")


def component_script() -> str:
    """The script of all fragments; a page that has it twice runs it once."""
    parts = "\n".join(source(f"inspection/{name}.js") for name in _SCRIPTS)
    return f'"use strict";\nwindow.crackseg ??= (() => {{\n{parts}\n}})();\n'


def draw_card(
    measured: MeasuredPhotograph,
    picture: UInt8Array,
    limits: ClassLimits,
    key: str,
    room: Room,
    overlay: str | None = None,
) -> Card:
    """Draws the fragment of one photograph.

    Args:
        measured: Photograph that was measured.
        picture: Photograph itself or a smaller one of it, uint8 (H, W, 3), upright.
        limits: Limits between classes of width.
        key: Name of the fragment.
        room: What it may take of the page.
        overlay: Address of a picture of the whole photograph with its cracks; None for none.
    """
    branches = sample(measured.measurement, room.places)
    summary = summarize(key, measured, branches, limits)
    shown = shown_picture(picture, room)
    content = {
        "measured": measured,
        "summary": summary,
        "shown": shown,
        "share": shown.size[1] / measured.measurement.size[1],
        "overlay": overlay,
        "limits": limits,
        "class_of": class_in_words,
        "step": max((branch.step for branch in branches), default=0.0),
        "data": _for_script(measured, shown, branches, limits),
    }
    return Card(render("inspection/card.html", content, FILTERS), summary)


def _for_script(
    measured: MeasuredPhotograph,
    shown: ShownPicture,
    branches: tuple[SampledBranch, ...],
    limits: ClassLimits,
) -> Markup:
    found = measured.measurement
    data = _ForScript(
        size=found.size,
        shown=shown.size[1] / found.size[1],
        scale=_numbers(found.scale),
        coverage=COVERAGE,
        limits=limits.limits_mm,
        labels=limits.labels,
        branches=[one.packed() for one in branches],
    )
    return as_json(data)


def as_json(data: object) -> Markup:
    """JSON that may stand in a script element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))


def _numbers(scale: Scale | None) -> tuple[float, float] | None:
    return None if scale is None else (scale.mm_per_pixel, scale.uncertainty)
