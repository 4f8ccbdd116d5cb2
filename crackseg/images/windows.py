"""Reads large TIFF files by windows, so that their pixels are never in memory as a whole.

It does so for what maps are mostly stored as: 8-bit grey or RGB in tiles or strips, without loss.
All other photographs are decoded as a whole. Compressions beyond those that tifffile knows by
itself (Deflate, PackBits) need the package imagecodecs, which tifffile finds.
"""

import math
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
import numpy.typing as npt
import tifffile

from crackseg.errors import UnreadableImageError
from crackseg.images.conversion import Photograph
from crackseg.images.notices import warn_of_pages
from crackseg.images.photographs import open_photograph, size_of_photograph
from crackseg.images.pixels import Resize, UInt8Array, decoding, refuse_too_large
from crackseg.images.tiff.header import BLACK_IS_ZERO, RGB, TiffHeader, read_tiff_header

# What a photograph may have without a word of the user; the memory bounds it too.
MAX_MEGAPIXELS = 1000.0
# Bytes a pixel of a photograph that is decoded as a whole: 4 in Pillow, 3 here.
DECODED_BYTES = 8
# Smaller files are decoded as a whole, in less time.
WINDOWED_PIXELS = 1 << 25
# Those without loss, of which every program gives the same pixels.
_COMPRESSIONS = frozenset({"raw", "tiff_lzw", "tiff_deflate", "tiff_adobe_deflate", "packbits"})
_COMPRESSIONS |= {"zstd"}
_DEFLATE = (8, 32946)
# Rows that are looked at a time.
_ROWS = 64
# OpenCV leaves out smaller parts of a row.
_LEAST_PART = 1e-3


