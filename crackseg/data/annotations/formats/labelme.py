"""Reads LabelMe files, one for each photograph.

Polygons, rectangles and circles are filled, painted masks are taken as they are, and lines are
drawn :data:`crackseg.data.annotations.polygons.LINE_WIDTH` pixels wide.
"""

from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

from crackseg.data.annotations.drawings import Bitmap, Drawing, Polygons
from crackseg.data.annotations.polygons import circle, points, rectangle, stroke
from crackseg.data.annotations.shapes import (
    AnnotationFile,
    decode_painted,
    labelled_shapes,
    polygon,
    sheet,
    size_in,
)


def parse_labelme(path: Path, document: Any) -> AnnotationFile | None:
    """Reads LabelMe's parts of a JSON document; None for a document of another kind.

    Raises:
        UnreadableImageError: A shape has no label.
    """
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(shapes, list):
        return None
    size = size_in(document, "imageHeight", "imageWidth")
    labelled = labelled_shapes(path, shapes, "shape", "label", partial(_drawing, size))
    # Paths of another machine, perhaps one with Windows.
    made_for = PureWindowsPath(str(document.get("imagePath") or "")).name
    return sheet(path, size, labelled, made_for)


def _drawing(size: tuple[int, int] | None, entry: dict[str, Any]) -> Drawing:
    """Makes the drawing of a shape.

    Raises:
        ValueError: The shape has no area, or is damaged.
    """
    kind, given = entry.get("shape_type") or "polygon", entry.get("points")
    match kind:
        case "polygon" | "oriented_rectangle" | "rotation" | "quadrilateral":
            return polygon(given)
        case "rectangle":
            corners = points(given, 2)
            return Polygons([rectangle(corners) if len(corners) == 2 else corners], corners)
        case "circle":
            corners = points(given, 2)
            return Polygons([circle(corners[:2])], corners)
        case "line" | "linestrip":
            line = points(given, 2)
            return Polygons(stroke(line), line)
        case "mask":
            left, top = (round(place) for place in points(given, 2).min(axis=0).tolist())
            return Bitmap(decode_painted(entry.get("mask"), size), left, top)
    raise ValueError(f"a {kind} has no area")
