"""What every annotation format is turned into: shapes with labels, and how they are drawn."""

import base64
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.data.annotations.labels import LabelUse, crack_labels, means_crack
from crackseg.data.annotations.polygons import Points, fill, points, refuse_far
from crackseg.data.annotations.rle import expand
from crackseg.errors import UnreadableImageError
from crackseg.images import UInt8Array


class Drawing(Protocol):
    """Something that can be drawn on a photograph."""

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """Draws it at (H, W) as uint8, 0 or 255.

        Raises:
            ValueError: It does not fit a photograph of this size.
        """
        ...


@dataclass(frozen=True)
class Polygons:
    """Filled polygons.

    Attributes:
        outlines: Points of each, in pixels.
        given: Points as they were annotated, before they were made polygons.
    """

    outlines: Sequence[Points]
    given: Points

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`Drawing`."""
        refuse_far(self.given, size)
        return fill(self.outlines, size)


@dataclass(frozen=True)
class RelativePolygon:
    """A filled polygon whose points are shares of the photograph's sides, 0-1."""

    outline: Points

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`Drawing`."""
        outline = self.outline * np.array(size[::-1])
        refuse_far(outline, size)
        return fill([outline], size)


@dataclass(frozen=True)
class Runs:
    """A run-length code.

    Attributes:
        counts: Lengths of the runs, see :mod:`crackseg.data.annotations.rle`.
        size: (H, W) that it was made of.
    """

    counts: Sequence[int]
    size: tuple[int, int]

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`Drawing`."""
        if self.size != size:
            raise ValueError(f"its run-length code is of size {list(self.size)}")
        return expand(self.counts, size)


