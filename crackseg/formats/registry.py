"""Formats of measured cracks, by name.

To write another format, write a module in this package with a function ``write``, with the
arguments that :class:`PhotographFormat` or :class:`FolderFormat` gives it, and add it to
:data:`FORMATS`. Modules are imported when they are first used, so that a command line can list the
formats at once.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from crackseg.errors import MissingLibraryError

if TYPE_CHECKING:
    from crackseg.formats.result import Result
    from crackseg.measurement.classes import ClassLimits


@dataclass(frozen=True, kw_only=True)
class Format:
    """What all formats say of themselves.

    Attributes:
        name: Name on the command line.
        about: Line for the help.
        module: Module that writes it.
        extra: Extra of the package that it needs; None for none.
        libraries: Modules of other packages that it needs.
    """

    name: str
    about: str
    module: str
    extra: str | None = None
    libraries: tuple[str, ...] = ()

    def require(self) -> None:
        """Checks that its libraries are installed, before long work begins.

        Raises:
            MissingLibraryError: One is not.
        """
        for library in self.libraries:
            if importlib.util.find_spec(library) is None:
                raise MissingLibraryError(
                    f"format {self.name}: needs the library {library}; "
                    f"pip install 'crackseg[{self.extra}]'"
                )


@dataclass(frozen=True, kw_only=True)
class PhotographFormat(Format):
    """A format with files of their own for each photograph, in a folder of the format's name.

    Attributes:
        suffixes: What follows the photograph's target name in the names of its files.
        for_correction: Whether people correct its files by hand; its module then has a function
            ``is_corrected``.
    """

    suffixes: tuple[str, ...]
    for_correction: bool = False

    def paths(self, output: Path, target: PurePath) -> tuple[Path, ...]:
        """Its files of a photograph.

        Args:
            output: Folder of all results.
            target: Path of the photograph's results relative to it, without a suffix.
        """
        place = output / self.name / target
        return tuple(place.with_name(f"{target.name}{suffix}") for suffix in self.suffixes)

    def write(
        self, result: Result, paths: tuple[Path, ...], limits: ClassLimits | None = None
    ) -> None:
        """Writes the files of a photograph, each completely or not at all.

        Args:
            result: Photograph.
            paths: Paths of the files, see :meth:`paths`.
            limits: Limits of classes of width; None for no classes.

        Raises:
            OutputError: A file cannot be written.
        """
        importlib.import_module(self.module).write(result, paths, limits)

    def is_corrected(self, paths: tuple[Path, ...]) -> bool:
        """Whether files of a photograph are there that somebody has corrected.

        Args:
            paths: Paths of the files, see :meth:`paths`.
        """
        if not self.for_correction:
            return False
        return bool(importlib.import_module(self.module).is_corrected(paths))


@dataclass(frozen=True, kw_only=True)
class FolderFormat(Format):
    """A format with the same files for all photographs.

    Attributes:
        names: Names of the files.
    """

    names: tuple[str, ...]

    def paths(self, output: Path) -> tuple[Path, ...]:
        """Its files in the folder of all results."""
        return tuple(output / name for name in self.names)

    def write(
        self, results: Iterable[Result], paths: tuple[Path, ...], limits: ClassLimits | None = None
    ) -> None:
        """Writes the files, each completely or not at all; one photograph at a time is kept.

        Args:
            results: Photographs.
            paths: Paths of the files, see :meth:`paths`.
            limits: Limits of classes of width; None for no classes.

        Raises:
            OutputError: A file cannot be written.
        """
        importlib.import_module(self.module).write(results, paths, limits)


_ALL: tuple[PhotographFormat | FolderFormat, ...] = (
    FolderFormat(
        name="csv",
        about="tables of cracks, photographs and centreline points",
        module="crackseg.formats.csv_tables",
        names=("cracks.csv", "photographs.csv", "points.csv"),
    ),
    FolderFormat(
        name="geojson",
        about="GeoJSON lines, a branch each, with widths: in WGS 84, or in pixels where no map is",
        module="crackseg.formats.gis.geojson",
        extra="gis",
        libraries=("pyproj",),
        names=("cracks.geojson", "cracks_pixels.geojson"),
    ),
    FolderFormat(
        name="gpkg",
        about="GeoPackage of the same lines, a layer for each reference system",
        module="crackseg.formats.gis.geopackage",
        extra="gis",
        libraries=("pyogrio", "pyproj", "shapely"),
        names=("cracks.gpkg",),
    ),
    PhotographFormat(
        name="dxf",
        about="DXF drawings in mm, a polyline a branch, layers by class of width",
        module="crackseg.formats.drawings.dxf",
        extra="cad",
        libraries=("ezdxf",),
        suffixes=(".dxf",),
    ),
    PhotographFormat(
        name="svg",
        about="SVG drawings above the linked photograph, strokes as wide as the cracks",
        module="crackseg.formats.drawings.svg",
        suffixes=(".svg",),
    ),
    FolderFormat(
        name="coco",
        about="COCO annotations of all photographs, a run-length code a crack",
        module="crackseg.formats.coco",
        names=("coco.json",),
    ),
    PhotographFormat(
        name="labelme",
        about="LabelMe outlines beside copies of the photographs, to be corrected by hand",
        module="crackseg.formats.labelme",
        suffixes=(".json", ".png"),
        for_correction=True,
    ),
    PhotographFormat(
        name="mask",
        about="masks as PNG files, 255 where there is crack",
        module="crackseg.formats.pictures.mask",
        suffixes=(".png",),
        for_correction=True,
    ),
    PhotographFormat(
        name="numbered",
        about="photographs with their cracks coloured and numbered",
        module="crackseg.formats.pictures.numbered",
        suffixes=(".jpg",),
    ),
    PhotographFormat(
        name="width-map",
        about="photographs with cracks coloured by width, and a legend",
        module="crackseg.formats.pictures.width_map",
        suffixes=(".jpg",),
    ),
)
FORMATS: Mapping[str, PhotographFormat | FolderFormat] = {one.name: one for one in _ALL}
