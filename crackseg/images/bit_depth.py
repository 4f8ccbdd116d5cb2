"""Converts pictures deeper than 8 bits to 8 bits: finds the value of white, and scales."""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.TiffTags import TAGS_V2

UInt8Array = npt.NDArray[np.uint8]

# Numbers of bits that cameras and scanners use, whatever the file could hold.
_USUAL_BITS = (8, 10, 12, 14, 16, 24, 32)
_TIFF_TAGS = {info.name: number for number, info in TAGS_V2.items()}
# Numbers that maps write where nothing was measured; floats of this size are such numbers too.
_NO_DATA = (-9999, -32768)
_NO_DATA_FLOAT = 1e30
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# sBIT comes before the pixels, after a few other chunks.
_MOST_CHUNKS = 64


class Levels(NamedTuple):
    """Values that become black and white.

    Attributes:
        black: Value that becomes 0.
        white: Value that becomes 255.
        note: Text of what was inferred, for a warning; empty where the file or the user said it.
    """

    black: float
    white: float
    note: str


def declared_white(path: Path, image: Image.Image) -> float | None:
    """The value that a file itself declares as white; None where it does not.

    TIFF has MaxSampleValue, SMaxSampleValue and BitsPerSample, PNG has the chunk sBIT.

    Args:
        path: Path of the file.
        image: The opened file.
    """
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        for name in ("MaxSampleValue", "SMaxSampleValue"):
            value = _first_number(tags.get(_TIFF_TAGS[name]))
            if value is not None and value > 0:
                return value
        bits = _first_number(tags.get(_TIFF_TAGS["BitsPerSample"]))
        return 2.0 ** int(bits) - 1 if bits in (10, 12, 14) else None
    if image.format == "PNG":
        bits = _significant_bits(path)
        return None if bits is None or bits >= 16 else 2.0**bits - 1
    return None


def zero_is_white(image: Image.Image) -> bool:
    """Whether a TIFF file declares 0 as white, which Pillow heeds only in files of 8 bits."""
    return bool(getattr(image, "tag_v2", {}).get(_TIFF_TAGS["PhotometricInterpretation"]) == 0)


def find_levels(
    values: npt.NDArray[np.generic], declared: float | None = None, white_level: int | None = None
) -> Levels:
    """Decides which values of a deep picture are black and white.

    Args:
        values: Values of all pixels, whole numbers or floats of any range.
        declared: White as the file declares it; ignored where values are larger.
        white_level: White as the user says it, which has priority.

    Example:
        >>> find_levels(np.array([0, 4095]))
        Levels(black=0.0, white=4095.0, note='its brightest value is 4095: read as 12 bits deep')
    """
    measured = _measured(values)
    lowest, highest = (
        (float(measured.min()), float(measured.max())) if measured.size else (0.0, 0.0)
    )
    if white_level is not None:
        return Levels(0.0, float(white_level), "")
    if lowest < 0:
        note = f"it holds negative values: read from {lowest:g} (black) to {highest:g} (white)"
        return Levels(lowest, max(highest, lowest + 1), note)
    if declared is not None and highest <= declared:
        return Levels(0.0, declared, "")
    if values.dtype.kind == "f" and highest <= 1:
        return Levels(0.0, 1.0, "")
    bits = next((bits for bits in _USUAL_BITS if highest < 2**bits), None)
    if bits is None:
        return Levels(0.0, highest, f"its brightest value is {highest:g}: read as white")
    # The full depth of the file, or the depth of a screen, needs no note.
    usual = bits == 16 or (bits == 8 and values.dtype.kind == "f")
    note = "" if usual else f"its brightest value is {highest:g}: read as {bits} bits deep"
    return Levels(0.0, 2.0**bits - 1, note)


def to_8_bits(values: npt.NDArray[np.generic], levels: Levels) -> UInt8Array:
    """Scales values to 0-255.

    Args:
        values: Array of any shape; values that are not numbers become black, infinity white.
        levels: Values of black and white.

    Returns:
        uint8 array of the same shape.
    """
    if values.dtype.kind in "ui" and levels.black == 0 and float(levels.white).is_integer():
        # In whole numbers, so that every machine rounds alike.
        white = int(levels.white)
        limited = np.clip(values.astype(np.int64), 0, white)
        return np.asarray(limited * 255 // white, np.uint8)
    floats = np.nan_to_num(
        values.astype(np.float64), nan=levels.black, posinf=levels.white, neginf=levels.black
    )
    scaled = (floats - levels.black) / (levels.white - levels.black) * 255.0
    return np.clip(scaled, 0, 255).astype(np.uint8)


def _measured(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Values that are finite and do not stand for missing data."""
    if values.dtype.kind == "f":
        # Infinity is larger than any bound, and NaN compares as False.
        values = values[np.abs(values) < _NO_DATA_FLOAT]
    if values.dtype.kind in "if" and values.size and values.min() <= max(_NO_DATA):
        values = values[~np.isin(values, _NO_DATA)]
    return values


def _first_number(value: object) -> float | None:
    first = value[0] if isinstance(value, tuple) and value else value
    try:
        return float(first)  # type: ignore[arg-type]
    except (TypeError, ValueError, ZeroDivisionError):
        return None


def _significant_bits(path: Path) -> int | None:
    """The largest number in a PNG file's sBIT chunk; None where there is none."""
    try:
        with path.open("rb") as file:
            if file.read(8) != _PNG_SIGNATURE:
                return None
            for _ in range(_MOST_CHUNKS):
                length, kind = struct.unpack(">I4s", file.read(8))
                if kind == b"sBIT":
                    return max(file.read(min(length, 4)), default=None)
                if kind == b"IDAT":
                    return None
                file.seek(length + 4, 1)
    except (OSError, struct.error):
        pass
    return None
