"""Turns the values of a decoded picture into a photograph: 8-bit RGB, its gaps filled."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.images.bit_depth import Numbers, find_levels, is_measured, to_8_bits
from crackseg.images.notices import warn
from crackseg.images.pixels import Resize, UInt8Array, resize

# Width of the rim of a transparent part, whose pixels are mixed with transparent ones.
RIM_PIXELS = 3


class Photograph(NamedTuple):
    """A decoded photograph.

    Attributes:
        rgb: Pixels, uint8 (H, W, 3).
        visible: Whether a pixel is visible, bool (H, W); False in transparent parts and on their
            rim. None where the photograph is opaque everywhere.
    """

    rgb: UInt8Array
    visible: npt.NDArray[np.bool_] | None

    @property
    def size(self) -> tuple[int, int]:
        """Size (H, W)."""
        return self.rgb.shape[0], self.rgb.shape[1]

    def rows(self, start: int, stop: int) -> UInt8Array:
        """Pixels of the rows from one to before another, (h, W, 3)."""
        return self.rgb[start:stop]

    def visible_rows(self, start: int, stop: int) -> npt.NDArray[np.bool_] | None:
        """Which pixels of these rows are visible, (h, W); None where all are."""
        return None if self.visible is None else self.visible[start:stop]

    def resized(self, size: tuple[int, int], how: Resize) -> "Photograph":
        """The photograph at another size (H, W), see :func:`crackseg.images.pixels.resize`."""
        return Photograph(resize(self.rgb, size, how), None)


def photograph_of(
    path: Path,
    values: Numbers,
    opacity: npt.NDArray[np.bool_] | None = None,
    declared_white: float | None = None,
    white_level: int | None = None,
    no_data: float | None = None,
) -> Photograph:
    """The photograph of values (H, W), (H, W, 1) or (H, W, 3), of which some show nothing."""
    values = np.atleast_3d(values)
    if values.dtype == np.float16:
        # Half floats hold no number as large as those that the search for white compares with.
        values = values.astype(np.float32)
    shown = _where_shown(values, no_data)
    opaque = shown if opacity is None else opacity if shown is None else opacity & shown
    if values.dtype == np.uint8:
        eight = np.asarray(values, np.uint8)
    else:
        levels = find_levels(
            values if opaque is None or not opaque.any() else values[opaque],
            declared_white,
            white_level,
        )
        eight = to_8_bits(values, levels)
        if levels.note:
            warn(
                "depth",
                f"{path}: {levels.note}; another white is set by --white-level, or "
                "data.white_level",
            )
    rgb = np.repeat(eight, 3, axis=2) if eight.shape[2] == 1 else np.ascontiguousarray(eight)
    return Photograph(rgb, None) if opaque is None else _filled(path, rgb, opaque)


def _where_shown(values: Numbers, no_data: float | None) -> npt.NDArray[np.bool_] | None:
    """Where values (H, W, bands) show something; None where all do, apart from single pixels."""
    if no_data is None and values.dtype.kind == "u":
        return None
    missing = np.asarray(~is_measured(values).all(axis=2))
    if no_data is not None:
        missing |= (values == no_data).all(axis=2)
    # A single pixel without a value is a fault of the sensor, not a part of the picture.
    square = np.ones((3, 3), np.uint8)
    areas = cv2.morphologyEx(missing.astype(np.uint8), cv2.MORPH_OPEN, square).astype(np.bool_)
    return ~areas if areas.any() else None


def is_opaque(alpha: Numbers, bits: int | None = None) -> npt.NDArray[np.bool_]:
    """Where a band of opacities is rather opaque than not.

    Args:
        alpha: Opacities (H, W).
        bits: Number of bits of a value; None for all bits of its type.
    """
    if bits is None:
        bits = 8 * alpha.dtype.itemsize - (alpha.dtype.kind == "i")
    full = find_levels(alpha).white if alpha.dtype.kind == "f" else 2.0**bits - 1
    return np.asarray(alpha >= full / 2)


def _filled(path: Path, rgb: UInt8Array, opaque: npt.NDArray[np.bool_]) -> Photograph:
    """Fills transparent parts by the nearest opaque pixel."""
    if opaque.all():
        return Photograph(rgb, None)
    if not opaque.any():
        warn("transparent", f"{path}: is transparent everywhere; its colours are taken as they are")
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
