"""Truth in the files that LabelMe writes, one for each photograph.

Polygons, rectangles and circles are filled, painted masks are taken as they are, and lines are
drawn :data:`crackseg.data.annotations.polygons.LINE_WIDTH` pixels wide.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from crackseg.data.annotations.labels import means_crack
from crackseg.data.annotations.polygons import (
    Points,
    circle,
    fill,
    points,
    rectangle,
    refuse_other_size,
    size_in,
    stroke,
)
from crackseg.errors import UnreadableImageError
from crackseg.images import UInt8Array


@dataclass(frozen=True)
class LabelMe:
    """One photograph's shapes, as they stand in the file.

    Attributes:
        size: (H, W) of the photograph that they were drawn on; None where the file does not tell.
    """

    path: Path
    size: tuple[int, int] | None
    shapes: tuple[dict[str, Any], ...]

    @property
    def labels(self) -> frozenset[str]:
        """All labels in use."""
        return frozenset(shape["label"] for shape in self.shapes)

    def draw(self, label: str | None, size: tuple[int, int]) -> UInt8Array:
        """Draws the shapes that are cracks.

        Args:
            label: of these shapes; None: all whose label speaks of a crack.
            size: (H, W) of the photograph.

        Returns:
            uint8 array of shape (H, W), 0 or 255.

        Raises:
            UnreadableImageError: a photograph of another size, or a shape that cannot be drawn.
        """
        refuse_other_size(str(self.path), self.size, size)
        mask = np.zeros(size, np.uint8)
        for number, shape in enumerate(self.shapes, 1):
            named: str = shape["label"]
            if means_crack(named) if label is None else named == label:
                try:
                    mask |= _draw(shape, size)
                except ValueError as error:
                    raise UnreadableImageError(
                        f"{self.path}: shape {number} ({named}) cannot be drawn: {error}"
                    ) from error
        return mask


def parse_labelme(path: Path, document: dict[str, Any]) -> LabelMe | None:
    """Takes LabelMe's parts out of a JSON document; None for one of another kind.

    Raises:
        UnreadableImageError: a shape without a label.
    """
    shapes = document.get("shapes")
    if not isinstance(shapes, list):
        return None
    for number, shape in enumerate(shapes, 1):
        if not isinstance(shape, dict) or not isinstance(shape.get("label"), str):
            raise UnreadableImageError(f"{path}: shape {number} has no label")
    return LabelMe(path, size_in(document, "imageHeight", "imageWidth"), tuple(shapes))


def _draw(shape: dict[str, Any], size: tuple[int, int]) -> UInt8Array:
    kind, given = shape.get("shape_type") or "polygon", shape.get("points")
    match kind:
        case "polygon" | "oriented_rectangle":
            return fill([points(given, size, 3)], size)
        case "rectangle":
            corners = points(given, size, 2)
            return fill([rectangle(corners) if len(corners) == 2 else corners], size)
        case "circle":
            return fill([circle(points(given, size, 2)[:2])], size)
        case "line" | "linestrip":
            return fill(stroke(points(given, size, 2)), size)
        case "mask":
            return _place(shape.get("mask"), points(given, size, 2), size)
    raise ValueError(f"a {kind} has no area")


def _place(encoded: Any, corners: Points, size: tuple[int, int]) -> UInt8Array:
    """A painted mask, stored as a PNG of the rectangle around it."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            painted = np.array(image.convert("L")) > 0
    except (TypeError, ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("its mask cannot be decoded") from error
    left, top = np.rint(corners.min(axis=0)).astype(int)
    height, width = painted.shape
    if min(left, top) < 0 or top + height > size[0] or left + width > size[1]:
        raise ValueError("its mask reaches beyond the photograph")
    mask = np.zeros(size, np.uint8)
    mask[top : top + height, left : left + width][painted] = 255
    return mask
