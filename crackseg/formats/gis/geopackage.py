"""GeoPackage: a layer of lines for each reference system, and one for those in pixels.

Coordinates stay as they are. Layers are named after their systems, such as ``cracks_epsg_25832``;
``cracks_pixels`` has the lines of photographs that are on no map, and ``cracks_unnamed`` those of
a map whose system no file names.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from crackseg.errors import OutputError, reason_of
from crackseg.formats.columns import EXAMPLE, Cell
from crackseg.formats.gis.features import NO_MAP, Feature, features, system_of, where
from crackseg.formats.notes import notes
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.system.files import atomic_write

if TYPE_CHECKING:
    from pyproj import CRS

log = logging.getLogger(__name__)

# Lines that are written at a time: opening the file for each photograph would take longer.
_BATCH = 1000
# Types of attributes that are no lengths.
_TYPES: dict[str, type] = dict.fromkeys(("photograph", "class", "class_low", "class_high"), object)
_TYPES |= {"crack": np.int32, "branch": np.int32, "resolved": np.bool_}
_ON_MAP = "Coordinates are those of the layer's reference system"


@dataclass(frozen=True)
class _Layer:
    """A layer.

    Attributes:
        name: Name of the layer.
        system: Name or WKT of its reference system; None where it is not known.
        about: Sentences about it.
    """

    name: str
    system: str | None
    about: str


def write(
    results: Iterable[Result], paths: tuple[Path, ...], limits: ClassLimits | None = None
) -> None:
    """Writes the file, see :meth:`crackseg.formats.registry.FolderFormat.write`."""
    waiting: dict[_Layer, list[Feature]] = {}
    names = tuple(next(features(EXAMPLE, limits)).attributes)
    layers: dict[str, _Layer] = {}
    with _said_in_words(paths[0]), atomic_write(paths[0]) as path:
        for result in results:
            layer = _layer_of(result.photograph, limits, layers)
            waiting.setdefault(layer, []).extend(features(result.photograph, limits))
            if len(waiting[layer]) >= _BATCH:
                _append(path, layer, names, waiting.pop(layer))
        for layer, those in waiting.items():
            _append(path, layer, names, those)
        if not path.exists():
            _append(path, _Layer("cracks_pixels", None, ""), names, [])
    for layer in layers.values():
        if layer.system is None:
            log.warning("%s: layer %s: %s", paths[0], layer.name, layer.about.partition(";")[0])


@contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    """Says what keeps the file from being written, which GDAL's errors do not."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataLayerError, DataSourceError) as error:
        raise OutputError(
            f"{path}: cannot be written ({reason_of(error)}); is there room, and a right to it?"
        ) from error


def _layer_of(
    photograph: MeasuredPhotograph, limits: ClassLimits | None, known: dict[str, _Layer]
) -> _Layer:
    """The layer of a photograph's reference system, the same for all photographs of it."""
    system = system_of(photograph)
    text = None if system is None else system.to_wkt()
    name = _layer_name(photograph, system)
    key = text or name
    if key not in known:
        units = where(photograph) if system is None else _ON_MAP
        about = "; ".join(notes(photograph.method, limits, units))
        taken = {layer.name for layer in known.values()}
        numbered = chain([name], (f"{name}_{number}" for number in count(2)))
        free = next(one for one in numbered if one not in taken)
        known[key] = _Layer(free, text, about)
    return known[key]


def _layer_name(photograph: MeasuredPhotograph, system: CRS | None) -> str:
    if system is None:
        return "cracks_unnamed" if photograph.georeference else "cracks_pixels"
    authority = system.to_authority()
    said = "_".join(authority) if authority else system.name
    return "cracks_" + re.sub(r"\W+", "_", said).strip("_").lower()


def _append(path: Path, layer: _Layer, names: Sequence[str], those: Sequence[Feature]) -> None:
    import pyogrio.raw
    import shapely

    columns = [_column(name, [one.attributes[name] for one in those]) for name in names]
    lines = [shapely.LineString(one.points) for one in those]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*extension")  # The name is a temporary one.
        pyogrio.raw.write(
            path,
            shapely.to_wkb(np.array(lines, object)),
            [values for values, _ in columns],
            list(names),
            field_mask=[missing for _, missing in columns],
            layer=layer.name,
            driver="GPKG",
            geometry_type="LineString",
            crs=layer.system or NO_MAP,
            append=path.exists(),
            layer_options={"DESCRIPTION": layer.about},
        )


def _column(
    name: str, cells: Sequence[Cell]
) -> tuple[npt.NDArray[Any], npt.NDArray[np.bool_] | None]:
    """Values of an attribute, and which are missing; None where the values say it themselves."""
    kind = _TYPES.get(name, np.float64)
    if kind is not np.bool_:
        return np.array(cells, kind), None
    return np.array(cells, kind), np.array([cell is None for cell in cells], np.bool_)
