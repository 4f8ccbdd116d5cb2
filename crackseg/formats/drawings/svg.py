"""SVG: centrelines as strokes as wide as the cracks, above a link to the photograph.

The units are the photograph's pixels. A stroke has the mean width of its branch, and is dashed
where that is not resolved. Its CSS class is its class of width, and a pointer over it shows what
was measured. The link is relative: move drawing and photograph together.
"""

import os
import re
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

from crackseg.formats.drawings.drawing import (
    NOT_MEASURED,
    DrawnBranch,
    drawn_branches,
    group_colours,
    title,
)
from crackseg.formats.notes import notes, printable
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Measurement
from crackseg.system.files import atomic_write

_UNITS = "Units are pixels of the photograph, x to the right and y down from its upper left corner"
_STYLE = (
    "path { fill: none; stroke-linejoin: round; opacity: 0.8 } path:hover { opacity: 1 }",
    ".not-resolved { stroke-dasharray: 8 5 } .not-measured { stroke-dasharray: 1 3 }",
)


def write(result: Result, paths: tuple[Path, ...], limits: ClassLimits | None = None) -> None:
    """Writes the drawing, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    photograph, measurement = result.photograph, result.photograph.measurement
    height, width = map(str, measurement.size)
    svg = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg")
    svg.set("viewBox", f"0 0 {width} {height}")
    _text(svg, "title", printable(photograph.name))
    _text(svg, "desc", "; ".join(notes(photograph.method, limits, _UNITS)))
    _text(svg, "style", "\n".join((*_STYLE, *_colours(measurement, limits))))
    link = _link(result.file, paths[0].parent)
    ElementTree.SubElement(svg, "image", href=link, width=width, height=height)
    for drawn in drawn_branches(measurement, limits):
        _add(svg, drawn, measurement)
    with atomic_write(paths[0]) as name:
        ElementTree.ElementTree(svg).write(name, encoding="utf-8", xml_declaration=True)


def css_class(group: str) -> str:
    """CSS class of a class of width.

    >>> css_class("0.2 to 0.3 mm"), css_class("")
    ('width-0-2-to-0-3-mm', 'crack')
    """
    return "width-" + re.sub(r"\W+", "-", group) if group else "crack"


def _colours(measurement: Measurement, limits: ClassLimits | None) -> list[str]:
    colours = group_colours(measurement, limits).items()
    return [f".{css_class(group)} {{ stroke: rgb{colour} }}" for group, colour in colours]


def _add(svg: ElementTree.Element, drawn: DrawnBranch, measurement: Measurement) -> None:
    points = (drawn.branch.line.points + 0.5).round(2).tolist()
    widths = drawn.widths
    stroke = ElementTree.SubElement(svg, "path", d="M" + " ".join(f"{x},{y}" for x, y in points))
    states = [css_class(drawn.group)]
    if widths is None:
        states.append(NOT_MEASURED.replace(" ", "-"))
    elif not widths.mean.resolved:
        states.append("not-resolved")
    stroke.set("class", " ".join(states))
    stroke.set("stroke-width", f"{1.0 if widths is None else widths.mean.value:.2f}")
    _text(stroke, "title", title(drawn, measurement))


def _text(parent: ElementTree.Element, tag: str, text: str) -> None:
    ElementTree.SubElement(parent, tag).text = text


def _link(file: Path, folder: Path) -> str:
    """Link from a folder to a file; an absolute one where it is on another drive."""
    try:
        return quote(os.fsencode(Path(os.path.relpath(file, folder)).as_posix()))
    except ValueError:
        return file.absolute().as_uri()
