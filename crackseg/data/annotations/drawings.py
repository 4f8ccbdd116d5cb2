"""What can be drawn on a photograph: polygons, run-length codes, painted rectangles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.polygons import Points, fill, refuse_far, refuse_shares
from crackseg.data.annotations.rle import expand
from crackseg.images.pixels import UInt8Array


class Drawing(Protocol):
    """Something that can be drawn on a photograph."""

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """Draws it at size (H, W) as uint8, 0 or 255.

        Raises:
            ValueError: The drawing does not fit a photograph of this size.
        """
        ...


@dataclass(frozen=True)
class Polygons:
    """Filled polygons.

    Attributes:
        outlines: Points of each polygon, in pixels.
        given: Points as they were annotated, before they were made into polygons.
    """

    outlines: Sequence[Points]
    given: Points

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """See :class:`Drawing`."""
        refuse_far(self.given, size)
        refuse_shares(self.given)
        return fill(self.outlines, size)


@dataclass(frozen=True)
class RelativePolygon:
    """A filled polygon whose points are shares of the photograph's sides, in [0, 1]."""

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
        size: Size (H, W) of the mask that it was made from.
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
        painted: Whether each pixel is painted, bool (h, w).
        left: Column of its first pixel in the photograph.
        top: Row of its first pixel in the photograph.
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
