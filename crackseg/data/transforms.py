"""Random changes of photographs in training, by albumentations."""

import os
import random

import cv2
import numpy as np

from crackseg.images.pixels import UInt8Array

# albumentations asks the network for newer versions on import, unless this is set.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
import albumentations as A


class Augmentation:
    """Flips, quarter turns, a mild affine change, brightness and contrast.

    Photographs of surfaces have no up or down, and cracks run in every direction. The mask is
    changed in the same way, as grey values that are interpolated linearly and not yet cut. Pixels
    that an affine change uncovers at the border are mirrored in both. Quarter turns are left out
    where they would swap unequal sides.

    Args:
        image_size: Size (H, W) of the photographs in pixels.
    """

    def __init__(self, image_size: tuple[int, int]) -> None:
        square = image_size[0] == image_size[1]
        self._compose = A.Compose(
            [
                A.HorizontalFlip(p=0.5),
                A.VerticalFlip(p=0.5),
                A.RandomRotate90(p=0.75 if square else 0.0),
                A.Affine(
                    scale=(0.9, 1.1),
                    rotate=(-10, 10),
                    translate_percent=(-0.05, 0.05),
                    interpolation=cv2.INTER_LINEAR,
                    mask_interpolation=cv2.INTER_LINEAR,
                    border_mode=cv2.BORDER_REFLECT_101,
                    p=0.5,
                ),
                A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, p=0.5),
            ],
            strict=True,
        )

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Changes uint8 image (H, W, 3) and grey mask (H, W) alike; equal seeds, equal changes."""
        # Compose.set_random_seed would give the same seed to every transform, so that both flips
        # would always come together; one stream through all of them keeps them independent.
        self._compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        changed = self._compose(image=image, mask=mask)
        return np.ascontiguousarray(changed["image"]), np.ascontiguousarray(changed["mask"])
