"""Old cracks: their edges have broken off, and grit and dust half fill them.

People who annotate roads paint the whole broken zone, of which the dark gap is but a part.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.noise import blend, fractal_noise, value_noise
from crackseg.data.synthetic.scene import Plane, Scene, rgb

_SAND, _MOSS = rgb(0.42, 0.33, 0.22), rgb(0.30, 0.36, 0.20)


@dataclass(frozen=True, slots=True, eq=False)
class Wear:
    """How old a cracked surface is, and how it is photographed.

    Attributes:
        rng: Source of the randomness along its cracks.
        nearness: Factor of all lengths in the photograph, as of a camera that is nearer.
        relief: Factor of the surface's relief: stones stand out where the binder is worn away.
        breadth: Factor of the widths of cracks, as their edges break off.
        sharpening: How much the camera's program sharpens, 0 for not at all.
    """

    rng: np.random.Generator
    nearness: float
    relief: float
    breadth: float
    sharpening: float


def draw_wear(rng: np.random.Generator) -> Wear:
    """Draws how worn a photograph's surface is."""
    return Wear(
        rng=rng,
        nearness=_factor(rng, 2.2),
        relief=rng.uniform(1.0, 2.5),
        breadth=_factor(rng, 2.2),
        sharpening=max(0.0, rng.uniform(-0.5, 1.5)),
    )


def _factor(rng: np.random.Generator, largest: float) -> float:
    return float(np.exp(rng.uniform(0, np.log(largest))))


def fill(scene: Scene, coverage: Plane, distance: Plane, half_width: Plane, wear: Wear) -> Plane:
    """Roughens the broken zone of cracks, and lays sand or moss into it.

    Args:
        scene: Changed in place: colour and relief within the cracks.
        coverage: Share of each pixel that is crack, ``(H, W)``.
        distance: Distance to the centre line of the crack in pixels, ``(H, W)``.
        half_width: Half the width of the crack there in pixels, ``(H, W)``.
        wear: How worn the surface is.

    Returns:
        How open the crack still is, from 0 to 1 ``(H, W)``; darker where more is open.
    """
    rng, size, unit = wear.rng, scene.size, scene.unit
    share = rng.uniform(0.3, 0.85) + rng.uniform(0.05, 0.35) * fractal_noise(
        rng, size, 35 * unit, 2
    )
    ragged = 0.8 * unit * fractal_noise(rng, size, 4 * unit, 2)
    gap = np.clip(half_width * share + ragged - distance + 0.5, 0, 1)
    still_open = np.asarray(rng.uniform(0.65, 1.0) * gap, np.float32)
    rim = coverage * (1 - still_open)
    shade = rng.uniform(0, 0.35) * (1 + 0.7 * fractal_noise(rng, size, 6 * unit, 3, gain=0.8))
    scene.tone(1 - np.clip(shade, -0.1, 0.7) * rim)
    scene.lift(coverage * rng.uniform(0.2, 1.2) * unit * value_noise(rng, size, 2.5 * unit))
    if rng.random() < 0.5:
        colour = (_SAND if rng.random() < 0.7 else _MOSS) * np.float32(rng.uniform(0.6, 1.3))
        patches = np.clip(fractal_noise(rng, size, 12 * unit, 3) - rng.uniform(0, 1), 0, 1)
        scene.albedo = blend(scene.albedo, colour, 0.8 * rim * patches)
    return still_open


def sharpen(image: NDArray[np.uint8], wear: Wear) -> NDArray[np.uint8]:
    """Sharpens a photograph ``(H, W, 3)``, as the programs of phones and action cameras do."""
    soft = cv2.GaussianBlur(image, (0, 0), wear.rng.uniform(0.8, 1.6))
    sharp = cv2.addWeighted(image, 1 + wear.sharpening, soft, -wear.sharpening, 0)
    return np.asarray(sharp, np.uint8)
