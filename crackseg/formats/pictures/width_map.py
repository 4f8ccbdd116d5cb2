"""The photograph in grey, with centrelines coloured by width, and a legend.

A width that is not resolved is a dashed grey line, and its bounds stand at its crack.
"""

from pathlib import Path

import cv2
import numpy as np

from crackseg.formats.notes import class_note
from crackseg.formats.pictures.jpeg import write_jpeg
from crackseg.formats.pictures.labels import draw_labels
from crackseg.formats.pictures.legend import with_legend
from crackseg.formats.pictures.lines import draw_lines
from crackseg.formats.pictures.steps import Steps
from crackseg.formats.result import Result
from crackseg.images.pixels import UInt8Array
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Crack, Measurement
from crackseg.measurement.scale import width_digits

# Thickness of the thinnest line as a share of the photograph's longer side.
_SHARE = 1 / 1000
# Grey of black, and what is left of the photograph's contrast.
_DARKEST, _CONTRAST = 60, 0.6


def write(result: Result, paths: tuple[Path, ...], limits: ClassLimits | None = None) -> None:
    """Writes the picture, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    photograph = result.photograph
    measurement, cracks = photograph.measurement, photograph.measurement.cracks
    steps = Steps.of(measurement, limits)
    picture = _faded(result.image())
    base = max(round(_SHARE * max(measurement.size)), 2)
    draw_lines(picture, cracks, steps, base)
    picture = draw_labels(picture, cracks, [_label(crack, measurement) for crack in cracks])
    texts = [
        f"Cracks with the width that 95 % of their places do not exceed, in {steps.unit}, or its "
        "bounds where it is not resolved",
        *([class_note(limits)] if limits is not None and measurement.scale is not None else []),
        photograph.method.model,
    ]
    write_jpeg(with_legend(picture, steps, base, texts), paths[0])


def _faded(image: UInt8Array) -> UInt8Array:
    """The photograph in pale grey, on which all colours can be seen."""
    table = (_DARKEST + _CONTRAST * np.arange(256)).round().astype(np.uint8)
    grey = cv2.LUT(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), table)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _label(crack: Crack, measurement: Measurement) -> str:
    """Number and width: ``3: 0.42 mm``, or ``3: 0.00 to 0.30 mm`` where it is not resolved."""
    if crack.widths is None:
        return str(crack.number)
    width = measurement.in_unit(crack.widths.percentile95)
    shown = (width.value,) if width.resolved else (width.low, width.high)
    return f"{crack.number}: {' to '.join(map(width_digits, shown))} {measurement.unit}"
