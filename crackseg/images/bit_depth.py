"""Converts pictures deeper than 8 bits to 8 bits: finds the value of white, and scales."""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

UInt8Array = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.integer | np.floating]
"""Values as files store them: whole numbers or floats of any size."""

# Numbers of bits that cameras and scanners use, whatever the file could hold.
_USUAL_BITS = (8, 10, 12, 14, 16, 24, 32)
# Of values with a sign one bit is the sign, which photographs leave empty.
_SIGNED_BITS = {np.dtype(np.int8): 7, np.dtype(np.int16): 15}
# Share of values that may lie beyond black or white: faulty pixels of a sensor, and what sharpening
# and resizing add at edges.
_OUTLIERS = 0.001
# Sharpening makes values that are so much below 0, as a share of the brightest.
_UNDERSHOOT = 0.1
# Floats beyond 1, but not beyond this, are still those of a picture from 0 to 1.
_SHARPENED = 2.0
# Floats that stay below this are no levels of a screen, and those whose darkest value is more than
# this share of the brightest measure something that does not begin at 0, such as temperatures.
_LEAST_OF_SCREEN, _FAR_FROM_ZERO = 128.0, 0.25
# Temperatures of places on the ground, in kelvins.
_KELVINS = (200.0, 400.0)
# Numbers that maps write where nothing was measured; floats of this size are such numbers too.
_NO_DATA = (-9999, -10000, -32767, -32768, -99999)
_NO_DATA_FLOAT = 1e30
# What is this many times as bright as all else is no light of the same photograph; and the number
# of different values that a photograph has at least, among so many that are looked at.
_GAP, _LEAST_SHADES, _ENOUGH = 4.0, 16, 100_000
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


def find_levels(
    values: Numbers, declared: float | None = None, white_level: int | None = None
) -> Levels:
    """Decides which values of a deep picture are black and white.

    A few values beyond them, such as those of a sensor's faulty pixels, do not count.

    Args:
        values: Values of all pixels that show anything, whole numbers or floats of any range.
        declared: White as the file declares it; ignored where values are larger.
        white_level: White as the user says it, which has priority.

    Example:
        >>> find_levels(np.array([0, 4095]))
        Levels(black=0.0, white=4095.0, note='its brightest value is 4095: read as 12 bits deep')
    """
    if white_level is not None:
        return Levels(0.0, float(white_level), "")
    measured = values[is_measured(values)]
    darkest, brightest = _range_of_most(measured)
    lowest, highest = _range(measured)
    if darkest < -_UNDERSHOOT * brightest or brightest < 0:
        white = brightest if brightest > darkest else darkest + 1
        note = f"it holds negative values: read from {darkest:g} (black) to {white:g} (white)"
        return Levels(darkest, white, note)
    if declared is not None and brightest <= declared:
        return Levels(0.0, declared, "")
    if values.dtype.kind == "f" and _is_quantity(darkest, brightest):
        black = darkest if darkest > _FAR_FROM_ZERO * brightest else 0.0
        note = (
            "its values are floats neither from 0 to 1 nor to 255: read from "
            f"{black:g} (black) to {brightest:g} (white), which differs between files"
        )
        return Levels(black, max(brightest, black + 1e-6), note)
    below = _brightest_below(measured, brightest)
    if below is not None:
        white, inferred = _white(values.dtype, below)
        note = (
            f"{np.count_nonzero(measured > below):,} of its values, {brightest:g} and more, are "
            "far above all others, as those of scale bars and borders are, and count as white; the "
            f"brightest of the others is {below:g}: {inferred or f'white is {white:g}'}"
        )
        return Levels(0.0, white, note)
    white, inferred = _white(values.dtype, brightest)
    if lowest < 0 or highest > white:
        beyond = np.count_nonzero((measured < 0) | (measured > white))
        note = (
            f"it is read from 0 (black) to {white:g} (white), and {beyond:,} of its values, from "
            f"{lowest:g} to {highest:g}, are beyond that"
        )
        return Levels(0.0, white, note)
    note = f"its brightest value is {highest:g}: {inferred}" if inferred else ""
    return Levels(0.0, white, note)


