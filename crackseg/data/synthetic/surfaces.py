"""Textures of the five surfaces of the built-in data set: colour and relief, no crack yet.

Every surface is drawn flat and from the front; the camera tilts it later, see
:mod:`crackseg.data.synthetic.rendering`.
"""

from collections.abc import Callable

import cv2
import numpy as np

from crackseg.data.synthetic.masonry import paint_brick, paint_tile
from crackseg.data.synthetic.noise import (
    blend,
    cells,
    fractal_noise,
    grain,
    pick_colour,
    ramp,
    value_noise,
)
from crackseg.data.synthetic.scene import Scene, rgb

_BITUMEN = [
    (0.36, 0.36, 0.37),
    (0.45, 0.44, 0.42),
    (0.29, 0.30, 0.32),
    (0.42, 0.38, 0.34),
]
_CEMENT = [
    (0.62, 0.61, 0.58),
    (0.70, 0.70, 0.69),
    (0.55, 0.55, 0.55),
    (0.68, 0.64, 0.57),
    (0.50, 0.52, 0.52),
]
_PLATE = [
    (0.56, 0.57, 0.59),
    (0.48, 0.50, 0.53),
    (0.62, 0.61, 0.58),
    (0.40, 0.46, 0.43),
    (0.55, 0.49, 0.40),
]


def _lay_stones(scene: Scene, rng: np.random.Generator, cell: float, contrast: float) -> None:
    """Presses broken stones of about ``cell`` pixels into the surface, some of them missing."""
    size = scene.size
    labels, edge = cells(rng, size, cell)
    count = int(labels.max()) + 1
    tone = np.exp(contrast * rng.standard_normal(count)).astype(np.float32)
    tint = (1 + 0.05 * rng.standard_normal((count, 1)) * [1.0, 0.2, -1.0]).astype(np.float32)
    colour = scene.albedo.mean(axis=(0, 1)) * rng.uniform(1.05, 1.35) * tint * tone[:, None]
    kept = (rng.random(count) < rng.uniform(0.45, 0.95)).astype(np.float32)
    gap = 0.12 * cell * (1 + 0.8 * value_noise(rng, size, max(1.5, cell / 3)))
    cover = kept[labels] * np.clip(edge - gap, 0, 1)
    worn = np.asarray(colour[labels], np.float32)
    worn *= (1 + 0.08 * value_noise(rng, size, 1.6))[..., None]
    scene.albedo = blend(scene.albedo, worn, cover)
    scene.lift(cover * np.minimum(edge, 0.35 * cell) * 0.6)


def _asphalt(scene: Scene, rng: np.random.Generator) -> None:
    size, unit = scene.size, scene.unit
    base = pick_colour(rng, _BITUMEN)
    rough = 0.16 * value_noise(rng, size, 2.2 * unit) + 0.10 * grain(rng, size)
    scene.albedo = base * (1 + rough)[..., None]
    scene.lift(0.9 * unit * rough)
    coarse = unit * float(np.exp(rng.uniform(np.log(3.0), np.log(15.0))))
    _lay_stones(scene, rng, max(2.0, 2.8 * unit), rng.uniform(0.10, 0.22))
    if coarse > 4.5 * unit:
        _lay_stones(scene, rng, coarse, rng.uniform(0.12, 0.30))
    wear = 0.07 * fractal_noise(rng, size, 160 * unit) + 0.03 * fractal_noise(rng, size, 30 * unit)
    # Wheels wear long strips of the road.
    wear += rng.uniform(0, 0.07) * value_noise(rng, size, 70 * unit, stretch=9)
    scene.tone(1 + wear)


