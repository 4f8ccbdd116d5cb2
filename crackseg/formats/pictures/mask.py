"""Masks as PNG files: 255 where there is crack, else 0."""

from pathlib import Path

import numpy as np

from crackseg.formats.result import Result
from crackseg.images.png import is_as_written, write_png
from crackseg.measurement.classes import ClassLimits


def write(result: Result, paths: tuple[Path, ...], _: ClassLimits | None = None) -> None:
    """Writes the mask, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    write_png(result.mask().astype(np.uint8) * 255, paths[0], sealed=True)


def is_corrected(paths: tuple[Path, ...]) -> bool:
    """Whether there is a mask that is not just as :func:`write` wrote it.

    So are those of earlier versions, which were not sealed.

    Args:
        paths: Paths of the files, see :func:`write`.
    """
    return paths[0].exists() and not is_as_written(paths[0])
