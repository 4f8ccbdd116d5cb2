"""Reads Supervisely files, ``ann/X.jpg.json`` for each photograph ``img/X.jpg``.

Bitmaps are PNG files of the rectangle around them, packed and in base64; polygons and rectangles
are filled, without a polygon's holes; lines are drawn
:data:`crackseg.data.annotations.polygons.LINE_WIDTH` pixels wide.
"""

import zlib
from functools import partial
from pathlib import Path
from typing import Any

from crackseg.data.annotations.drawings import Bitmap, Drawing, Polygons
from crackseg.data.annotations.polygons import Points, fill, points, rectangle, refuse_far, stroke
from crackseg.data.annotations.shapes import (
    AnnotationFile,
    decode_painted,
    labelled_shapes,
    sheet,
    size_in,
)
from crackseg.images.pixels import UInt8Array

_MOST_UNPACKED = 1 << 28


class _WithHoles:
    """A polygon without its holes."""

    def __init__(self, outline: Points, holes: list[Points]) -> None:
        self.outline, self.holes = outline, holes

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`crackseg.data.annotations.drawings.Drawing`."""
        for corners in (self.outline, *self.holes):
            refuse_far(corners, size)
        mask = fill([self.outline], size)
        mask[fill(self.holes, size) > 0] = 0
        return mask


def parse_supervisely(path: Path, document: Any) -> AnnotationFile | None:
    """Reads Supervisely's objects of a JSON document; None for a document of another kind.

    Raises:
        UnreadableImageError: An object has no class.
    """
    objects = document.get("objects") if isinstance(document, dict) else None
    size = document.get("size") if isinstance(document, dict) else None
    if not isinstance(objects, list) or not isinstance(size, dict):
        return None
    sides = size_in(size, "height", "width")
    labelled = labelled_shapes(path, objects, "object", "classTitle", partial(_drawing, sides))
    return sheet(path, sides, labelled)


def _drawing(size: tuple[int, int] | None, entry: dict[str, Any]) -> Drawing:
    """Makes the drawing of an object.

    Raises:
        ValueError: The object has no area, or is damaged.
    """
    kind, given = entry.get("geometryType"), entry.get("points")
    outline = given.get("exterior") if isinstance(given, dict) else None
    match kind:
        case "bitmap":
            return _bitmap(entry.get("bitmap"), size)
        case "polygon":
            holes = given.get("interior") or [] if isinstance(given, dict) else []
            if not isinstance(holes, list):
                raise ValueError("its holes are no list of polygons")
            return _WithHoles(points(outline, 3), [points(hole, 3) for hole in holes])
        case "rectangle":
            corners = points(outline, 2)
            return Polygons([rectangle(corners[:2])], corners)
        case "line" | "polyline":
            line = points(outline, 2)
            return Polygons(stroke(line), line)
    raise ValueError(f"a {kind} has no area")


def _bitmap(bitmap: Any, size: tuple[int, int] | None) -> Bitmap:
    if not isinstance(bitmap, dict):
        raise ValueError("its bitmap is missing")
    left, top = (round(place) for place in points([bitmap.get("origin")], 1)[0].tolist())
    return Bitmap(decode_painted(bitmap.get("data"), size, _unpack), left, top)


def _unpack(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, _MOST_UNPACKED)
    except zlib.error as error:
        raise ValueError("it is not packed") from error
