"""Reads where on a map a photograph lies: from GeoTIFF tags, or from a world file beside it.

Positions of pixels are whole numbers at their middles, as in world files. A GeoTIFF file counts
from the corner of the first pixel, unless it says that its pixels are points.

References:
    OGC 19-008r4, "OGC GeoTIFF Standard", 2019: tags, keys, PixelIsArea and PixelIsPoint.
"""

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crackseg.errors import UnreadableImageError
from crackseg.images.notices import warn
from crackseg.images.pixels import open_picture
from crackseg.images.tiff.exif import DAMAGES, orientation_of
from crackseg.images.tiff.header import read_tags, read_tiff_header
from crackseg.measurement.photograph import Georeference
from crackseg.measurement.projections import why_no_code, why_no_method, why_no_words

Affine = tuple[float, float, float, float, float, float]

# EPSG's codes of UTM on WGS 84 (north, south), ETRS89 and NAD83: metres by definition.
_UTM = (range(32601, 32661), range(32701, 32761), range(25828, 25839), range(26901, 26924))
_PIXEL_SCALE, _TIE_POINTS, _TRANSFORMATION = 33550, 33922, 34264
_KEYS = 34735
_MODEL_TYPE, _RASTER_TYPE, _GEOGRAPHIC, _PROJECTED, _LINEAR_UNIT = 1024, 1025, 2048, 3072, 3076
_CONVERSION, _METHOD = 3074, 3075
_POINT, _IS_PROJECTED, _IS_GEOGRAPHIC, _IS_GEOCENTRIC = 2, 1, 2, 3
# Metres of a unit, by EPSG's numbers of units.
_METRES = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}
# Numbers from here on name nothing of EPSG's.
_NOT_EPSG = 32767
_EPSG = "EPSG:"
_WEB_MERCATOR = f"{_EPSG}3857"
_IN_DEGREES = "its positions are in degrees"
_NO_UNIT = "nothing says the unit of its positions"
_NO_PROJECTION = "a world file names no unit, and there is no .prj file beside it"
_NUMBERS = 6


@dataclass(frozen=True)
class Placement:
    """Where a photograph lies, as its file or the files beside it say.

    Attributes:
        georeference: Map from its pixels to positions.
        metres_per_unit: Metres on the ground of a unit of those positions; None where they are not
            known.
        why_not: Reason in words why they are not known; empty where they are.
    """

    georeference: Georeference
    metres_per_unit: float | None
    why_not: str = ""


def read_placement(path: Path) -> Placement | None:
    """Reads where a photograph lies.

    The tags of a GeoTIFF file come before a world file. Both speak of the pixels as they are
    stored, so that what is turned by its EXIF orientation lies nowhere.

    Args:
        path: Path of the photograph.

    Returns:
        The place; None where no file says it, or what it says is of no use.
    """
    with suppress(*DAMAGES, UnreadableImageError):
        found = _from_tags(path) or _from_world_file(path)
        if found is not None and not _is_turned(path):
            return found
    return None


def _from_tags(path: Path) -> Placement | None:
    read = read_tags(path)
    if read is None:
        return None
    tags, _ = read
    keys = _geo_keys(tags.get(_KEYS, ()))
    affine = _affine_of_tags(tags, middle=0.0 if keys.get(_RASTER_TYPE) == _POINT else 0.5)
    if affine is None:
        return None
    in_degrees = _is_in_degrees(keys)
    # A projection of its own names the system that it is a projection of, whose degrees it has not.
    crs = _epsg(keys.get(_GEOGRAPHIC if in_degrees else _PROJECTED))
    why_not = _IN_DEGREES if in_degrees else _why_no_metres(keys)
    return _placed(affine, crs, why_not, _unit_of_keys(keys))


def _placed(affine: Affine, crs: str | None, why_not: str, metres: float | None) -> Placement:
    reference = Georeference(affine, crs)
    if why_not or not metres:
        return Placement(reference, None, why_not or _NO_UNIT)
    return Placement(reference, metres)


def _geo_keys(stored: Sequence[int]) -> Mapping[int, int | None]:
    """The keys with their numbers of 16 bits; None for words and other numbers."""
    entries = (stored[start : start + 4] for start in range(4, len(stored) - 3, 4))
    return {key: value if where == 0 else None for key, where, _, value in entries}


def _is_in_degrees(keys: Mapping[int, int | None]) -> bool:
    """Whether a system says so, or names one in degrees and no projection of it."""
    model = keys.get(_MODEL_TYPE)
    projection = range(_PROJECTED, _LINEAR_UNIT)
    is_bare = _GEOGRAPHIC in keys and not any(key in keys for key in projection)
    return model == _IS_GEOGRAPHIC or (model not in (_IS_PROJECTED, _IS_GEOCENTRIC) and is_bare)


def _why_no_metres(keys: Mapping[int, int | None]) -> str:
    """Reason in words why a system that is not in degrees has no metres of the ground."""
    code = keys.get(_PROJECTED)
    if code is not None and _epsg(code):
        return why_no_code(code)
    model = keys.get(_MODEL_TYPE)
    names_a_system = any(_GEOGRAPHIC <= key < _LINEAR_UNIT for key in keys)
    # A site's own axes, on no projection, have a unit and nothing else.
    if model not in (_IS_PROJECTED, _IS_GEOCENTRIC) and not names_a_system:
        return ""
    return why_no_method(keys.get(_METHOD), keys.get(_CONVERSION))


