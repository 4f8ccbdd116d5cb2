"""Decodes, resizes and cuts pixels, for training and prediction alike.

There is one copy of each step, so that a network never sees pixels that were prepared in another
way than those of its training. Arrays are uint8, height x width (x 3 for RGB).
"""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from crackseg.errors import UnreadableImageError
from crackseg.images.heic import HAS_DECODER, HEIC_SUFFIXES, HEIF
from crackseg.images.jpeg import JPEG_SUFFIXES, refuse_zeroed
from crackseg.images.other_kinds import told_by_start
from crackseg.images.tiff.exif import DAMAGES
from crackseg.images.tiff.header import read_tiff_header
from crackseg.images.tiff.soundness import refuse_unsound_tiff
from crackseg.system.memory import available_memory

# Pillow warns of large pictures and refuses larger ones; here the memory is checked instead.
Image.MAX_IMAGE_PIXELS = None

IMAGE_SUFFIXES = JPEG_SUFFIXES | {".png", ".tif", ".tiff", ".bmp", ".webp"}
IMAGE_SUFFIXES |= HEIC_SUFFIXES if HAS_DECODER else frozenset()
MASK_SUFFIXES = IMAGE_SUFFIXES | {".gif"}
"""Endings of mask pictures; photographs are no GIF files."""

Resize = Literal["area", "bilinear"]
MaskKind = Literal["grey", "binary", "zero_one", "palette", "alpha", "colour", "encoded"]
UInt8Array = npt.NDArray[np.uint8]

# Others are no photographs, and some of them start other programs.
_FORMATS = frozenset(
    (
        *("PNG", "JPEG", "MPO", "TIFF", "BMP", "DIB", "WEBP", "GIF"),
        *("JPEG2000", "AVIF", "PPM", HEIF),
    )
)
TOO_LARGE = "too large for the memory; cut it into parts, or make it smaller"
# Bytes a pixel while a picture is decoded and turned.
DECODING_BYTES = 12
DEEP_MODES = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
_Decoded = TypeVar("_Decoded")


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Scales a size (H, W); each side has at least one pixel.

    >>> scaled_size((400, 300), 0.32)
    (128, 96)
    """
    height, width = (max(round(side * scale), 1) for side in size)
    return height, width


def resize(image: UInt8Array, size: tuple[int, int], how: Resize = "area") -> UInt8Array:
    """Resizes to ``size`` = (H, W).

    ``area`` averages all pixels that fall into a smaller one, so that thin cracks fade instead of
    vanishing, and is linear where the image grows. ``bilinear`` samples four neighbours whatever
    the factor, as the report's program did.
    """
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    if how == "area":
        # Shrink first, then grow: OpenCV's area mode falls back to nearest where it has to grow.
        smaller = (min(width, image.shape[1]), min(height, image.shape[0]))
        image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def binarize(mask: UInt8Array, threshold: int) -> npt.NDArray[np.bool_]:
    """Cuts a grey mask: crack where it is greater than ``threshold`` (0-254)."""
    return mask > threshold


@contextmanager
def decoding(path: Path) -> Iterator[None]:
    """Says in words why a picture cannot be decoded.

    Raises:
        UnreadableImageError: It is missing, damaged, no image, no plain file, or too large.
    """
    refuse_special_file(path)
    try:
        yield
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file") from error
    except UnidentifiedImageError as error:
        tiff = read_tiff_header(path)
        what = told_by_start(path) if tiff is None else tiff.not_read
        raise UnreadableImageError(f"{path}: cannot be decoded as an image ({what})") from error
    except MemoryError as error:
        raise UnreadableImageError(f"{path}: {TOO_LARGE}") from error
    except (*DAMAGES, cv2.error) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise UnreadableImageError(f"{path}: cannot be decoded as an image ({reason})") from error


@contextmanager
def open_picture(path: Path) -> Iterator[Image.Image]:
    """Opens a picture of a known format with Pillow, whatever its suffix says."""
    # Pillow maps uncompressed files into memory if it knows their name, and mixes up the pixels of
    # TIFF files that lie on their side.
    with path.open("rb") as file, Image.open(file) as opened:
        if opened.format not in _FORMATS:
            raise UnidentifiedImageError
        refuse_unsound_tiff(path) if opened.format == "TIFF" else refuse_zeroed(path)
        yield opened


def refuse_too_large(
    path: Path, size: tuple[int, int], bytes_per_pixel: float = DECODING_BYTES
) -> None:
    """Refuses a picture of a size (H, W) that would not fit into memory, or without a pixel.

    Raises:
        UnreadableImageError: It is one; the message says its size.
    """
    available = available_memory()
    height, width = size
    if not height or not width:
        raise UnreadableImageError(f"{path}: cannot be decoded as an image (it has no pixels)")
    needed = height * width * bytes_per_pixel
    if available is not None and needed > available:
        raise UnreadableImageError(
            f"{path}: {TOO_LARGE} ({width:,} x {height:,} pixels take about "
            f"{needed / 1e9:.1f} GB, {available / 1e9:.1f} GB are left)"
        )


def refuse_special_file(path: Path) -> None:
    """Refuses a pipe, socket or device, which might never end.

    Raises:
        UnreadableImageError: It is one; the message says which.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableImageError(f"{path}: cannot be opened ({reason})") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        raise UnreadableImageError(f"{path}: is {what}, not a file")