class WindowedPhotograph:
    """A photograph whose rows are read when they are asked for, from top to bottom.

    Args:
        path: Path of a TIFF file.
        page: Its first picture.

    Attributes:
        size: Size (H, W).
    """

    def __init__(self, path: Path, page: tifffile.TiffPage) -> None:
        self.path, self.size = path, (page.imagelength, page.imagewidth)
        self._page = page
        self._depth = page.tilelength if page.is_tiled else min(page.rowsperstrip, self.size[0])
        self._across = -(-self.size[1] // page.tilewidth) if page.is_tiled else 1
        self._decoded: dict[int, UInt8Array] = {}
        self._windows(0)

    def rows(self, start: int, stop: int) -> UInt8Array:
        """Pixels of the rows from one to before another, (h, W, 3).

        Raises:
            UnreadableImageError: The file is damaged there.
        """
        rows = np.empty((stop - start, self.size[1], 3), np.uint8)
        with decoding(self.path):
            for number in range(start // self._depth, -(-stop // self._depth)):
                above = number * self._depth
                first, last = max(start, above), min(stop, above + self._depth)
                rows[first - start : last - start] = self._windows(number)[
                    first - above : last - above
                ]
        return rows

    def visible_rows(self, start: int, stop: int) -> npt.NDArray[np.bool_] | None:
        """None: all pixels are visible."""
        return None

    def resized(self, size: tuple[int, int], how: Resize) -> "Photograph | WindowedPhotograph":
        """The photograph at another size, as if it was resized as a whole.

        Where neither side shrinks by a whole factor, single pixels may differ by one grey level.
        """
        if size == self.size:
            return self
        if how == "area" and size[0] <= self.size[0] and size[1] <= self.size[1]:
            return Photograph(np.concatenate(list(self._shrunk(size))), None)
        return Photograph(self.rows(0, self.size[0]), None).resized(size, how)

    def _windows(self, number: int) -> UInt8Array:
        """Pixels of a row of windows, (h, W, 1) or (h, W, 3)."""
        if number not in self._decoded:
            # Neighbouring rows mostly lie in the same windows, or in the last ones.
            for earlier in list(self._decoded)[:-1]:
                del self._decoded[earlier]
            self._decoded[number] = self._decode(number)
        return self._decoded[number]

    def _decode(self, number: int) -> UInt8Array:
        width = self.size[1]
        rows = np.empty((self._depth, width, self._page.samplesperpixel), np.uint8)
        with self.path.open("rb") as file:
            for index in range(number * self._across, (number + 1) * self._across):
                window, left = self._window(file, index)
                height, across = window.shape[0], min(window.shape[1], width - left)
                rows[:height, left : left + across] = window[:, :across]
        return rows

    def _window(self, file: BinaryIO, index: int) -> tuple[UInt8Array, int]:
        """Pixels of a window, and the number of its first column."""
        page = self._page
        try:
            file.seek(page.dataoffsets[index])
            stored = file.read(page.databytecounts[index])
            if page.compression in _DEFLATE:
                self._refuse_what_swells(stored)
            window, (_, _, _, left, _), _ = page.decode(stored, index)
            if window is None:
                raise ValueError("it is missing")
            return np.asarray(window[0], np.uint8), left
        except Exception as error:
            # A damaged file can fail in any way.
            parts = len(page.dataoffsets)
            raise ValueError(f"its part {index + 1} of {parts} is damaged: {error}") from error

    def _refuse_what_swells(self, stored: bytes) -> None:
        """Refuses a window of more bytes than its pixels have, as its decoder has no bound."""
        page = self._page
        across = page.tilewidth if page.is_tiled else self.size[1]
        pixels = self._depth * across * page.samplesperpixel
        unpacked = zlib.decompressobj().decompress(stored, pixels + 1)
        if len(unpacked) > pixels:
            raise ValueError(f"it unpacks to more than its {pixels:,} bytes")

    def _shrunk(self, size: tuple[int, int]) -> Iterator[UInt8Array]:
        """Rows of the photograph as OpenCV's area mode shrinks it."""
        (height, width), scale = self.size, self.size[0] / size[0]
        whole_factor = height % size[0] == 0 and width % size[1] == 0
        step = max(int(_ROWS / scale), 1)
        for start in range(0, size[0], step):
            stop = min(start + step, size[0])
            above = int(start * scale)
            pixels = self.rows(above, min(math.ceil(stop * scale), height))
            if whole_factor:
                small = cv2.resize(pixels, (size[1], stop - start), interpolation=cv2.INTER_AREA)
                yield np.asarray(small, np.uint8)
                continue
            across = (size[1], len(pixels))
            wide = cv2.resize(pixels.astype(np.float32), across, interpolation=cv2.INTER_AREA)
            for row in range(start, stop):
                parts = _covered(row * scale, scale, height)
                mean = sum(wide[covered - above] * weight for covered, weight in parts)
                yield np.clip(np.rint(mean), 0, 255).astype(np.uint8)[None]


def _covered(start: float, scale: float, height: int) -> Iterator[tuple[int, np.float32]]:
    """The rows that a smaller row covers, each with its weight, as OpenCV's area mode has them."""
    stop, length = start + scale, min(scale, height - start)
    last = min(math.floor(stop), height - 1)
    first = min(math.ceil(start), last)
    if first - start > _LEAST_PART:
        yield first - 1, np.float32((first - start) / length)
    for row in range(first, last):
        yield row, np.float32(1 / length)
    if stop - last > _LEAST_PART:
        yield last, np.float32(min(stop - last, 1, length) / length)


AnyPhotograph = Photograph | WindowedPhotograph


def open_by_rows(
    path: Path,
    white_level: int | None = None,
    bytes_per_pixel: float = 0,
    max_megapixels: float = MAX_MEGAPIXELS,
) -> AnyPhotograph:
    """Opens a photograph of any size, whose rows are wanted from top to bottom.

    Args:
        path: Path of the file.
        white_level: See :func:`crackseg.images.photographs.open_photograph`.
        bytes_per_pixel: Memory that the work on the rows takes for each pixel.
        max_megapixels: Size of the largest photograph that is read, in millions of pixels.

    Raises:
        UnreadableImageError: The file cannot be decoded, or is too large.
    """
    height, width = size_of_photograph(path)
    if height * width > 1e6 * max_megapixels:
        raise UnreadableImageError(
            f"{path}: its {width:,} x {height:,} pixels are more than the {max_megapixels:,g} "
            "megapixels that are read at most; cut it into parts, or raise --max-megapixels "
            "(max_megapixels in Python) if you trust the file"
        )
    if height * width >= WINDOWED_PIXELS:
        photograph = _windowed(path)
        if photograph is not None:
            refuse_too_large(path, photograph.size, bytes_per_pixel)
            return photograph
    return open_photograph(path, white_level, DECODED_BYTES + bytes_per_pixel)


def _windowed(path: Path) -> WindowedPhotograph | None:
    """Opens a TIFF file to be read by windows; None where it is to be decoded as a whole."""
    header = read_tiff_header(path)
    if header is None or not _has_plain_windows(header):
        return None
    # Whatever is wrong with the file, Pillow says it.
    with suppress(Exception):
        with tifffile.TiffFile(path) as file:
            photograph = WindowedPhotograph(path, file.pages.first)
        warn_of_pages(path, header)
        return photograph
    return None


def _has_plain_windows(header: TiffHeader) -> bool:
    return (
        header.bits == 8
        and header.kind == "u"
        and header.bands == header.colours
        and header.photometric in (BLACK_IS_ZERO, RGB)
        and not header.is_planar
        and header.orientation == 1
        and not header.hides
        and header.compression in _COMPRESSIONS
    )