def to_8_bits(values: Numbers, levels: Levels) -> UInt8Array:
    """Scales values to 0-255.

    Args:
        values: Array of any shape; values that are not numbers become black, infinity white.
        levels: Values of black and white.

    Returns:
        uint8 array of the same shape.
    """
    small = values.dtype.kind in "ui" and values.dtype.itemsize < 8
    if small and levels.black == 0 and float(levels.white).is_integer():
        # In whole numbers, so that every machine rounds alike.
        white = int(levels.white)
        limited = np.clip(values.astype(np.int64), 0, white)
        return np.asarray(limited * 255 // white, np.uint8)
    floats = np.nan_to_num(
        values.astype(np.float64), nan=levels.black, posinf=levels.white, neginf=levels.black
    )
    scaled = (floats - levels.black) / (levels.white - levels.black) * 255.0
    return np.clip(scaled, 0, 255).astype(np.uint8)


def is_measured(values: Numbers) -> npt.NDArray[np.bool_]:
    """Whether values are finite and do not stand for missing data, bool of the same shape."""
    if values.dtype.kind == "f":
        # Infinity is larger than any bound, and NaN compares as False.
        measured = np.abs(values) < _NO_DATA_FLOAT
    else:
        measured = np.ones(values.shape, np.bool_)
    if values.dtype.kind in "if":
        measured &= ~np.isin(values, _NO_DATA)
    return np.asarray(measured, np.bool_)


def png_white(path: Path) -> float | None:
    """The value that a PNG file declares as white in its chunk sBIT; None where it does not."""
    bits = _significant_bits(path)
    return None if bits is None or bits >= 16 else 2.0**bits - 1


def _white(dtype: np.dtype[np.generic], brightest: float) -> tuple[float, str]:
    """White of pictures whose brightest value is known, and what was inferred."""
    if dtype.kind == "f" and brightest <= _SHARPENED:
        return 1.0, ""
    signed = _SIGNED_BITS.get(dtype)
    usual = sorted({*_USUAL_BITS, signed}) if signed else _USUAL_BITS
    bits = next((bits for bits in usual if brightest < 2**bits), None)
    if bits is None:
        return brightest, "read as white"
    # The full depth of the file, or the depth of a screen, needs no note.
    is_plain = bits in (16, signed) or (bits == 8 and dtype.kind == "f")
    return 2.0**bits - 1, "" if is_plain else f"read as {bits} bits deep"


def _is_quantity(darkest: float, brightest: float) -> bool:
    """Whether floats measure something: temperatures and shares, not light by a camera's levels."""
    are_kelvins = _KELVINS[0] < darkest and 255 < brightest < _KELVINS[1]
    return _SHARPENED < brightest < _LEAST_OF_SCREEN or are_kelvins


def _brightest_below(values: Numbers, brightest: float) -> float | None:
    """The brightest value of a picture without what is drawn on it; None where nothing is.

    A scale bar, a border and faulty pixels have values with a wide gap below them.
    """
    others = values[values < brightest]
    if 2 * others.size <= values.size:
        # A photograph that is mostly white was exposed for too long.
        return None
    below = float(others.max())
    if below * _GAP > brightest:
        return None
    # Masks and drawings have few values, and gaps between them.
    shades = len(np.unique(others[:: max(others.size // _ENOUGH, 1)]))
    return below if shades >= _LEAST_SHADES else None


def _range(values: Numbers) -> tuple[float, float]:
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def _range_of_most(values: Numbers) -> tuple[float, float]:
    """The lowest and the highest value without the outliers on either side."""
    outliers = int(values.size * _OUTLIERS)
    if not outliers:
        return _range(values)
    last = values.size - 1 - outliers
    ordered = np.partition(values, (outliers, last))
    return float(ordered[outliers]), float(ordered[last])


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