def _dig_pores(scene: Scene, rng: np.random.Generator, count: int, largest: float) -> None:
    """Draws air bubbles of up to ``largest`` pixels in radius."""
    size = scene.size
    pores = np.zeros((2 * size, 2 * size), np.uint8)
    radii = largest * rng.power(0.45, count)
    for (x, y), radius in zip(rng.uniform(0, 2 * size, (count, 2)), radii, strict=True):
        axes = (max(1, round(2 * radius)), max(1, round(2 * radius * rng.uniform(0.6, 1))))
        cv2.ellipse(pores, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, 255, -1)
    cover = np.asarray(cv2.resize(pores, (size, size), interpolation=cv2.INTER_AREA), np.float32)
    cover /= 255
    scene.tone(1 - 0.5 * cover)
    scene.lift(-1.5 * scene.unit * cover)


def _concrete(scene: Scene, rng: np.random.Generator) -> None:
    size, unit = scene.size, scene.unit
    base = pick_colour(rng, _CEMENT)
    cloud = fractal_noise(rng, size, rng.uniform(60, 180) * unit, octaves=6, gain=0.6)
    sand = 0.6 * value_noise(rng, size, 1.8 * unit) + 0.6 * grain(rng, size)
    tone = 1 + rng.uniform(0.02, 0.07) * cloud + rng.uniform(0.02, 0.06) * sand
    # A float or broom leaves fine parallel marks.
    tone += rng.uniform(0, 0.04) * value_noise(rng, size, 2.5 * unit, stretch=40)
    scene.albedo = np.asarray(base * tone[..., None], np.float32)
    warm = fractal_noise(rng, size, 90 * unit, octaves=3)
    scene.tone(1 + 0.012 * warm[..., None] * rgb(1, 0.2, -1))
    relief = rng.uniform(0.1, 0.8)
    scene.lift(unit * relief * (fractal_noise(rng, size, 14 * unit, octaves=3) + 0.15 * sand))
    _dig_pores(scene, rng, int(rng.choice([15, 60, 160])), rng.uniform(1.5, 4.5) * unit)
    if rng.random() < 0.3:
        _press_boards(scene, rng)


def _press_boards(scene: Scene, rng: np.random.Generator) -> None:
    """Draws lines and steps that the boards of the formwork left in the concrete."""
    size, unit = scene.size, scene.unit
    pitch = rng.uniform(70, 160) * unit
    across = np.arange(size, dtype=np.float32)[:, None] + 1.2 * unit * value_noise(
        rng, size, 60 * unit
    )
    across += rng.uniform(0, pitch)
    board = (across / pitch).astype(np.int32)
    inside = np.mod(across, np.float32(pitch)) - np.float32(pitch / 2)
    seam = np.exp(-((inside / (1.1 * unit)) ** 2))
    tone = rng.normal(1, 0.035, int(board.max()) + 1).astype(np.float32)[board]
    tone *= 1 - rng.uniform(0.1, 0.35) * seam * ramp(value_noise(rng, size, 45 * unit), -1.2, 0.6)
    scene.tone(tone)
    scene.lift(1.5 * unit * seam)


def _metal(scene: Scene, rng: np.random.Generator) -> None:
    size, unit = scene.size, scene.unit
    base = pick_colour(rng, _PLATE)
    brushed = value_noise(rng, size, 1.0, 60) + 0.7 * value_noise(rng, size, 2.5 * unit, 40)
    cloud = fractal_noise(rng, size, 120 * unit, 5)
    tone = 1 + rng.uniform(0.01, 0.06) * brushed + 0.05 * cloud + 0.02 * grain(rng, size)
    steps = np.linspace(-1, 1, size, dtype=np.float32)
    tilt = rng.uniform(-0.8, 0.8) * steps[:, None] + steps[None, :] - rng.uniform(-0.9, 0.9)
    sheen = np.exp(-((tilt / rng.uniform(0.3, 0.8)) ** 2)) * (1 + 0.12 * brushed)
    scene.albedo = base * (tone + rng.uniform(0.05, 0.4) * sheen)[..., None]
    wavy = fractal_noise(rng, size, 8 * unit, 3) + 0.4 * brushed
    scene.lift(rng.uniform(0, 0.25) * unit * wavy)
    if rng.random() < 0.5:
        _weld(scene, rng)
    if rng.random() < 0.35:
        _rivet(scene, rng)
    if rng.random() < 0.6:
        _rust(scene, rng)
    if rng.random() < 0.5:
        # The rolling direction is vertical as often as horizontal.
        for plane in ("albedo", "height", "light"):
            setattr(scene, plane, np.ascontiguousarray(np.swapaxes(getattr(scene, plane), 0, 1)))


