"""Decodes, resizes and cuts pixels, for training and prediction alike.

There is one copy of each step, so that a network never sees pixels that were prepared in another
way than those of its training. Arrays are uint8, height x width (x 3 for RGB).
"""

import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from crackseg.errors import UnreadableImageError
from crackseg.images.bit_depth import Levels, Numbers, to_8_bits
from crackseg.images.heic import HAS_DECODER, HEIC_SUFFIXES, HEIF
from crackseg.images.jpeg import JPEG_SUFFIXES, refuse_zeroed
from crackseg.images.notices import refuse_pages
from crackseg.images.other_kinds import told_by_start
from crackseg.images.tiff.exif import DAMAGES, turned_upright
from crackseg.images.tiff.header import TiffHeader, read_tiff_header, read_tiff_values
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


def read_mask_and_kind(path: Path) -> tuple[UInt8Array, MaskKind]:
    """Decodes a mask of any kind as grey, without cutting it.

    The kinds, and how each becomes grey from 0 (background) to 255 (crack):

    - ``grey``: as it is; deeper files are scaled from 0-1, 0-255 or 0-65535, whichever holds them.
    - ``binary``: the same, and nothing is between black and white.
    - ``zero_one``: the file holds only 0 and 1, in whatever way; its ones become 255.
    - ``palette``: its greys where all colours in use are greys; else every index but 0 is crack,
      as in the label images of PASCAL VOC.
    - ``alpha``: cracks were painted on transparency, and the opacity is the mask. Where the
      opacity is the same everywhere it is dropped and the colours count.
    - ``colour``: the largest of red, green and blue, so that pure red is as much crack as white.

    Returns:
        uint8 array of shape (H, W), 0-255, and the kind of the file.

    Raises:
        UnreadableImageError: The file is missing, truncated or not an image.
    """
    return decode_upright(path, _grey_and_kind)


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


def decode_upright(path: Path, convert: Callable[[Image.Image], _Decoded]) -> _Decoded:
    """Opens a mask's file, turns it as its EXIF orientation says, and converts it.

    Raises:
        UnreadableImageError: See :func:`decoding`; or it has several pages.
    """
    with decoding(path):
        tiff = read_tiff_header(path)
        # A mask of 8 bits with a sign holds 255 as -1.
        if tiff is not None and (tiff.is_sparse or (tiff.is_deep and tiff.bits > 8)):
            refuse_too_large(path, tiff.size, DECODING_BYTES * tiff.bands)
            return convert(_picture_of_values(tiff))
        with open_picture(path) as opened:
            refuse_too_large(path, opened.size[::-1])
            refuse_pages(path, tiff or opened)
            return convert(turned_upright(opened))


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


def _picture_of_values(tiff: TiffHeader) -> Image.Image:
    """A picture of the values of a file: floats of deep greys, or else 8 bits."""
    values, opacity = read_tiff_values(tiff)
    refuse_pages(tiff.path, tiff)
    if (values < 0).any():
        raise ValueError("it holds negative values, which mean nothing in a mask")
    bands = [*np.moveaxis(values, 2, 0), *([] if opacity is None else [opacity])]
    is_deep = values.dtype != np.uint8
    if len(bands) == 1 and is_deep:
        grey = np.nan_to_num(bands[0].astype(np.float32))
        return Image.fromarray(white_of(grey) - grey if tiff.zero_is_white else grey)
    white = white_of(values) if is_deep else 255
    eight = [to_8_bits(band, Levels(0, white, "")) for band in bands]
    if tiff.zero_is_white and not is_deep:
        eight[0] = 255 - eight[0]
    return Image.merge(
        {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[len(bands)],
        [Image.fromarray(band) for band in eight],
    )


def white_of(values: Numbers) -> int:
    """The value that is white in a deep mask: 1, 255 or 65535, whichever holds them all."""
    # A photograph may be dark, but a mask in which nothing is white has another white.
    highest = float(values.max())
    return 1 if highest <= 1 else 255 if highest <= 255 else 65535


def has_own_background(rgba: UInt8Array) -> bool:
    """Whether a large opaque part is itself a mask, half of it black beside a few brighter levels.

    So is a mosaic's mask; what is painted on transparency has no background of its own.
    """
    opaque = rgba[rgba[:, :, 3] > 127][:, :3]
    levels = np.bincount(opaque.max(axis=1, initial=0), minlength=256)
    is_mask = levels[:16].sum() >= len(opaque) / 2 and levels[32:].any()
    return bool(is_mask and np.count_nonzero(levels) <= 32 and len(opaque) > rgba[..., 3].size / 10)


def _flat(rgba: UInt8Array) -> UInt8Array:
    """The brightness (H, W) of what is opaque, on black."""
    return np.where(rgba[:, :, 3] > 127, rgba[:, :, :3].max(axis=2), 0).astype(np.uint8)


def _grey_and_kind(image: Image.Image) -> tuple[UInt8Array, MaskKind]:
    kind: MaskKind = "grey"
    if image.mode in DEEP_MODES:
        deep = np.nan_to_num(np.asarray(image, dtype=np.float64))
        grey = scaled(deep, white_of(deep))
        zero_one = deep.max() == 1 and bool(np.isin(deep, (0, 1)).all())
    else:
        grey, kind = _stored_mask(image)
        zero_one = bool(grey.max() == 1)
        grey = grey * np.uint8(255) if zero_one else grey
    if zero_one:
        return grey, "zero_one"
    # One less than black wraps round to 255: a test for what lies between, in one pass.
    if kind == "grey" and not (grey - np.uint8(1) < 254).any():
        return grey, "binary"
    return grey, kind


def _stored_mask(image: Image.Image) -> tuple[UInt8Array, MaskKind]:
    """The mask in an 8-bit image, in which white may still be 1."""
    if image.mode in ("LA", "RGBA") or (image.mode == "P" and "transparency" in image.info):
        rgba = np.array(image.convert("RGBA"), dtype=np.uint8)
        alpha = rgba[:, :, 3]
        if alpha.min() < alpha.max():
            return (alpha, "alpha") if not has_own_background(rgba) else (_flat(rgba), "grey")
    if image.mode == "P":
        return looked_up(np.array(image, dtype=np.uint8), palette_of(image)), "palette"
    if image.mode in ("1", "L", "LA"):
        return np.array(image.convert("L"), dtype=np.uint8), "grey"
    red, green, blue = (np.asarray(band) for band in image.convert("RGB").split())
    same = np.array_equal(red, green) and np.array_equal(green, blue)
    largest: UInt8Array = np.maximum(np.maximum(red, green), blue)
    return largest, "grey" if same else "colour"


def palette_of(image: Image.Image) -> UInt8Array:
    """The colours (256, 3) of a picture's palette, black where it lists none."""
    colours = np.zeros((256, 3), np.uint8)
    listed = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    colours[: len(listed)] = listed
    return colours


def looked_up(indices: UInt8Array, palette: UInt8Array) -> UInt8Array:
    """The greys of a palette; where not all in use are greys, every index but 0 is crack."""
    used = palette[np.flatnonzero(np.bincount(indices.ravel(), minlength=256))]
    if (used == used[:, :1]).all():
        return np.take(palette[:, 0], indices)
    return np.where(indices > 0, 255, 0).astype(np.uint8)


def scaled(values: Numbers, white: float) -> UInt8Array:
    """Deep values as 8 bits, 255 where they are white."""
    return np.asarray(np.clip(values / white * 255.0, 0, 255), np.uint8)
