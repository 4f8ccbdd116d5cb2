"""The photograph with its cracks coloured, and their numbers beside them."""

from pathlib import Path

from crackseg.formats.pictures.jpeg import write_jpeg
from crackseg.formats.pictures.labels import draw_labels
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.visualization.overlays import overlay


def write(result: Result, paths: tuple[Path, ...], _: ClassLimits | None = None) -> None:
    """Writes the picture, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    cracks = result.photograph.measurement.cracks
    coloured = overlay(result.image(), result.mask())
    write_jpeg(draw_labels(coloured, cracks, [str(crack.number) for crack in cracks]), paths[0])
