"""Opens photographs of any kind, for training and prediction alike.

Every photograph becomes 8-bit RGB, upright. A warning says what had to be inferred because the file
does not say it, such as the white of a 12-bit picture.
"""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.errors import UnreadableImageError
from crackseg.images.bit_depth import Numbers, png_white
from crackseg.images.conversion import Photograph, is_opaque, photograph_of
from crackseg.images.heic import HEIF
from crackseg.images.notices import warn_of_pages
from crackseg.images.pixels import (
    DECODING_BYTES,
    DEEP_MODES,
    UInt8Array,
    decoding,
    open_picture,
    refuse_special_file,
    refuse_too_large,
)
from crackseg.images.tiff.exif import (
    DAMAGES,
    SIDEWAYS,
    UPRIGHT,
    orientation_of,
    turned_upright,
)
from crackseg.images.tiff.header import TiffHeader, mask_of, read_tiff_header, read_tiff_values

BoolArray = npt.NDArray[np.bool_]

# Further bytes for each deep value: as it is stored, and twice as a whole number of 8 bytes.
_DEEP_BYTES = 24
# Further bytes a pixel where parts may be transparent, which get the nearest colour.
_FILLING_BYTES = 32
# Further bytes a pixel that the process takes which decodes HEIC files.
_HEIC_BYTES = 12
# Rows that are converted at a time.
_ROWS = 256


def read_photograph(path: Path, white_level: int | None = None) -> UInt8Array:
    """The pixels of :func:`open_photograph`, uint8 (H, W, 3)."""
    return open_photograph(path, white_level).rgb


def open_photograph(
    path: Path, white_level: int | None = None, bytes_per_pixel: float = DECODING_BYTES
) -> Photograph:
    """Decodes a photograph upright, as its EXIF orientation says.

    Grey, palette, CMYK, transparent and deeper files all become 8-bit RGB. Transparent parts, and
    parts where a map holds no data, get the colour of the nearest pixel that shows something, so
    that their rim is not an edge.

    Args:
        path: Path of the file.
        white_level: Value that is white in files deeper than 8 bits; None takes what the file
            declares, or else what its values suggest.
        bytes_per_pixel: Memory that the work on the photograph takes for each pixel.

    Raises:
        UnreadableImageError: The file is missing, truncated, not an image, a pipe or a device, or
            too large for the memory that is left.
    """
    with decoding(path):
        tiff = read_tiff_header(path)
        if tiff is not None and (tiff.is_deep or tiff.is_sparse):
            further = _DEEP_BYTES * tiff.bands if tiff.is_deep else _FILLING_BYTES + tiff.bands
            refuse_too_large(path, tiff.size, bytes_per_pixel + further)
            return _of_values(tiff, white_level)
        with open_picture(path) as opened:
            no_data = tiff.no_data if tiff else None
            further = _FILLING_BYTES if _may_hide(tiff, opened) else 0
            further += _HEIC_BYTES if opened.format == HEIF else 0
            further += _DEEP_BYTES * len(opened.getbands()) if _is_deep(opened) else 0
            refuse_too_large(path, opened.size[::-1], bytes_per_pixel + further)
            warn_of_pages(path, tiff or opened)
            if _is_deep_png(opened):
                return _of_deep_png(path, opened, white_level)
            upright = turned_upright(opened)
            declared = png_white(path) if upright.mode in DEEP_MODES else None
            mask = mask_of(tiff) if tiff else None
            return _of_pillow(path, upright, white_level, declared, no_data, mask)


def visible_part(path: Path, white_level: int | None = None) -> BoolArray | None:
    """Which pixels of a photograph show something, see :class:`Photograph`; None where all do.

    Raises:
        UnreadableImageError: See :func:`open_photograph`.
    """
    with decoding(path):
        tiff = read_tiff_header(path)
        if tiff is not None and (tiff.is_deep or tiff.is_sparse):
            # Floats may be no numbers where nothing was measured.
            hides = tiff.hides or tiff.has_opacity or tiff.kind != "u"
        else:
            with open_picture(path) as opened:
                hides = _may_hide(tiff, opened)
    return open_photograph(path, white_level).visible if hides else None


def size_of_photograph(path: Path) -> tuple[int, int]:
    """Size (H, W) of an upright photograph, from its file's header; (0, 0) if unreadable."""
    try:
        refuse_special_file(path)
        tiff = read_tiff_header(path)
        if tiff is not None:
            return tiff.size
        with open_picture(path) as opened:
            width, height = opened.size
            sideways = orientation_of(opened) in SIDEWAYS
    except (*DAMAGES, UnreadableImageError):
        return 0, 0
    return (width, height) if sideways else (height, width)


