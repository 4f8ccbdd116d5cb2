"""Opens photographs of any kind, for training and prediction alike.

Every photograph becomes 8-bit RGB, upright. A warning says what had to be inferred because the file
does not say it, such as the white of a 12-bit picture.
"""

import logging
import multiprocessing
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from PIL import ExifTags, Image

from crackseg.errors import UnreadableImageError
from crackseg.images.bit_depth import declared_white, find_levels, to_8_bits, zero_is_white
from crackseg.images.pixels import (
    TOO_LARGE,
    UInt8Array,
    decoding,
    refuse_special_file,
    turned_upright,
)
from crackseg.system.memory import available_memory

log = logging.getLogger(__name__)

# Bytes a pixel while a photograph is decoded and turned.
DECODING_BYTES = 12
# Width of the rim of a transparent part, whose pixels are mixed with transparent ones.
RIM_PIXELS = 3
_OPAQUE = 128
_DEEP_MODES = frozenset({"I", "I;16", "I;16L", "I;16B", "I;16N", "F"})
# Formats with real pages: the pictures that a camera adds to a JPEG are no pages.
_PAGED = frozenset({"TIFF", "PNG", "WEBP", "GIF"})
# Most warnings of one kind, since a whole data set may be alike.
_MOST_WARNINGS = 5
_warned: Counter[str] = Counter()


class Photograph(NamedTuple):
    """A decoded photograph.

    Attributes:
        rgb: Pixels, uint8 (H, W, 3).
        visible: Whether a pixel is visible, bool (H, W); False in transparent parts and on their
            rim. None where the photograph is opaque everywhere.
    """

    rgb: UInt8Array
    visible: npt.NDArray[np.bool_] | None


def read_photograph(path: Path, white_level: int | None = None) -> UInt8Array:
    """The pixels of :func:`open_photograph`, uint8 (H, W, 3)."""
    return open_photograph(path, white_level).rgb


def open_photograph(
    path: Path, white_level: int | None = None, bytes_per_pixel: int = DECODING_BYTES
) -> Photograph:
    """Decodes a photograph upright, as its EXIF orientation says.

    Grey, palette, CMYK, transparent and deeper files all become 8-bit RGB. Transparent parts get
    the colour of the nearest opaque pixel, so that their rim is not an edge.

    Args:
        path: Path of the file.
        white_level: Value that is white in files deeper than 8 bits; None takes what the file
            declares, or else what its values suggest.
        bytes_per_pixel: Memory that the work on the photograph takes for each pixel.

    Raises:
        UnreadableImageError: The file is missing, truncated, not an image, a pipe or a device, or
            too large for the memory that is left.
    """
    with decoding(path), Image.open(path) as opened:
        _refuse_too_large(path, opened.size, bytes_per_pixel)
        _warn_of_pages(path, opened)
        if _is_deep_colour(opened):
            return _deep_colour(path, opened, white_level)
        upright = turned_upright(opened)
        upright.load()
        return _converted(path, opened, upright, white_level)


def size_of_photograph(path: Path) -> tuple[int, int]:
    """Size (H, W) of an upright photograph, from its file's header; (0, 0) if unreadable."""
    try:
        refuse_special_file(path)
        with Image.open(path) as opened:
            width, height = opened.size
            orientation = opened.getexif().get(ExifTags.Base.Orientation, 1)
    except (OSError, ValueError, SyntaxError, TypeError, UnreadableImageError):
        return 0, 0
    sideways = isinstance(orientation, int) and 5 <= orientation <= 8
    return (width, height) if sideways else (height, width)


def as_rgb(
    image: Image.Image | npt.NDArray[np.generic], white_level: int | None = None
) -> UInt8Array:
    """Converts a decoded picture to 8-bit RGB.

    Args:
        image: PIL image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8 or uint16.
        white_level: Value that is white in pictures deeper than 8 bits, see
            :func:`open_photograph`.

    Returns:
        uint8 array of shape (H, W, 3).

    Raises:
        ValueError: The array has another shape or dtype.
    """
    if isinstance(image, Image.Image):
        return _converted(Path("picture"), image, image, white_level).rgb
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"an image is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}"
        )
    if array.dtype == np.uint16:
        array = _to_8_bits(Path("array"), array, None, white_level)
    if array.dtype != np.uint8:
        raise ValueError(f"an image is uint8 (0-255) or uint16 (0-65535), not {array.dtype}")
    rgb = np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[:, :, :3]
    return np.ascontiguousarray(rgb)


def _refuse_too_large(path: Path, size: tuple[int, int], bytes_per_pixel: int) -> None:
    """Refuses a photograph of a size (W, H) that would not fit into memory."""
    available = available_memory()
    width, height = size
    needed = height * width * bytes_per_pixel
    if available is not None and needed > available:
        raise UnreadableImageError(
            f"{path}: {TOO_LARGE} ({width:,} x {height:,} pixels take about "
            f"{needed / 1e9:.1f} GB, {available / 1e9:.1f} GB are left)"
        )


