"""Decodes masks of any kind, before anything is said about what their values mean.

What they mean is decided over all masks of a data set together, see
:mod:`crackseg.data.annotations.masks.decision`; :func:`read_mask_and_kind` goes by one file alone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.images.bit_depth import Levels, Numbers, to_8_bits
from crackseg.images.jpeg import JPEG_SUFFIXES
from crackseg.images.notices import refuse_pages
from crackseg.images.pixels import (
    DECODING_BYTES,
    DEEP_MODES,
    UInt8Array,
    decoding,
    open_picture,
    refuse_too_large,
)
from crackseg.images.tiff.exif import turned_upright
from crackseg.images.tiff.header import TiffHeader, read_tiff_header, read_tiff_values

# ``transparent``: the opacity is 0 everywhere, so that nothing or everything was painted.
Form = Literal["grey", "deep", "palette", "alpha", "transparent", "colour"]
MaskKind = Literal["grey", "binary", "zero_one", "palette", "alpha", "colour", "encoded"]
_Decoded = TypeVar("_Decoded")
_LOSSY = frozenset({"JPEG", "WEBP", "MPO"})


class StoredMask(NamedTuple):
    """A decoded mask file.

    Attributes:
        form: How the file stores it.
        pixels: Stored pixels: uint8 (H, W) of greys or palette indices; float64 (H, W) of deeper
            values; uint8 (H, W, 3) of colours; uint8 (H, W, 4) where the opacity matters.
        palette: Colours of a palette's indices, uint8 (256, 3).
        lossy: Whether the format may have changed single values.
    """

    form: Form
    pixels: npt.NDArray[np.uint8] | npt.NDArray[np.float64]
    palette: UInt8Array | None = None
    lossy: bool = False

    @property
    def is_zero_one(self) -> bool:
        """Whether it holds only 0 and 1, in whatever way."""
        if self.form == "deep":
            return bool(self.pixels.max() == 1 and np.isin(self.pixels, (0, 1)).all())
        return bool(self.levels().max() == 1)

    def levels(self, white: int | None = None) -> UInt8Array:
        """Its levels in 8 bits, (H, W), in which white may still be 1.

        Args:
            white: Value that is white in deeper files; None takes what holds all of its values.
        """
        if self.form == "deep":
            return scaled(self.pixels, white or white_of(self.pixels))
        pixels = np.asarray(self.pixels, np.uint8)
        if self.palette is not None:
            return looked_up(pixels, self.palette)
        if self.form == "alpha":
            return np.ascontiguousarray(pixels[:, :, 3])
        if pixels.ndim == 3:
            red, green, blue = (pixels[:, :, band] for band in range(3))
            return np.asarray(np.maximum(np.maximum(red, green), blue))
        return pixels

    def grey(self, white: int | None = None) -> UInt8Array:
        """The mask as grey, (H, W), as the file alone tells it, see :func:`read_mask_and_kind`."""
        levels = self.levels(white)
        return levels * np.uint8(255) if self.form != "deep" and levels.max() == 1 else levels


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
    stored = read_stored_mask(path)
    grey = stored.grey()
    return grey, _kind_of(stored, grey)


def read_stored_mask(path: Path) -> StoredMask:
    """Decodes a mask of any kind and keeps its values as they are stored.

    Raises:
        UnreadableImageError: The file is missing, truncated or no image.
    """
    lossy = path.suffix.lower() in JPEG_SUFFIXES | {".webp"}
    return decode_upright(path, lambda image: _stored(image, lossy))


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


def white_of(values: Numbers) -> int:
    """The value that is white in a deep mask: 1, 255 or 65535, whichever holds them all.

    Fractions may go beyond it by as much again, which sharpening and rounding add.
    """
    # A photograph may be dark, but a mask in which nothing is white has another white.
    highest = float(values.max())
    if highest > 1 and (values % 1).any():
        highest /= 2
    return 1 if highest <= 1 else 255 if highest <= 255 else 65535


def has_own_background(rgba: UInt8Array) -> bool:
    """Whether a large opaque part is itself a mask, half of it black beside a few brighter levels.

    So is a mosaic's mask; what is painted on transparency has no background of its own.
    """
    opaque = rgba[rgba[:, :, 3] > 127][:, :3]
    levels = np.bincount(opaque.max(axis=1, initial=0), minlength=256)
    is_mask = levels[:16].sum() >= len(opaque) / 2 and levels[32:].any()
    return bool(is_mask and np.count_nonzero(levels) <= 32 and len(opaque) > rgba[..., 3].size / 10)


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


def _kind_of(stored: StoredMask, grey: UInt8Array) -> MaskKind:
    if stored.is_zero_one:
        return "zero_one"
    if stored.form in ("palette", "alpha"):
        return stored.form
    if stored.pixels.ndim == 3 and (stored.pixels[:, :, :3] != grey[:, :, None]).any():
        return "colour"
    # One less than black wraps round to 255: a test for what lies between, in one pass.
    return "grey" if (grey - np.uint8(1) < 254).any() else "binary"


def _stored(image: Image.Image, lossy: bool) -> StoredMask:
    lossy = lossy or image.format in _LOSSY
    if image.mode in DEEP_MODES:
        deep = np.nan_to_num(np.asarray(image, np.float64), nan=0, posinf=0, neginf=0)
        return StoredMask("deep", deep, lossy=lossy)
    if image.mode in ("LA", "RGBA", "PA") or (image.mode == "P" and "transparency" in image.info):
        rgba = np.array(image.convert("RGBA"), dtype=np.uint8)
        alpha = rgba[:, :, 3]
        if alpha.min() < alpha.max():
            if has_own_background(rgba):
                return _of_colours(np.where(alpha[:, :, None] > 127, rgba[:, :, :3], 0), lossy)
            return StoredMask("alpha", rgba, lossy=lossy)
        if not alpha.any():
            return StoredMask("transparent", rgba, lossy=lossy)
    if image.mode == "P":
        return StoredMask("palette", np.array(image, dtype=np.uint8), palette_of(image), lossy)
    if image.mode in ("1", "L", "LA"):
        return StoredMask("grey", np.array(image.convert("L"), dtype=np.uint8), lossy=lossy)
    return _of_colours(np.array(image.convert("RGB"), dtype=np.uint8), lossy)


def _of_colours(rgb: UInt8Array, lossy: bool) -> StoredMask:
    red, green, blue = (rgb[:, :, band] for band in range(3))
    if np.array_equal(red, green) and np.array_equal(green, blue):
        return StoredMask("grey", np.ascontiguousarray(red), lossy=lossy)
    return StoredMask("colour", rgb, lossy=lossy)


def _picture_of_values(tiff: TiffHeader) -> Image.Image:
    """A picture of the values of a file: floats of deep greys, or else 8 bits."""
    values, opacity = read_tiff_values(tiff)
    refuse_pages(tiff.path, tiff)
    if (values < 0).any():
        raise ValueError("it holds negative values, which mean nothing in a mask")
    if np.isinf(values).any():
        raise ValueError("it holds infinite values, which mean nothing in a mask")
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
