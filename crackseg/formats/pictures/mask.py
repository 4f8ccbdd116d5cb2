"""Masks as PNG files: 255 where there is crack, else 0."""

from pathlib import Path

import numpy as np

from crackseg.formats.result import Result
from crackseg.images.png import write_png
from crackseg.measurement.classes import ClassLimits


def write(result: Result, paths: tuple[Path, ...], _: ClassLimits | None = None) -> None:
    """Writes the mask, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    write_png(result.mask().astype(np.uint8) * 255, paths[0])