def as_photograph(image: Image.Image | Numbers, white_level: int | None = None) -> Photograph:
    """Takes a decoded picture for a photograph, as :func:`open_photograph` does with its file.

    Args:
        image: PIL image, which is not turned, or an array (H, W) or (H, W, 1) of greys, (H, W, 3)
            of red, green and blue, or (H, W, 4) with the opacity, of whole numbers or floats.
            uint8 is taken as it is. Of other types the values suggest which of them is white: 1 or
            255 for floats, the full depth of usual numbers of bits for all others.
        white_level: Value that is white in pictures deeper than 8 bits, see
            :func:`open_photograph`.

    Raises:
        ValueError: The array has another shape or type.
    """
    if isinstance(image, Image.Image):
        return _of_pillow(Path("picture"), image, white_level)
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        first = array.ndim == 3 and array.shape[0] in (1, 3, 4) and min(array.shape[1:]) > 4
        hint = "; its channels come first: transpose(1, 2, 0) puts them last" if first else ""
        raise ValueError(
            f"an image is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}{hint}"
        )
    if array.dtype.kind not in "uif":
        raise ValueError(f"an image is of whole numbers or floats, not {array.dtype}")
    opacity = is_opaque(array[:, :, 3]) if array.shape[2] == 4 else None
    # What is done with the array later changes no photograph.
    return photograph_of(Path("array"), array[:, :, :3].copy(), opacity, white_level=white_level)


def _of_pillow(
    path: Path,
    image: Image.Image,
    white_level: int | None,
    declared_white: float | None = None,
    no_data: float | None = None,
    mask: BoolArray | None = None,
) -> Photograph:
    """The photograph in an upright image, of which a mask may say what it shows."""
    if image.mode in DEEP_MODES:
        values = np.asarray(image)
        clear = image.info.get("transparency")
        opacity = values != clear if isinstance(clear, int) else None
        return photograph_of(path, values, _both(opacity, mask), declared_white, white_level)
    if _has_opacity(image):
        rgba = np.array(image.convert("RGBA"), dtype=np.uint8)
        return photograph_of(path, rgba[:, :, :3], _both(is_opaque(rgba[:, :, 3]), mask))
    return photograph_of(path, _rgb_of(image), mask, no_data=no_data)


def _both(one: BoolArray | None, other: BoolArray | None) -> BoolArray | None:
    """What is shown by both masks; None stands for all of it."""
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _may_hide(tiff: TiffHeader | None, image: Image.Image) -> bool:
    """Whether parts of a picture may show nothing."""
    return (tiff is not None and tiff.hides) or _has_opacity(image)


def _has_opacity(image: Image.Image) -> bool:
    return image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info


def _rgb_of(image: Image.Image) -> UInt8Array:
    """Pixels of an image of 8 bits, in parts: each of Pillow's copies takes 4 bytes a pixel."""
    rgb = np.empty((image.height, image.width, 3), np.uint8)
    for start in range(0, image.height, _ROWS):
        part = image.crop((0, start, image.width, min(start + _ROWS, image.height)))
        rgb[start : start + _ROWS] = np.asarray(part.convert("RGB"))
    return rgb


def _of_values(tiff: TiffHeader, white_level: int | None) -> Photograph:
    warn_of_pages(tiff.path, tiff)
    values, alpha = read_tiff_values(tiff)
    opaque = None if alpha is None else is_opaque(alpha, tiff.bits - (tiff.kind == "i"))
    opacity = _both(opaque, mask_of(tiff))
    photograph = photograph_of(
        tiff.path, values, opacity, tiff.declared_white, white_level, tiff.no_data
    )
    if tiff.zero_is_white:
        return photograph._replace(rgb=255 - photograph.rgb)
    return photograph


def _is_deep(image: Image.Image) -> bool:
    return image.mode in DEEP_MODES or _is_deep_png(image)


def _is_deep_png(image: Image.Image) -> bool:
    """Whether a PNG file has several bands of 16 bits, which Pillow cuts to 8 by itself."""
    if image.format != "PNG" or image.mode in DEEP_MODES:
        return False
    return any(";16" in str(part) for tile in getattr(image, "tile", ()) for part in tile[3:])


def _of_deep_png(path: Path, opened: Image.Image, white_level: int | None) -> Photograph:
    # Says what is wrong with the file, which OpenCV prints instead.
    opened.load()
    decoded = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.ndim != 3:
        return _of_pillow(path, turned_upright(opened), white_level, png_white(path))
    turn = UPRIGHT.get(orientation_of(opened), np.asarray)
    values = turn(decoded)
    opacity = is_opaque(values[:, :, 3]) if values.shape[2] == 4 else None
    return photograph_of(path, values[:, :, 2::-1], opacity, png_white(path), white_level)
