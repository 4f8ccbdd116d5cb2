"""Common form of all annotation formats: shapes with labels, and how they are drawn."""

import base64
import io
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.data.annotations.drawings import Drawing, Polygons
from crackseg.data.annotations.labels import LabelUse, crack_labels, means_crack
from crackseg.data.annotations.polygons import points
from crackseg.errors import AnnotationError, UnreadableImageError
from crackseg.images.pixels import UInt8Array
from crackseg.images.tiff.exif import DAMAGES

# Of a painted mask whose photograph's size is not known.
_MOST_PIXELS = 1 << 28
_MOST_DIGITS = 19
_NO_PIXEL = (
    "it covers no pixel of the photograph, as a click by accident, or a polygon that goes along a "
    "crack and back on the same points; draw such a crack as a line"
)


@dataclass(frozen=True)
class Shape:
    """One annotation, or a part of one.

    Attributes:
        name: Name in messages, such as ``shape 2``.
        label: Label of what it shows.
        drawing: Drawing of the shape, or the reason why it cannot be drawn.
    """

    name: str
    label: str
    drawing: Drawing | str


@dataclass(frozen=True)
class Annotated:
    """Annotations of one photograph.

    Attributes:
        where: Name of the file in messages, with the photograph where it lists several.
        size: Size (H, W) of the photograph that they were drawn on; None where the file does not
            say it.
        shapes: All annotated shapes.
    """

    where: str
    size: tuple[int, int] | None
    shapes: tuple[Shape, ...]

    def draw(self, labels: Collection[str], size: tuple[int, int]) -> UInt8Array:
        """Draws the cracks, without shapes that have no area; see :meth:`skipped`.

        Args:
            labels: Labels that are cracks.
            size: Size (H, W) of the photograph in pixels.

        Returns:
            uint8 array of shape (H, W), 0 or 255.

        Raises:
            UnreadableImageError: The size differs, a shape does not fit, or no crack can be drawn.
        """
        if self.size is not None and self.size != size:
            raise AnnotationError.of(
                f"{self.where}:",
                f"annotated at {self.size[1]} x {self.size[0]} pixels (width x height), but the "
                f"photograph has {size[1]} x {size[0]}; it was resized or turned afterwards",
            )
        cracks = [shape for shape in self.shapes if shape.label in labels]
        if cracks and all(isinstance(crack.drawing, str) for crack in cracks):
            raise self._error(cracks[0], cracks[0].drawing)
        mask = np.zeros(size, np.uint8)
        for crack in cracks:
            if not isinstance(crack.drawing, str):
                try:
                    mask |= crack.drawing.draw(size)
                except ValueError as error:
                    raise self._error(crack, error) from error
        if cracks and not mask.any():
            raise self._error(cracks[0], _NO_PIXEL)
        return mask

    def _error(self, crack: Shape, reason: object) -> AnnotationError:
        return AnnotationError.of(
            f"{self.where}: {crack.name} ({crack.label})", f"cannot be drawn: {reason}"
        )

    def skipped(self, labels: Collection[str]) -> list[str]:
        """Reasons why cracks cannot be drawn; empty where no other crack is left."""
        cracks = [shape for shape in self.shapes if shape.label in labels]
        faulty = [crack for crack in cracks if isinstance(crack.drawing, str)]
        if len(faulty) == len(cracks):
            return []
        return [str(self._error(crack, crack.drawing)) for crack in faulty]


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file of any format.

    Attributes:
        path: Path of the file.
        use: Labels in the file.
        photographs: Annotations of each photograph by the file name in the list; by ``None`` in a
            file for one photograph.
        made_for: Name of the photograph that a file for one was made for; empty where it does not
            say it. The file belongs to that of its own name all the same.
    """

    path: Path
    use: LabelUse
    photographs: Mapping[str | None, Annotated] = field(repr=False)
    made_for: str = ""

    @property
    def listed(self) -> list[str]:
        """File names that the file lists; empty where it is for one photograph."""
        return [name for name in self.photographs if name is not None]

    @property
    def is_listing(self) -> bool:
        """Whether the file is for many photographs, which it names."""
        return None not in self.photographs

    def draw(
        self, photograph: str | None, labels: Collection[str] | None, size: tuple[int, int]
    ) -> UInt8Array:
        """Draws the cracks of one photograph; see :meth:`Annotated.draw`.

        Args:
            photograph: Name that the file lists, or None.
            labels: Labels that are cracks; None guesses them from this file alone.
            size: Size (H, W) of the photograph in pixels.

        Raises:
            UnreadableImageError: The photograph is not listed, or see :meth:`Annotated.draw`.
            DatasetError: It is not known which labels are cracks.
        """
        annotated = self.photographs.get(photograph)
        if annotated is None:
            raise UnreadableImageError(f"{self.path}: it lists no image {photograph!r}")
        if labels is None:
            labels = self.guessed_labels()
        return annotated.draw(labels, size)

    def guessed_labels(self) -> frozenset[str]:
        """Guesses the labels that are cracks from this file alone.

        Raises:
            DatasetError: They cannot be guessed.
        """
        speaking = frozenset(filter(means_crack, self.use.labels))
        if speaking or not self.is_listing:
            # The other files of its data set may have other labels.
            return speaking
        return crack_labels(self.use, self.path)


def sheet(
    path: Path, size: tuple[int, int] | None, shapes: Sequence[Shape], made_for: str = ""
) -> AnnotationFile:
    """Makes an annotation file for one photograph, after which it is named."""
    labels = frozenset(shape.label for shape in shapes)
    annotated = Annotated(str(path), size, tuple(shapes))
    return AnnotationFile(path, LabelUse(labels, labels), {None: annotated}, made_for)


def labelled_shapes(
    path: Path,
    entries: Sequence[Any],
    kind: str,
    label: str,
    drawing: Callable[[dict[str, Any]], Drawing],
) -> list[Shape]:
    """Makes shapes of the entries of a JSON list, each with a label.

    Args:
        path: File for messages.
        entries: Entries as they stand in the file.
        kind: Kind of an entry in messages, such as ``shape``.
        label: Key of an entry's label.
        drawing: Function that makes the drawing of an entry, or raises a ValueError.

    Raises:
        UnreadableImageError: An entry has no label.
    """
    for number, entry in enumerate(entries, 1):
        said = entry.get(label) if isinstance(entry, dict) else None
        if not isinstance(said, str) or not said.strip():
            raise UnreadableImageError(f"{path}: {kind} {number} has no {label}")
    return [
        shape(f"{kind} {number}", entry[label], partial(drawing, entry))
        for number, entry in enumerate(entries, 1)
    ]


def shape(name: str, label: str, make: Callable[[], Drawing]) -> Shape:
    """Makes a shape; if ``make`` finds its content damaged, one that cannot be drawn."""
    try:
        return Shape(name, label, make())
    except ValueError as error:
        return Shape(name, label, str(error))
    except (TypeError, OverflowError) as error:
        return Shape(name, label, f"it is damaged ({error})")


def polygon(coordinates: object) -> Polygons:
    """Makes a filled polygon.

    Raises:
        ValueError: The points are wrong, see :func:`crackseg.data.annotations.polygons.points`.
    """
    corners = points(coordinates, 3)
    return Polygons([corners], corners)


def decode_painted(
    encoded: Any, size: tuple[int, int] | None, unpack: Callable[[bytes], bytes] = bytes
) -> npt.NDArray[np.bool_]:
    """Decodes a painted rectangle that is stored as a PNG in base64.

    Args:
        encoded: Text in base64.
        size: Size (H, W) of the photograph, which it lies on; None where it is not known.
        unpack: Function that turns its bytes into those of the PNG.

    Raises:
        ValueError: The text cannot be decoded, or has more pixels than the photograph.
    """
    try:
        with Image.open(io.BytesIO(unpack(base64.b64decode(encoded)))) as image:
            # A short text may hold any number of pixels.
            width, height = image.size
            if width * height <= (math.prod(size) if size else _MOST_PIXELS):
                see_through = image.mode == "RGBA"
                grey = image.getchannel("A") if see_through else image.convert("L")
                return np.array(grey) > 0
    except DAMAGES as error:
        raise ValueError("its mask cannot be decoded") from error
    raise ValueError(f"its mask of {width:,} x {height:,} pixels is larger than the photograph")


def size_in(entry: Mapping[str, Any], height: str, width: str) -> tuple[int, int] | None:
    """The size (H, W) that an annotation gives under these keys; None where it does not.

    Some tools write whole numbers as 240.0 or as "240".
    """
    sides = (whole(entry.get(height)), whole(entry.get(width)))
    # Some tools write 0 for what they do not know.
    return (sides[0], sides[1]) if sides[0] and sides[1] else None


def whole(value: Any) -> int | None:
    """The whole number that a value stands for, also as 240.0 or "240"; None for others."""
    if isinstance(value, str) and value.isdecimal() and len(value) < _MOST_DIGITS:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    return None
