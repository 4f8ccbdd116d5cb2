"""Writes PNG files row by row, so that a picture need not be in memory as a whole.

OpenCV and Pillow want the whole picture, and copy it. At about the size of Pillow's files this
takes a third less time than OpenCV, and an eighth of Pillow's at its default level.
"""

import math
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from crackseg.system.files import atomic_write

UInt8Array = npt.NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB = 0, 2
# The last chunk of every file.
_END = b"\0\0\0\0IEND\xaeB`\x82"
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
    with png_rows(path, picture.shape) as add:
        for start in range(0, len(picture), _ROWS):
            add(picture[start : start + _ROWS])


@contextmanager
def png_rows(path: Path, shape: tuple[int, ...]) -> Iterator[Callable[[UInt8Array], None]]:
    """Writes a PNG file whose rows come one after the other, completely or not at all.

    Args:
        path: Path of the file.
        shape: Shape of the whole picture, (H, W) or (H, W, 3).

    Yields:
        Function that takes the next rows, from top to bottom, (h, W) or (h, W, 3).

    Raises:
        OutputError: The file cannot be written.
    """
    colour = _RGB if len(shape) == 3 else _GREY
    packer = zlib.compressobj(_LEVEL)
    above = np.zeros(math.prod(shape[1:]), np.uint8)
    with atomic_write(path) as name, name.open("wb") as file:

        def add(part: UInt8Array) -> None:
            rows = part.reshape(len(part), -1)
            _write_chunk(file, b"IDAT", packer.compress(_differences(rows, above).data))
            above[:] = rows[-1]

        file.write(_SIGNATURE)
        _write_chunk(file, b"IHDR", struct.pack(">2I5B", shape[1], shape[0], 8, colour, 0, 0, 0))
        yield add
        _write_chunk(file, b"IDAT", packer.flush())
        _write_chunk(file, b"IEND", b"")


def is_whole(path: Path) -> bool:
    """Whether a file ends as PNG files do, which one that was cut short or emptied does not."""
    try:
        with path.open("rb") as file:
            file.seek(-len(_END), os.SEEK_END)
            return file.read() == _END
    except OSError:
        return False


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