def _weld(scene: Scene, rng: np.random.Generator) -> None:
    """Draws a weld of overlapping scales, with a bluish and brown halo of heat beside it."""
    size, unit = scene.size, scene.unit
    steps = np.arange(size, dtype=np.float32)
    half = rng.uniform(7, 14) * unit
    across = (steps[:, None] - rng.uniform(0.25, 0.75) * size) / half
    across = across + 0.12 * value_noise(rng, size, 25 * unit)
    bead = ramp(1 - np.abs(across), 0, 0.25)
    phase = (steps[None, :] / half + 0.9 * across**2) * rng.uniform(1.8, 3.0)
    scales = np.abs(np.mod(phase + 0.2 * value_noise(rng, size, 6 * unit), 2) - 1)
    heat = np.exp(-((np.abs(across) - 1.2) ** 2) / 0.9)[..., None] * rgb(-0.16, -0.17, -0.10)
    scene.tone(1 + heat)
    scene.tone(1 - 0.25 * bead * scales)
    dome = np.sqrt(np.maximum(1 - across**2, 0))
    scene.lift(half * 0.35 * dome + bead * scales * half * 0.18)


def _rivet(scene: Scene, rng: np.random.Generator) -> None:
    """Draws a row of round heads, each with a rim of dirt."""
    unit = scene.unit
    radius, pitch = rng.uniform(7, 13) * unit, rng.uniform(50, 90) * unit
    y, steps = rng.uniform(0.1, 0.9) * scene.size, np.arange(scene.size, dtype=np.float32)
    x = np.mod(steps + rng.uniform(0, pitch), pitch) - pitch / 2
    away = np.hypot(x[None, :], steps[:, None] - y) / radius
    scene.lift(0.6 * radius * np.sqrt(np.maximum(1 - away**2, 0)))
    grime = np.exp(-((np.maximum(away - 1, 0) / 0.25) ** 2)) * ramp(away, 0.75, 1)
    scene.tone(1 - 0.4 * grime)


def _rust(scene: Scene, rng: np.random.Generator) -> None:
    size, unit = scene.size, scene.unit
    spread = fractal_noise(rng, size, rng.uniform(40, 140) * unit, 6, gain=0.7)
    dry = rng.uniform(0.5, 1.7)
    cover = ramp(spread, dry, dry + 0.5)
    shade = fractal_noise(rng, size, 12 * unit, 4, gain=0.8)[..., None]
    brown = (
        rgb(0.40, 0.25, 0.16)
        * np.float32(rng.uniform(0.65, 1.1))
        * (1 + 0.25 * shade * rgb(1.0, 0.9, 0.7))
    )
    scene.albedo = blend(scene.albedo, brown, 0.85 * cover)
    scene.lift(0.5 * unit * cover * shade[..., 0])


PAINTERS: dict[str, Callable[[Scene, np.random.Generator], None]] = {
    "asphalt": _asphalt,
    "concrete": _concrete,
    "brick": paint_brick,
    "tile": paint_tile,
    "metal": _metal,
}


def make_surface(name: str, rng: np.random.Generator, size: int, unit: float) -> Scene:
    """Draws one surface from the front.

    Args:
        name: One of ``PAINTERS``.
        rng: Generator of random numbers.
        size: Side of the scene in pixels.
        unit: Pixels of this scene for one pixel of a 400 px photograph.
    """
    blank = np.zeros((size, size), np.float32)
    scene = Scene(np.zeros((size, size, 3), np.float32), blank, blank + 1, blank.copy(), unit)
    PAINTERS[name](scene, rng)
    return scene