def _epsg(code: int | None) -> str | None:
    return f"{_EPSG}{code}" if code is not None and 0 < code < _NOT_EPSG else None


def _unit_of_keys(keys: Mapping[int, int | None]) -> float | None:
    """Metres of the unit; a file that names a system of UTM need not name it."""
    if _LINEAR_UNIT in keys:
        return _METRES.get(keys[_LINEAR_UNIT] or 0)
    return 1.0 if any(keys.get(_PROJECTED, 0) in codes for codes in _UTM) else None


def _affine_of_tags(tags: Mapping[int, Any], middle: float) -> Affine | None:
    """The map from pixels, the middle of the first of which lies at this distance from its zero."""
    if _TRANSFORMATION in tags:
        a, b, _, c, d, e, _, f = map(float, tags[_TRANSFORMATION][:8])
    elif _PIXEL_SCALE in tags and len(tags.get(_TIE_POINTS, ())) == 6:
        across, down = map(float, tags[_PIXEL_SCALE][:2])
        column, row, _, x, y, _ = map(float, tags[_TIE_POINTS])
        a, b, c, d, e, f = across, 0.0, x - column * across, 0.0, -down, y + row * down
    else:
        return None
    return _usable((a, b, c + middle * (a + b), d, e, f + middle * (d + e)))


def _usable(affine: Affine) -> Affine | None:
    """The map, if it is one: finite, and not of all pixels to a line."""
    a, b, _, d, e, _ = affine
    return affine if all(map(math.isfinite, affine)) and a * e != b * d else None


def _from_world_file(path: Path) -> Placement | None:
    file = next((beside for beside in _world_files(path) if beside.is_file()), None)
    if file is None:
        return None
    affine = _affine_of_world_file(file)
    if affine is None:
        warn("map", f"{file}: no world file of six numbers, so {path.name} lies on no map")
        return None
    projection = next((beside for beside in _projection_files(path) if beside.is_file()), None)
    if projection is None:
        return Placement(Georeference(affine, None), None, _NO_PROJECTION)
    text = projection.read_text("utf-8-sig", errors="replace").strip()
    return _placed(affine, _name_of(text), _why_not_of(text), _unit_of_text(text))


def files_beside(path: Path) -> list[Path]:
    """The files beside a photograph that say where it lies."""
    every = [*_world_files(path), *_projection_files(path)]
    return [one for one in every if one.is_file()]


def _affine_of_world_file(file: Path) -> Affine | None:
    words = file.read_text("utf-8-sig", errors="replace").replace(",", ".").split()
    try:
        a, d, b, e, c, f = map(float, words[:_NUMBERS])
    except ValueError:
        return None
    return _usable((a, b, c, d, e, f))


def _world_files(path: Path) -> list[Path]:
    """``x.jgw``, ``x.jpgw`` and ``x.wld`` for ``x.jpg`` or ``x.JPG``."""
    letters = path.suffix[1:].lower()
    return _spelled(path, f"{letters[:1]}{letters[-1:]}w", f"{letters}w", "wld")


def _projection_files(path: Path) -> list[Path]:
    return _spelled(path, "prj")


def _spelled(path: Path, *endings: str) -> list[Path]:
    """The files beside a photograph of some endings, in small letters and in capitals."""
    return [path.with_suffix(f".{form}") for ending in endings for form in (ending, ending.upper())]


def _name_of(text: str) -> str:
    """EPSG's name for a system that is described in words (WKT), or else these words."""
    if "Mercator_Auxiliary_Sphere" in text or "Pseudo-Mercator" in text:
        return _WEB_MERCATOR
    found = re.search(r'(?:AUTHORITY|ID)\["EPSG",\s*"?(\d+)"?\]\s*\]$', text)
    return f"{_EPSG}{found[1]}" if found else text


def _why_not_of(text: str) -> str:
    """Reason in words why a system that is described in words has no metres of the ground."""
    if text.startswith(("GEOGCS", "GEOGCRS", "GEODCRS", "BASEGEOGCRS")):
        return _IN_DEGREES
    name = _name_of(text)
    if name.startswith(_EPSG):
        return why_no_code(int(name.removeprefix(_EPSG)))
    return why_no_words(text)


def _unit_of_text(text: str) -> float | None:
    """Metres of the unit of the axes: the first one behind the projection (WKT 1 and 2).

    A site's own system, whose axes lie on no projection, has one too.
    """
    found = re.search(
        r"(?:PROJECTION\[.*?\bUNIT|^LOCAL_CS\[.*?\bUNIT|CS\[Cartesian.*?\bLENGTHUNIT)"
        r'\["[^"]*",\s*([\d.eE+-]+)',
        text,
        re.DOTALL,
    )
    return float(found[1]) if found else None


def _is_turned(path: Path) -> bool:
    header = read_tiff_header(path)
    if header is not None:
        return header.orientation != 1
    with open_picture(path) as opened:
        return orientation_of(opened) != 1
