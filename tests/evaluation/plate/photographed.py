"""The test plate as a camera sees it: turned, tilted, blurred and unevenly lit."""

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.evaluation.plate.drawing import plate_pixels
from crackseg.evaluation.plate.layout import SHEET

FINE = 12
# Pixels around the sheet.
_MARGIN = 30


def photographed(
    mm_per_pixel: float, blur: float = 0.7, noise: float = 0.01
) -> npt.NDArray[np.uint8]:
    """Photograph, uint8 (H, W), of the whole plate on a grey table."""
    sheet = plate_pixels(FINE).astype(np.float32) / 255
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * SHEET
    # The far edge is the shorter one, and the whole is turned.
    tilted = (corners / mm_per_pixel) + np.array([[9, 2], [-7, 0], [0, 0], [0, 0]]) / mm_per_pixel
    turned = np.radians(6)
    seen = tilted @ [[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]]
    seen += _MARGIN - seen.min(axis=0)
    size = np.ceil(seen.max(axis=0) + _MARGIN).astype(int).tolist()
    source = (FINE * corners - 0.5).astype(np.float32)
    mapping = cv2.getPerspectiveTransform(source, seen.astype(np.float32))
    soft = cv2.GaussianBlur(sheet, (0, 0), blur * mm_per_pixel * FINE)
    plate = cv2.warpPerspective(soft, mapping, size, borderValue=(0.5,))
    light = 1 + 0.12 * np.linspace(-1, 1, size[0])[None]
    grain = np.random.default_rng(0).normal(0, noise, plate.shape)
    lit = (0.07 + 0.75 * plate) * light + grain
    return np.clip(np.rint(255 * lit), 0, 255).astype(np.uint8)
