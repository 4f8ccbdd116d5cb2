"""Surfaces laid in a pattern: brick walls in running bond and tiled floors."""

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.noise import (
    blend,
    fractal_noise,
    grain,
    pick_colour,
    ramp,
    soften,
    value_noise,
)
from crackseg.data.synthetic.scene import BrickBond, Plane, Scene, rgb

_MORTAR = [
    (0.66, 0.63, 0.57),
    (0.56, 0.54, 0.51),
    (0.42, 0.40, 0.38),
    (0.74, 0.70, 0.55),
]
_CLAY = [
    (0.56, 0.29, 0.22),
    (0.66, 0.36, 0.22),
    (0.45, 0.27, 0.22),
    (0.60, 0.50, 0.38),
    (0.68, 0.67, 0.65),
]
_GLAZE = [
    (0.78, 0.76, 0.72),
    (0.74, 0.66, 0.54),
    (0.60, 0.60, 0.60),
    (0.66, 0.44, 0.34),
    (0.58, 0.63, 0.60),
]
_GROUT = [
    (0.36, 0.34, 0.32),
    (0.55, 0.53, 0.50),
    (0.80, 0.79, 0.77),
    (0.24, 0.22, 0.2),
]


def paint_brick(scene: Scene, rng: np.random.Generator) -> None:
    """Paints a wall in running bond and stores where its joints lie."""
    size, unit = scene.size, scene.unit
    length = rng.uniform(85, 190) * unit
    bond = BrickBond(length, length * rng.uniform(0.3, 0.42), np.empty(0, np.float32))
    shake = [0.8 * unit * fractal_noise(rng, size, 60 * unit, 4) for _ in range(2)]
    shift = rng.uniform(0, 2 * length, 2).astype(np.float32)
    bond.warp = np.stack([plane + s for plane, s in zip(shake, shift, strict=True)])
    scene.bond = bond
    row, column, inner = _bond_cells(bond, rng.uniform(5, 12) * unit, rng.uniform(2, 7) * unit)
    inner += rng.uniform(0.4, 0.9) * unit * fractal_noise(rng, size, 9 * unit, 4, gain=0.8)
    brick = ramp(inner, -0.6 * unit, 1.0 * unit)
    scene.albedo = blend(_mortar(scene, rng), _clay(scene, rng, row, column), brick)
    # Soot and shade gather where the mortar meets the brick.
    groove = np.exp(-((inner / (2.2 * unit)) ** 2))
    scene.tone(1 - rng.uniform(0.1, 0.45) * groove)
    deep = rng.uniform(1.0, 4.0) * unit
    scene.lift(deep * ramp(inner, -1.5 * unit, 3 * unit))
    rough = fractal_noise(rng, size, 5 * unit, 3, gain=0.8)
    scene.lift(rng.uniform(0.1, 0.45) * unit * rough)


def _bond_cells(
    bond: BrickBond, mortar: float, rounding: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], Plane]:
    """Course and brick number of every pixel and its distance inside the brick's edge."""
    size = bond.warp.shape[1]
    steps = np.arange(size, dtype=np.float32)
    x, y = steps[None, :] + bond.warp[0], steps[:, None] + bond.warp[1]
    row = np.floor(y / bond.height)
    x = x + (row % 2) * (bond.length / 2)
    column = np.floor(x / bond.length)
    u, v = x - column * bond.length, y - row * bond.height
    u = np.minimum(u, bond.length - u) - (mortar / 2 + rounding)
    v = np.minimum(v, bond.height - v) - (mortar / 2 + rounding)
    corner = np.hypot(np.minimum(u, 0), np.minimum(v, 0))
    return row.astype(np.int32), column.astype(np.int32), np.asarray(rounding - corner)


def _mortar(scene: Scene, rng: np.random.Generator) -> Plane:
    size = scene.size
    base = pick_colour(rng, _MORTAR)
    sand = value_noise(rng, size, 1.7 * scene.unit) + 0.7 * grain(rng, size)
    cloud = fractal_noise(rng, size, 30 * scene.unit)
    scene.lift(0.35 * scene.unit * sand)
    return np.asarray(base * (1 + 0.08 * sand + 0.08 * cloud)[..., None], np.float32)