def _converted(
    path: Path, opened: Image.Image, image: Image.Image, white_level: int | None
) -> Photograph:
    if image.mode in _DEEP_MODES:
        values = _deep_values(opened, image)
        grey = _to_8_bits(path, values, declared_white(path, opened), white_level)
        grey = np.asarray(255 - grey, np.uint8) if zero_is_white(opened) else grey
        return Photograph(np.repeat(grey[:, :, None], 3, axis=2), None)
    transparent = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
    if not transparent:
        return Photograph(np.array(image.convert("RGB"), dtype=np.uint8), None)
    rgba = np.array(image.convert("RGBA"), dtype=np.uint8)
    return _filled(path, np.ascontiguousarray(rgba[:, :, :3]), rgba[:, :, 3])


def _deep_values(opened: Image.Image, image: Image.Image) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = np.asarray(image)
    tags = getattr(opened, "tag_v2", {})
    unsigned = image.mode == "I" and tags.get(339, (1,)) in ((1,), 1) and tags.get(258) == (32,)
    # Pillow has no mode for unsigned whole numbers of 32 bits.
    return values.view(np.uint32) if unsigned else values


def _is_deep_colour(image: Image.Image) -> bool:
    """Whether a file of several bands has 16 bits each, which Pillow cuts to 8 by itself."""
    if image.mode in _DEEP_MODES:
        return False
    tiles = getattr(image, "tile", None) or ()
    raw = " ".join(str(part) for tile in tiles for part in tile[3:])
    return ";16" in raw


def _deep_colour(path: Path, opened: Image.Image, white_level: int | None) -> Photograph:
    data = np.fromfile(path, np.uint8)
    array = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if array is None or array.ndim != 3:
        upright = turned_upright(opened)
        upright.load()
        return _converted(path, opened, upright, white_level)
    rgb = _to_8_bits(path, array[:, :, 2::-1], declared_white(path, opened), white_level)
    alpha = np.full(rgb.shape[:2], 255, np.uint8)
    if array.shape[2] == 4:
        alpha = (array[:, :, 3] // 257).astype(np.uint8)
    banded = Image.fromarray(np.dstack([rgb, alpha]))
    orientation = opened.getexif()
    banded.getexif().update(orientation)
    rgba = np.array(turned_upright(banded))
    return _filled(path, np.ascontiguousarray(rgba[:, :, :3]), rgba[:, :, 3])


def _to_8_bits(
    path: Path,
    values: npt.NDArray[np.generic],
    declared: float | None,
    white_level: int | None,
) -> UInt8Array:
    levels = find_levels(values, declared, white_level)
    if levels.note:
        _warn(
            "depth",
            f"{path}: {levels.note}; another white is set by --white-level, or data.white_level",
        )
    return to_8_bits(values, levels)


def _filled(path: Path, rgb: UInt8Array, alpha: UInt8Array) -> Photograph:
    """Fills transparent parts by the nearest opaque pixel."""
    opaque = alpha >= _OPAQUE
    if opaque.all():
        return Photograph(rgb, None)
    if not opaque.any():
        _warn(
            "transparent", f"{path}: is transparent everywhere; its colours are taken as they are"
        )
        return Photograph(rgb, None)
    visible = cv2.erode(
        opaque.astype(np.uint8),
        np.ones((2 * RIM_PIXELS + 1, 2 * RIM_PIXELS + 1), np.uint8),
        borderType=cv2.BORDER_CONSTANT,
        borderValue=1,
    ).astype(bool)
    if not visible.any():
        visible = opaque
    # The nearest visible pixel of each pixel, by its number in the transform.
    _, labels = cv2.distanceTransformWithLabels(
        (~visible).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colours = np.zeros((int(labels.max()) + 1, 3), np.uint8)
    colours[labels[visible]] = rgb[visible]
    filled = np.where(visible[:, :, None], rgb, colours[labels])
    return Photograph(np.asarray(filled, np.uint8), visible)


def _warn_of_pages(path: Path, image: Image.Image) -> None:
    pages = getattr(image, "n_frames", 1) if image.format in _PAGED else 1
    if pages > 1:
        _warn(
            "pages",
            f"{path}: has {pages} pages, only the first one is looked at; save the others as files",
        )


def _warn(kind: str, message: str) -> None:
    """Warns of what was inferred from a file, for the first few files of a kind."""
    if multiprocessing.parent_process() is not None:
        # A loader's worker reads files that the main process has already warned of.
        return
    _warned[kind] += 1
    if _warned[kind] <= _MOST_WARNINGS:
        more = "; further ones like it are not named" if _warned[kind] == _MOST_WARNINGS else ""
        log.warning("%s%s", message, more)
