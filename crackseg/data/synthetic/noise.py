"""Noises that fill the planes of a synthetic scene."""

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.scene import Plane


def value_noise(rng: np.random.Generator, size: int, cell: float, stretch: float = 1.0) -> Plane:
    """Smooth noise ``(size, size)`` of mean 0 and standard deviation near 1.

    Args:
        rng: Generator of random numbers.
        size: Side in pixels.
        cell: Distance of the noise's knots in pixels.
        stretch: Factor by which blobs are longer along x than along y.
    """
    columns, rows = (max(2, round(size / max(c, 1.0))) for c in (cell * stretch, cell))
    knots = rng.standard_normal((rows + 2, columns + 2), dtype=np.float32)
    # Cubic interpolation averages neighbouring knots, which costs a quarter of the deviation.
    knots *= np.float32(1.3)
    return np.asarray(cv2.resize(knots, (size, size), interpolation=cv2.INTER_CUBIC))


def fractal_noise(
    rng: np.random.Generator, size: int, cell: float, octaves: int = 4, gain: float = 0.55
) -> Plane:
    """Sum ``(size, size)`` of noises of halved cells and falling weight, with deviation near 1."""
    total = np.zeros((2, 2), np.float32)
    power, weight = 0.0, 1.0
    for octave in range(octaves):
        # Every octave is added at its own coarse scale, so only the last one costs full size.
        side = max(2, round(size / max(cell / 2**octave, 1.0))) + 2
        total = np.asarray(cv2.resize(total, (side, side), interpolation=cv2.INTER_CUBIC))
        total += np.float32(weight) * rng.standard_normal((side, side), dtype=np.float32)
        power += weight**2
        weight *= gain
    total *= np.float32(1.3 / np.sqrt(power))
    return np.asarray(cv2.resize(total, (size, size), interpolation=cv2.INTER_CUBIC))


def grain(rng: np.random.Generator, size: int) -> Plane:
    """White noise ``(size, size)``, one value a pixel, deviation 1."""
    return rng.standard_normal((size, size), dtype=np.float32)


def ramp(values: Plane, low: float, high: float) -> Plane:
    """Rises smoothly from 0 at ``low`` to 1 at ``high``."""
    t = np.clip((values - low) * np.float32(1 / (high - low)), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def blend(
    below: Plane, above: Plane | NDArray[np.float64], cover: Plane | NDArray[np.float64]
) -> Plane:
    """Lays the colours ``above`` over ``below`` ``(H, W, 3)`` with opacity ``cover`` ``(H, W)``."""
    top = np.asarray(above, np.float32)
    return np.asarray(below + cover[..., None] * (top - below), np.float32)


def pick_colour(rng: np.random.Generator, palette: list[tuple[float, float, float]]) -> Plane:
    """One of the palette's RGB colours (0 to 1), slightly off."""
    colour = np.asarray(palette[rng.integers(len(palette))], np.float32)
    tint = 1 + 0.015 * rng.standard_normal(3, dtype=np.float32)
    return np.asarray(colour * tint * np.float32(rng.uniform(0.88, 1.1)), np.float32)


def cells(rng: np.random.Generator, size: int, cell: float) -> tuple[NDArray[np.int32], Plane]:
    """Voronoi cells about ``cell`` pixels wide: their labels and the distance to their border."""
    seeds = np.full((size, size), 255, np.uint8)
    count = max(4, int((size / cell) ** 2))
    seeds[rng.integers(0, size, count), rng.integers(0, size, count)] = 0
    _, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    inside = np.full((size, size), 255, np.uint8)
    inside[:, 1:][labels[:, 1:] != labels[:, :-1]] = 0
    inside[1:][labels[1:] != labels[:-1]] = 0
    return np.asarray(labels, np.int32), np.asarray(
        cv2.distanceTransform(inside, cv2.DIST_L2, 3), np.float32
    )


def soften(plane: Plane | NDArray[np.uint8], sigma: float) -> Plane:
    """Gaussian blur of ``sigma`` pixels; a broad one is computed on a smaller copy."""
    size = plane.shape[0]
    shrink = max(1, int(sigma / 3))
    small = cv2.resize(plane, (size // shrink, size // shrink), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink)
    full = cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(full, np.float32)