@dataclass(frozen=True)
class Bitmap:
    """A painted rectangle.

    Attributes:
        painted: Whether each pixel is, bool (h, w).
        left: Column of its first pixel.
        top: Row of its first pixel.
    """

    painted: npt.NDArray[np.bool_]
    left: int
    top: int

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`Drawing`."""
        height, width = self.painted.shape
        top, left = self.top, self.left
        if min(left, top) < 0 or top + height > size[0] or left + width > size[1]:
            raise ValueError("its mask reaches beyond the photograph")
        mask = np.zeros(size, np.uint8)
        mask[top : top + height, left : left + width][self.painted] = 255
        return mask


@dataclass(frozen=True)
class Shape:
    """One annotation, or a part of one.

    Attributes:
        name: What it is called in a message, as ``shape 2``.
        label: What it shows.
        drawing: What is drawn; or why it cannot be.
    """

    name: str
    label: str
    drawing: Drawing | str


@dataclass(frozen=True)
class Annotated:
    """What was annotated on one photograph.

    Attributes:
        where: The file, and the photograph where it lists several.
        size: (H, W) of the photograph that it was drawn on; None where the file does not tell.
        shapes: All that was annotated.
    """

    where: str
    size: tuple[int, int] | None
    shapes: tuple[Shape, ...]

    def draw(self, labels: Collection[str], size: tuple[int, int]) -> UInt8Array:
        """Draws the cracks, but for shapes that have no area; see :meth:`skipped`.

        Args:
            labels: Labels that are cracks.
            size: (H, W) of the photograph.

        Returns:
            uint8 array of shape (H, W), 0 or 255.

        Raises:
            UnreadableImageError: A photograph of another size, a shape that does not fit it, or
                no crack that can be drawn among those that are annotated.
        """
        if self.size is not None and self.size != size:
            raise UnreadableImageError(
                f"{self.where}: annotated at {self.size[1]} x {self.size[0]} pixels (width x "
                f"height), but the photograph has {size[1]} x {size[0]}; it was resized or turned "
                "afterwards"
            )
        cracks = [shape for shape in self.shapes if shape.label in labels]
        if cracks and all(isinstance(crack.drawing, str) for crack in cracks):
            raise UnreadableImageError(f"{self.where}: {_fault(cracks[0], cracks[0].drawing)}")
        mask = np.zeros(size, np.uint8)
        for crack in cracks:
            if not isinstance(crack.drawing, str):
                try:
                    mask |= crack.drawing.draw(size)
                except ValueError as error:
                    raise UnreadableImageError(f"{self.where}: {_fault(crack, error)}") from error
        return mask

    def skipped(self, labels: Collection[str]) -> list[str]:
        """Says of every crack that cannot be drawn why; none where no other crack is left."""
        cracks = [shape for shape in self.shapes if shape.label in labels]
        faulty = [crack for crack in cracks if isinstance(crack.drawing, str)]
        if len(faulty) == len(cracks):
            return []
        return [f"{self.where}: {_fault(crack, crack.drawing)}" for crack in faulty]


@dataclass(frozen=True)
class AnnotationFile:
    """An annotation file of any format.

    Attributes:
        path: The file.
        use: Labels in it.
        photographs: What it says of each photograph, by the file name that it lists; or, of a
            file for one photograph alone, by ``None``.
    """

    path: Path
    use: LabelUse
    photographs: Mapping[str | None, Annotated] = field(repr=False)

    @property
    def listed(self) -> list[str]:
        """The file names that it lists; none where it is for one photograph alone."""
        return [name for name in self.photographs if name is not None]

    @property
    def is_listing(self) -> bool:
        """Whether it is for many photographs, which it names."""
        return None not in self.photographs

    def draw(
        self, photograph: str | None, labels: Collection[str] | None, size: tuple[int, int]
    ) -> UInt8Array:
        """Draws the cracks of one photograph; see :meth:`Annotated.draw`.

        Args:
            photograph: Name that the file lists, or None.
            labels: Labels that are cracks; None guesses them from this file alone.
            size: (H, W) of the photograph.

        Raises:
            UnreadableImageError: See :meth:`Annotated.draw`; or the file does not list it.
            DatasetError: It is not known which labels are cracks.
        """
        annotated = self.photographs.get(photograph)
        if annotated is None:
            raise UnreadableImageError(f"{self.path}: it lists no image {photograph!r}")
        if labels is None:
            labels = self.guessed_labels()
        return annotated.draw(labels, size)

    def guessed_labels(self) -> frozenset[str]:
        """The labels that are cracks as far as this file alone tells.

        Raises:
            DatasetError: It does not tell.
        """
        speaking = frozenset(filter(means_crack, self.use.labels))
        if speaking or not self.is_listing:
            # The other files of its data set may have other labels.
            return speaking
        return crack_labels(self.use, self.path)


def sheet(path: Path, size: tuple[int, int] | None, shapes: Sequence[Shape]) -> AnnotationFile:
    """An annotation file for the one photograph that it is named like."""
    labels = frozenset(shape.label for shape in shapes)
    return AnnotationFile(
        path, LabelUse(labels, labels), {None: Annotated(str(path), size, tuple(shapes))}
    )


def shape(name: str, label: str, make: Callable[[], Drawing]) -> Shape:
    """A shape; where ``make`` raises a ValueError, one that cannot be drawn."""
    try:
        return Shape(name, label, make())
    except ValueError as error:
        return Shape(name, label, str(error))


def polygon(coordinates: object) -> Polygons:
    """A filled polygon.

    Raises:
        ValueError: See :func:`crackseg.data.annotations.polygons.points`.
    """
    corners = points(coordinates, 3)
    return Polygons([corners], corners)


def decode_painted(encoded: Any, unpack: Callable[[bytes], bytes] = bytes) -> npt.NDArray[np.bool_]:
    """A painted rectangle, stored as a PNG in base64.

    Args:
        encoded: The text.
        unpack: Turns its bytes into those of the PNG.

    Raises:
        ValueError: It cannot be decoded.
    """
    try:
        with Image.open(io.BytesIO(unpack(base64.b64decode(encoded)))) as image:
            see_through = image.mode == "RGBA"
            grey = image.getchannel("A") if see_through else image.convert("L")
            return np.array(grey) > 0
    except (TypeError, ValueError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError("its mask cannot be decoded") from error


def size_in(entry: Mapping[str, Any], height: str, width: str) -> tuple[int, int] | None:
    """The (H, W) that an annotation gives under these keys; None where it does not.

    Some tools write whole numbers as 240.0 or as "240".
    """
    sides = (_whole(entry.get(height)), _whole(entry.get(width)))
    return None if sides[0] is None or sides[1] is None else (sides[0], sides[1])


def _whole(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1:
        return int(value)
    return None


def _fault(shape: Shape, reason: object) -> str:
    return f"{shape.name} ({shape.label}) cannot be drawn: {reason}"
