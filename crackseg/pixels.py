"""Pixels as training and prediction both see them: decode, resize, cut.

One copy of each step, so that a network is never asked about pixels that were prepared in another
way than those it was trained on. Arrays are uint8, height x width (x 3 for RGB).
"""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from crackseg.errors import UnreadableImageError

IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"})

Resize = Literal["area", "bilinear"]
UInt8Array = npt.NDArray[np.uint8]


def read_photograph(path: Path) -> UInt8Array:
    """Decodes a photograph upright, as its EXIF orientation says.

    Grey, palette, CMYK, RGBA (the transparency is dropped) and 16-bit files all become 8-bit RGB.

    Returns:
        uint8 array of shape (H, W, 3), RGB.

    Raises:
        UnreadableImageError: the file is missing, truncated or no image.
    """
    return _decode(path, "RGB")


def read_mask(path: Path) -> UInt8Array:
    """Decodes a mask as grey, without cutting it.

    Returns:
        uint8 array of shape (H, W), 0-255.

    Raises:
        UnreadableImageError: the file is missing, truncated or no image.
    """
    return _decode(path, "L")


def as_rgb(image: Image.Image | npt.NDArray[np.generic]) -> UInt8Array:
    """Brings a decoded picture to 8-bit RGB.

    Args:
        image: a PIL image, or an array (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) of uint8, or of
            uint16 over its full range.

    Returns:
        uint8 array of shape (H, W, 3).

    Raises:
        ValueError: an array of another shape or dtype.
    """
    if isinstance(image, Image.Image):
        return np.array(_to_8_bit(image).convert("RGB"), dtype=np.uint8)
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise ValueError(
            f"an image is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {array.shape}"
        )
    if array.dtype == np.uint16:
        array = (array // 257).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ValueError(f"an image is uint8 (0-255) or uint16 (0-65535), not {array.dtype}")
    rgb = np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array[:, :, :3]
    return np.ascontiguousarray(rgb)


def resize(image: UInt8Array, size: tuple[int, int], how: Resize = "area") -> UInt8Array:
    """Resizes to ``size`` = (H, W).

    ``area`` averages every pixel that falls into a smaller one and is linear where the image
    grows, so that thin cracks fade instead of vanishing; ``bilinear`` samples four neighbours
    whatever the factor, which is what the report's program did.
    """
    height, width = size
    if image.shape[:2] == (height, width):
        return image
    if how == "area":
        # Shrink first, then grow: OpenCV's area mode falls back to nearest where it has to grow.
        smaller = (min(width, image.shape[1]), min(height, image.shape[0]))
        image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA).astype(np.uint8)
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)


def cut(mask: UInt8Array, threshold: int) -> npt.NDArray[np.bool_]:
    """Cuts a grey mask: crack where it is greater than ``threshold`` (0-254)."""
    return mask > threshold


def _decode(path: Path, mode: Literal["RGB", "L"]) -> UInt8Array:
    try:
        with Image.open(path) as opened:
            upright = ImageOps.exif_transpose(opened)
            upright.load()
            return np.array(_to_8_bit(upright).convert(mode), dtype=np.uint8)
    except FileNotFoundError as error:
        raise UnreadableImageError(f"{path}: there is no such file") from error
    except UnidentifiedImageError as error:
        raise UnreadableImageError(
            f"{path}: cannot be decoded as an image (it is empty or of no known format)"
        ) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        reason = str(error).strip() or type(error).__name__
        raise UnreadableImageError(f"{path}: cannot be decoded as an image ({reason})") from error


def _to_8_bit(image: Image.Image) -> Image.Image:
    """Pillow clips deeper greys when it converts them; their full range is scaled instead."""
    if image.mode not in ("I", "I;16", "I;16L", "I;16B", "I;16N", "F"):
        return image
    grey = np.nan_to_num(np.asarray(image, dtype=np.float64))
    if image.mode == "F":
        full = 1.0 if grey.max() <= 1.0 else 255.0
    else:
        full = 255.0 if image.mode == "I" and grey.max() <= 255 else 65535.0
    return Image.fromarray(np.clip(grey / full * 255.0, 0, 255).astype(np.uint8))
