"""Augmentation of photographs in training, by albumentations."""

import math
import os
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.config.parsing import AugmentationName
from crackseg.images.pixels import UInt8Array

# albumentations asks the network for newer versions on import, unless this is set.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
import albumentations as A

FloatArray = npt.NDArray[np.float32]
Transforms: TypeAlias = list[A.BasicTransform | A.BaseCompose]


class Augmentation:
    """A named random change of photographs.

    The mask follows the geometry alone, as grey values that are interpolated linearly and not yet
    cut. Pixels that an affine change uncovers at the border are mirrored in both.

    ``flips``
        Flips and quarter turns: photographs of surfaces have no up or down, and cracks run in
        every direction. Quarter turns are left out where they would swap unequal sides.
    ``standard``
        Flips, a mild affine change, brightness and contrast.
    ``strong``
        What other surfaces, light and cameras do besides: rotation to any angle, uneven light, cast
        shadows, gamma, colour casts, grey photographs, blur, lower resolution, noise of the sensor
        and JPEG compression, in the order in which a camera would do them. Its limits leave a crack
        of one or two pixels visible.

    Args:
        image_size: Size (H, W) of the photographs in pixels.
        name: Name of the change.
    """

    def __init__(self, image_size: tuple[int, int], name: AugmentationName = "standard") -> None:
        square = image_size[0] == image_size[1]
        self._compose = A.Compose([*_flips(square), *_BEYOND_FLIPS[name]()], strict=True)

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Changes uint8 image (H, W, 3) and grey mask (H, W) alike; equal seeds, equal changes."""
        # Compose.set_random_seed would give the same seed to every transform, so that both flips
        # would always come together; one stream through all of them keeps them independent.
        self._compose.set_random_state(np.random.default_rng(seed), random.Random(seed))
        changed = self._compose(image=image, mask=mask)
        return np.ascontiguousarray(changed["image"]), np.ascontiguousarray(changed["mask"])


class _CastShadow(A.ImageOnlyTransform):  # type: ignore[misc]
    """The shadow of an edge or of a pole: a half-plane or a broad band with soft borders.

    The polygons of ``A.RandomShadow`` have hard and acute corners, which look like cracks.
    """

    def apply(self, img: UInt8Array, shade: FloatArray, **_: Any) -> UInt8Array:
        """Darkens an image (H, W, 3) by a factor (H, W) in [0, 1]."""
        return np.asarray(cv2.multiply(img, cv2.merge([shade] * 3), dtype=cv2.CV_8U), np.uint8)

    def get_params_dependent_on_data(
        self, params: dict[str, Any], data: dict[str, Any]
    ) -> dict[str, FloatArray]:
        """Draws a shadow at random: how dark it is, where it begins and ends, and how softly."""
        draw, (height, width) = self.py_random.uniform, params["shape"][:2]
        side = max(height, width)
        angle, begin = draw(0, 2 * math.pi), draw(-0.3, 0.3)
        end = begin + self.py_random.choice([2, draw(0.15, 0.5)])
        across = (np.arange(width, dtype=np.float32) - width / 2) / side * math.cos(angle)
        down = (np.arange(height, dtype=np.float32) - height / 2) / side * math.sin(angle)
        place, softness = down[:, None] + across, draw(0.02, 0.1)
        covered = np.clip(np.minimum(place - begin, end - place) / softness, 0, 1)
        return {"shade": (1 - draw(0.25, 0.6) * covered).astype(np.float32)}


def _flips(square: bool) -> Transforms:
    return [
        A.HorizontalFlip(p=0.5),
        A.VerticalFlip(p=0.5),
        A.RandomRotate90(p=0.75 if square else 0.0),
    ]


def _affine(scale: tuple[float, float], degrees: float) -> A.Affine:
    return A.Affine(
        scale=scale,
        rotate=(-degrees, degrees),
        translate_percent=(-0.05, 0.05),
        interpolation=cv2.INTER_LINEAR,
        mask_interpolation=cv2.INTER_LINEAR,
        border_mode=cv2.BORDER_REFLECT_101,
        p=0.5,
    )


def _standard() -> Transforms:
    return [
        _affine((0.9, 1.1), degrees=10),
        A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.2, p=0.5),
    ]


def _strong() -> Transforms:
    # With flips and quarter turns, 45 degrees to either side are every angle.
    return [_affine((0.9, 1.25), degrees=45), *_light(), *_lens(), *_sensor(), *_camera()]


def _light() -> Transforms:
    return [
        A.OneOf(
            [
                A.Illumination(mode="linear", intensity_range=(0.05, 0.2)),
                A.Illumination(mode="gaussian", intensity_range=(0.05, 0.2)),
            ],
            p=0.3,
        ),
        _CastShadow(p=0.2),
    ]


def _lens() -> Transforms:
    """Out of focus, moved, or farther away than its pixels are fine."""
    smaller_and_back = {"downscale": cv2.INTER_AREA, "upscale": cv2.INTER_LINEAR}
    return [
        A.OneOf(
            [
                A.GaussianBlur(blur_limit=0, sigma_limit=(0.4, 1.0)),
                A.MotionBlur(blur_limit=(3, 5), allow_shifted=False),
                A.Downscale(scale_range=(0.5, 0.9), interpolation_pair=smaller_and_back),
            ],
            p=0.4,
        )
    ]


def _sensor() -> Transforms:
    return [A.GaussNoise(std_range=(0.01, 0.04), p=0.3)]


def _camera() -> Transforms:
    """Exposure, white balance, and what a file keeps of a photograph."""
    return [
        A.OneOf(
            [
                A.RandomGamma(gamma_limit=(65, 150)),
                A.RandomBrightnessContrast(brightness_limit=0.2, contrast_limit=0.25),
            ],
            p=0.7,
        ),
        A.OneOf(
            [
                A.HueSaturationValue(10, sat_shift_limit=(-40, 20), val_shift_limit=0),
                A.RGBShift(r_shift_limit=12, g_shift_limit=12, b_shift_limit=12),
                A.ToGray(),
            ],
            p=0.5,
        ),
        A.ImageCompression(quality_range=(35, 95), p=0.4),
    ]


# What each name does on top of flips and quarter turns.
_BEYOND_FLIPS: Mapping[AugmentationName, Callable[[], Transforms]] = {
    "flips": list,
    "standard": _standard,
    "strong": _strong,
}
