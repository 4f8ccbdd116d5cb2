"""Reads LabelMe files, one for each photograph.

Polygons, rectangles and circles are filled, painted masks are taken as they are, and lines are
drawn :data:`crackseg.data.annotations.polygons.LINE_WIDTH` pixels wide. Files that this program
wrote keep a digest of their outlines, by which it is told whether somebody has corrected them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
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

# Key of the digest; LabelMe's program keeps what it does not know.
WRITTEN = "written"


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


def is_as_written(path: Path) -> bool:
    """Whether a file holds just the outlines that this program wrote."""
    try:
        document = json.loads(path.read_bytes())
        return bool(document[WRITTEN] == digest_of(document["shapes"]))
    except (OSError, ValueError, TypeError, LookupError):
        return False


def digest_of(shapes: Sequence[Mapping[str, Any]]) -> str:
    """Digest of what a correction changes; programs write 5 and 5.0 as they like."""
    outlines = [
        [one["label"], one["shape_type"], [[float(x), float(y)] for x, y in one["points"]]]
        for one in shapes
    ]
    return hashlib.sha256(json.dumps(outlines).encode()).hexdigest()[:16]