def _clay(
    scene: Scene, rng: np.random.Generator, row: NDArray[np.int32], column: NDArray[np.int32]
) -> Plane:
    size, unit = scene.size, scene.unit
    base = pick_colour(rng, _CLAY)
    spread = rng.uniform(0.05, 0.2)
    each = rng.standard_normal((64, 64)).astype(np.float32)[row % 64, column % 64]
    hue = rng.standard_normal((64, 64)).astype(np.float32)[row % 64, column % 64]
    fired = fractal_noise(rng, size, 40 * unit, 6, gain=0.7)
    speck = ramp(value_noise(rng, size, 2.2 * unit), 1.3, 2.4)
    tone = 1 + spread * each + 0.09 * fired + 0.05 * grain(rng, size) - 0.35 * speck
    tinted = base * (1 + 0.3 * spread * hue[..., None] * rgb(0.3, 0.6, 0.8))
    return np.asarray(tinted * np.clip(tone, 0.3, 1.8)[..., None], np.float32)


def paint_tile(scene: Scene, rng: np.random.Generator) -> None:
    """Paints glazed or stone tiles between lines of grout."""
    size, unit = scene.size, scene.unit
    base = pick_colour(rng, _GLAZE)
    row, column, edge = _tile_cells(rng, size, rng.uniform(95, 260) * unit)
    each = rng.standard_normal((64, 64)).astype(np.float32)[row % 64, column % 64]
    cloud = fractal_noise(rng, size, rng.uniform(40, 140) * unit, 6, gain=0.65)
    tone = 1 + 0.03 * each + rng.uniform(0.01, 0.06) * cloud + 0.012 * grain(rng, size)
    glaze = base * tone[..., None]
    if rng.random() < 0.5:
        glaze = _marble(glaze, scene, rng)
    grout = pick_colour(rng, _GROUT)
    dirt = 0.10 * fractal_noise(rng, size, 40 * unit) + 0.07 * grain(rng, size)
    inner = edge - rng.uniform(1.0, 3.5) * unit + 0.25 * unit * value_noise(rng, size, 5 * unit)
    scene.albedo = blend(grout * (1 + dirt[..., None]), glaze, ramp(inner, -0.7 * unit, 0.9 * unit))
    scene.lift(1.2 * unit * ramp(inner, -1.0 * unit, 2.5 * unit))
    scene.lift(rng.uniform(0, 0.5) * unit * fractal_noise(rng, size, 30 * unit, 3))
    # Glazed tiles mirror a window or a lamp.
    scene.light = scene.light + rng.uniform(0, 0.45) * _reflection(rng, size) * ramp(
        inner, 0, 2 * unit
    )


def _tile_cells(
    rng: np.random.Generator, size: int, pitch: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], Plane]:
    """Row and column number of every pixel's tile and the distance to that tile's border."""
    angle, aspect = (
        rng.choice([0.0, 0.0, np.pi / 4]) + rng.normal(0, 0.15),
        float(rng.choice([1.0, 1.0, 0.5])),
    )
    steps = np.arange(size, dtype=np.float32) + np.float32(8 * size)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    x = cos * steps[None, :] + sin * steps[:, None]
    y = cos * steps[:, None] - sin * steps[None, :]
    height = float(pitch * aspect)
    row = np.floor(y / height)
    x = x + (row % 2) * float(rng.choice([0.0, 0.0, 0.5]) * pitch)
    column = np.floor(x / pitch)
    u, v = x - column * pitch, y - row * height
    edge = np.minimum(np.minimum(u, pitch - u), np.minimum(v, height - v))
    return row.astype(np.int32), column.astype(np.int32), np.asarray(edge, np.float32)


def _marble(glaze: Plane, scene: Scene, rng: np.random.Generator) -> Plane:
    """Adds veins, which run like hairline cracks but fade softly to both sides."""
    ridge = np.abs(fractal_noise(rng, scene.size, 150 * scene.unit, 5, gain=0.5))
    vein = np.exp(-ridge / rng.uniform(0.06, 0.16))
    vein *= ramp(value_noise(rng, scene.size, 90 * scene.unit), -0.6, 1.2)
    tint = np.float32(rng.choice([-0.24, -0.14, 0.2])) * rgb(1.0, 1.05, 1.15)
    return np.asarray(glaze * (1 + vein[..., None] * tint), np.float32)


def _reflection(rng: np.random.Generator, size: int) -> Plane:
    """A bright soft-edged window ``(size, size)``, 0 to 1."""
    corner = rng.uniform(-0.2, 0.9, 2)
    reach = rng.uniform(0.15, 0.6, 2)
    slant = rng.uniform(-0.2, 0.2)
    shape = np.array([[0, 0], [1, slant], [1 + slant, 1 + slant], [slant, 1]])
    pane = np.zeros((size, size), np.uint8)
    cv2.fillPoly(pane, [((corner + reach * shape) * size).astype(np.int32)], 255)
    return soften(pane, rng.uniform(0.03, 0.1) * size) / np.float32(255)
