"""Writes PNG files row by row, so that a picture need not be in memory as a whole.

OpenCV and Pillow want the whole picture, and copy it. At about the size of Pillow's files this
takes a third less time than OpenCV, and an eighth of Pillow's at its default level.
"""

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from crackseg.system.files import atomic_write

UInt8Array = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
# The filter that stores the difference from the row above.
_UP = 2
# Higher levels make photographs 5 % smaller in twice to eight times the time.
_LEVEL = 1
# Rows of a whole picture that are filtered at a time; so many stay in the processor's cache.
_ROWS = 64


def write_png(picture: UInt8Array, path: Path) -> None:
    """Writes a picture (H, W) or (H, W, 3) as a PNG file, completely or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    parts = (picture[start : start + _ROWS] for start in range(0, len(picture), _ROWS))
    write_png_rows(parts, picture.shape, path)


def write_png_rows(parts: Iterable[UInt8Array], shape: tuple[int, ...], path: Path) -> None:
    """Writes the parts of a picture, from top to bottom, as a PNG file, completely or not at all.

    Args:
        parts: Rows of the picture, (h, W) or (h, W, 3) each.
        shape: Shape of the whole picture, (H, W) or (H, W, 3).
        path: Path of the file.

    Raises:
        OutputError: The file cannot be written.
    """
    colour = _RGB if len(shape) == 3 else _GREY
    with atomic_write(path) as name, name.open("wb") as file:
        file.write(_SIGNATURE)
        _write_chunk(file, b"IHDR", struct.pack(">2I5B", shape[1], shape[0], 8, colour, 0, 0, 0))
        packer = zlib.compressobj(_LEVEL)
        above = np.zeros(int(np.prod(shape[1:])), np.uint8)
        for part in parts:
            rows = part.reshape(len(part), -1)
            _write_chunk(file, b"IDAT", packer.compress(_differences(rows, above).data))
            above = rows[-1]
        _write_chunk(file, b"IDAT", packer.flush())
        _write_chunk(file, b"IEND", b"")


def _differences(rows: UInt8Array, above: UInt8Array) -> UInt8Array:
    """Rows as PNG stores them: the number of the filter, then the differences."""
    stored = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    stored[:, 0] = _UP
    np.subtract(rows[0], above, out=stored[0, 1:])
    np.subtract(rows[1:], rows[:-1], out=stored[1:, 1:])
    return stored


def _write_chunk(file: BinaryIO, kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind)
    file.write(content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))
