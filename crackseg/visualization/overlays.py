"""Photographs with the cracks that were found on them."""

import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import UInt8Array

CRACK_COLOUR = (255, 40, 90)


def overlay(image: UInt8Array, mask: npt.NDArray[np.bool_], strength: float = 0.6) -> UInt8Array:
    """Colours the crack pixels of a photograph.

    Args:
        image: Photograph, uint8 (H, W, 3).
        mask: Whether a pixel is crack, bool (H, W).
        strength: Share of the colour in a crack's pixel, in [0, 1].
    """
    coloured = image.copy()
    mixed = (1 - strength) * image[mask].astype(np.float32) + strength * np.array(CRACK_COLOUR)
    coloured[mask] = np.round(mixed.astype(np.float32))
    return coloured


def as_grey(probability: npt.NDArray[np.float32]) -> UInt8Array:
    """Draws a probability (H, W) in [0, 1] as a grey picture, uint8 (H, W)."""
    return np.round(np.clip(probability, 0, 1) * 255).astype(np.uint8)


def as_heat(probability: npt.NDArray[np.float32]) -> UInt8Array:
    """Draws a probability (H, W) in [0, 1] as a grey picture, uint8 (H, W, 3)."""
    return np.repeat(as_grey(probability)[:, :, None], 3, axis=2)
