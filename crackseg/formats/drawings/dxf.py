"""DXF for CAD: a polyline a branch, layers by class of width, in millimetres.

x runs to the right and y upwards from the photograph's lower left corner, whatever map it lies on.
Vertices have the width that was measured there where it is resolved, and none elsewhere. Without a
scale, all is in pixels, and the file says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from crackseg.formats.drawings.drawing import DrawnBranch, drawn_branches, group_colours, title
from crackseg.formats.notes import notes, printable
from crackseg.formats.result import Result
from crackseg.images.notices import warn
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Measurement
from crackseg.system.files import atomic_write

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.layouts import Modelspace

LAYER = "CRACKS"
# Name under which what a branch says of itself is stored with its polyline.
APPLICATION = "CRACKSEG"
_MILLIMETRES = "Units are millimetres, x to the right and y up from the lower left corner"
_PIXELS = "Units are PIXELS, as the scale is not known, x to the right and y up from the lower left"
# DXF's numbers of a text in extended data, and of units.
_TEXT, _NO_UNIT, _MM = 1000, 0, 4


def write(result: Result, paths: tuple[Path, ...], limits: ClassLimits | None = None) -> None:
    """Writes the drawing, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    photograph, measurement = result.photograph, result.photograph.measurement
    document = _document(measurement, limits)
    said = _PIXELS if measurement.scale is None else _MILLIMETRES
    about = (printable(photograph.name), *notes(photograph.method, limits, said))
    for number, note in enumerate(about, 1):
        document.header.custom_vars.append(f"crackseg {number}", note)
    space = document.modelspace()
    for drawn in drawn_branches(measurement, limits):
        _add(space, drawn, measurement)
    with atomic_write(paths[0]) as name, name.open("w", encoding=document.output_encoding) as file:
        document.write(file)
    if measurement.scale is None:
        warn("dxf", "drawings of photographs whose scale is not known are in pixels, and say so")


def layer_name(group: str) -> str:
    """Layer of a class.

    >>> layer_name("0.2 to 0.3 mm"), layer_name("")
    ('CRACKS 0.2 to 0.3 mm', 'CRACKS')
    """
    return f"{LAYER} {group}".strip()


def _document(measurement: Measurement, limits: ClassLimits | None) -> Drawing:
    import ezdxf

    document = ezdxf.new("R2010", units=_MM if measurement.scale else _NO_UNIT)
    document.appids.add(APPLICATION)
    for group, colour in group_colours(measurement, limits).items():
        document.layers.add(layer_name(group), true_color=ezdxf.rgb2int(colour))
    return document


def _add(space: Modelspace, drawn: DrawnBranch, measurement: Measurement) -> None:
    factor = 1.0 if measurement.scale is None else measurement.scale.mm_per_pixel
    height = measurement.size[0]
    x, y = drawn.branch.line.points.T
    widths = drawn.branch.widths
    shown = np.where(widths.measured & (widths.resolved == 1), widths.value, 0.0)
    # A width holds from a vertex to the next one.
    vertices = factor * np.stack([x + 0.5, height - 0.5 - y, shown, np.append(shown[1:], 0.0)], 1)
    polyline = space.add_lwpolyline(
        vertices.tolist(), format="xyse", dxfattribs={"layer": layer_name(drawn.group)}
    )
    polyline.set_xdata(APPLICATION, [(_TEXT, title(drawn, measurement))])
