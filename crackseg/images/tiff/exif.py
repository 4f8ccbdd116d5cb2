"""EXIF data, which have the form of a TIFF file's tags: what damaged ones raise, and the turn."""

import struct
from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np
from PIL import ExifTags, Image

from crackseg.images.bit_depth import Numbers

DAMAGES = (
    OSError,
    ArithmeticError,
    LookupError,
    MemoryError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
"""What damaged headers raise."""

SIDEWAYS = (5, 6, 7, 8)
"""Orientations of pictures whose rows are stored as columns."""

UPRIGHT: Mapping[int, Callable[[Numbers], Numbers]] = {
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.swapaxes(0, 1),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: stored[::-1, ::-1].swapaxes(0, 1),
    8: lambda stored: np.rot90(stored),
}
"""What turns a stored array upright, by its EXIF orientation; others are upright."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def orientation_of(image: Image.Image) -> int:
    """Number of the turn or mirroring that makes a picture upright; 1 where none is sensible."""
    # Other programs write anything into EXIF.
    with suppress(*DAMAGES):
        orientation = image.getexif().get(ExifTags.Base.Orientation)
        if orientation in _TURNS:
            return int(orientation)
    return 1


def turned_upright(image: Image.Image) -> Image.Image:
    """Decodes a picture and turns it as its EXIF says; what it is turned from is closed."""
    # Pillow's own way also writes the EXIF data anew, which fails where they are odd.
    image.load()
    turn = _TURNS.get(orientation_of(image))
    if turn is None:
        return image
    turned = image.transpose(turn)
    turned.format = image.format
    # Both would take twice the memory.
    image.close()
    return turned
