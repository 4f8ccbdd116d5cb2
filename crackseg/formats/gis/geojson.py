"""GeoJSON: lines in WGS 84, as RFC 7946 wants them, and those on no known map in another file.

Coordinates of a known reference system are transformed. Those in pixels, and those of a system that
no file names, stand in the second file, which says so, and is not written where it
would have no lines.

References:
    Butler et al., "The GeoJSON Format", RFC 7946, 2016.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from crackseg.formats.gis.features import NO_MAP, Feature, features, system_of, where
from crackseg.formats.notes import notes
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.system.files import atomic_write, discard

if TYPE_CHECKING:
    from pyproj import CRS, Transformer

log = logging.getLogger(__name__)
_WGS84 = "Coordinates are longitude and latitude in WGS 84, in degrees"
# A member of the format's older version, for programs that would take pixels for degrees.
_CRS = json.dumps({"type": "name", "properties": {"name": NO_MAP}})
# Decimals of degrees, which are a tenth of a millimetre, and of pixels. A map that is not known may
# be in degrees.
_ON_MAP, _IN_PIXELS = 9, 4


@dataclass
class _Collection:
    """A file that features are added to.

    Attributes:
        file: File that is written.
        count: Number of features so far.
        about: Sentences about them.
    """

    file: IO[str]
    count: int = 0
    about: dict[str, None] = field(default_factory=dict)

    def add(self, feature: Feature, points: FloatArray, decimals: int) -> None:
        entry = {
            "type": "Feature",
            "properties": feature.attributes,
            "geometry": {"type": "LineString", "coordinates": points.round(decimals).tolist()},
        }
        self.file.write(f"{',' if self.count else ''}\n{json.dumps(entry, allow_nan=False)}")
        self.count += 1


def write(
    results: Iterable[Result], paths: tuple[Path, ...], limits: ClassLimits | None = None
) -> None:
    """Writes the files, see :meth:`crackseg.formats.registry.FolderFormat.write`."""
    with ExitStack() as stack:
        names = [stack.enter_context(atomic_write(path)) for path in paths]
        files = [stack.enter_context(name.open("w", encoding="utf-8")) for name in names]
        on_map, elsewhere = map(_Collection, files)
        on_map.file.write('{"type": "FeatureCollection", "features": [')
        elsewhere.file.write(f'{{"type": "FeatureCollection", "crs": {_CRS}, "features": [')
        for result in results:
            _add(result.photograph, on_map, elsewhere, limits)
        for one in (on_map, elsewhere):
            one.file.write(f'],\n"about": {json.dumps(list(one.about))}}}\n')
    if elsewhere.count:
        log.warning(
            "%s: %d lines are on no map that is known; their coordinates are those of pixels or of "
            "a world file, and not in WGS 84 as RFC 7946 wants",
            paths[1],
            elsewhere.count,
        )
        if not on_map.count:
            discard(paths[0])
    else:
        discard(paths[1])


def _add(
    photograph: MeasuredPhotograph,
    on_map: _Collection,
    elsewhere: _Collection,
    limits: ClassLimits | None,
) -> None:
    system = system_of(photograph)
    transformer = None if system is None else _to_wgs84(system)
    lines = list(features(photograph, limits))
    if transformer is not None:
        moved = [np.stack(transformer.transform(*line.points.T), axis=1) for line in lines]
        if all(np.isfinite(points).all() for points in moved):
            on_map.about |= dict.fromkeys(notes(photograph.method, limits, _WGS84))
            for line, points in zip(lines, moved, strict=True):
                on_map.add(line, points, _ON_MAP)
            return
    elsewhere.about |= dict.fromkeys(notes(photograph.method, limits, where(photograph)))
    decimals = _IN_PIXELS if photograph.georeference is None else _ON_MAP
    for line in lines:
        elsewhere.add(line, line.points, decimals)


@lru_cache(maxsize=64)
def _to_wgs84(system: CRS) -> Transformer | None:
    """The way to WGS 84; None from a system that lies nowhere on the Earth."""
    from pyproj import Transformer
    from pyproj.exceptions import ProjError

    try:
        return Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    except ProjError:
        return None
