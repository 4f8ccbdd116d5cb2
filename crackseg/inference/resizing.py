"""Resizes logits that come and go in bands of rows, so that no whole picture of them is needed.

The result is that of :func:`crackseg.inference.tiling.logits_at_size`, which knows the whole
picture. Logits are interpolated, not probabilities. Between a pixel of 1 and one of 0,
probabilities fall below a high threshold at once, and thin cracks would break. Where the size
shrinks, every pixel is a mean of those that it covers.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.inference.tiling import Logits

_Indices = npt.NDArray[np.intp]

# Pixels of a band: few enough for a processor's cache.
BAND_PIXELS = 1 << 19


def rows_at_size(
    bands: Iterable[Logits], small: tuple[int, int], size: tuple[int, int]
) -> Iterator[Logits]:
    """Resizes a picture of logits; the result does not depend on the bands.

    Args:
        bands: Rows of the picture (h, w), from top to bottom.
        small: Size (H, W) of the whole picture.
        size: Size (H, W) that it gets.

    Yields:
        The next rows of the resized picture, of about :data:`BAND_PIXELS` pixels.
    """
    height, width = size
    step = max(BAND_PIXELS // width, 1)
    shrinks = small[0] > height or small[1] > width
    resizing: _Resizing = _Shrinking(small, size) if shrinks else _Growing(small, size)
    held, above, done = np.empty((0, width if not shrinks else small[1]), np.float32), 0, 0
    for band in bands:
        held = np.concatenate([held, resizing.prepared(band)])
        known = above + len(held)
        ready = int(np.searchsorted(resizing.last, known)) if known < small[0] else height
        for start in range(done, ready, step):
            yield resizing.rows(held, above, start, min(start + step, ready))
        done = ready
        if done < height:
            needed = int(resizing.first[done])
            held, above = held[needed - above :], needed


class _Resizing(Protocol):
    """A way of resizing.

    Attributes:
        first: Number of the first row that each row of the result depends on.
        last: Number of the last row that each row of the result depends on.
    """

    first: _Indices
    last: _Indices

    def prepared(self, band: Logits) -> Logits:
        """What is done with each band as it comes."""
        ...

    def rows(self, held: Logits, above: int, start: int, stop: int) -> Logits:
        """Rows of the result, of prepared rows that begin with number ``above``."""
        ...


class _Growing:
    """Linear interpolation, to the last bit that of OpenCV where that knows the whole picture."""

    def __init__(self, small: tuple[int, int], size: tuple[int, int]) -> None:
        self.width = size[1]
        position = np.maximum((np.arange(size[0]) + 0.5) * (small[0] / size[0]) - 0.5, 0)
        self.first = np.floor(position).astype(np.intp)
        self.last = np.minimum(self.first + 1, small[0] - 1)
        self.weight = (position - self.first).astype(np.float32)

    def prepared(self, band: Logits) -> Logits:
        # A single row OpenCV resizes in another way, with less precise positions.
        rows = band if len(band) > 1 else np.repeat(band, 2, axis=0)
        wide = cv2.resize(rows, (self.width, len(rows)), interpolation=cv2.INTER_LINEAR)
        return np.asarray(wide[: len(band)], np.float32)

    def rows(self, held: Logits, above: int, start: int, stop: int) -> Logits:
        result = np.empty((stop - start, self.width), np.float32)
        number, step = -1, held[0]
        for row, target in zip(range(start, stop), result, strict=True):
            if self.first[row] != number:
                number = self.first[row]
                upper = held[number - above]
                step = held[self.last[row] - above] - upper
            cv2.scaleAdd(step, float(self.weight[row]), upper, dst=target)
        return result


class _Shrinking:
    """Means of all pixels that fall into a larger one, by Pillow."""

    def __init__(self, small: tuple[int, int], size: tuple[int, int]) -> None:
        self.small, self.size = small, size
        self.scale = small[0] / size[0]
        reach = max(self.scale, 1.0) + 1
        centre = (np.arange(size[0]) + 0.5) * self.scale
        self.first = np.maximum(np.floor(centre - reach), 0).astype(np.intp)
        self.last = np.minimum(np.ceil(centre + reach), small[0] - 1).astype(np.intp)

    def prepared(self, band: Logits) -> Logits:
        return band

    def rows(self, held: Logits, above: int, start: int, stop: int) -> Logits:
        box = (0, start * self.scale - above, self.small[1], stop * self.scale - above)
        size = self.size[1], stop - start
        resized = Image.fromarray(held).resize(size, Image.Resampling.BILINEAR, box=box)
        return np.asarray(resized)
