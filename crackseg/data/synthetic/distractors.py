"""Draws things that look like cracks: joints, cables, twigs, stains, shadows, scratches."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.noise import blend, fractal_noise, grain, ramp, soften, value_noise
from crackseg.data.synthetic.scene import Plane, Scene, rgb

Points = NDArray[np.float64]
_COATINGS = [(0.10, 0.10, 0.11), (0.14, 0.13, 0.12), (0.30, 0.30, 0.31), (0.25, 0.12, 0.09)]
Distractor = Callable[[Scene, np.random.Generator], None]


def _stroke(scene: Scene, lines: list[Points], width: float) -> Plane:
    """Coverage ``(H, W)`` of lines drawn ``width`` pixels wide (``(N, 2)`` points in pixels)."""
    fine = np.zeros((2 * scene.size, 2 * scene.size), np.uint8)
    paths = [np.rint(line * 2 * 16).astype(np.int32).reshape(-1, 1, 2) for line in lines]
    cv2.polylines(fine, paths, False, 255, max(1, round(2 * width)), cv2.LINE_AA, 4)
    small = cv2.resize(fine, (scene.size, scene.size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / np.float32(255)


def _shifted(plane: Plane, x: float, y: float) -> Plane:
    move = np.array([[1, 0, x], [0, 1, y]], np.float32)
    return np.asarray(cv2.warpAffine(plane, move, (len(plane), len(plane))), np.float32)


def _chord(scene: Scene, rng: np.random.Generator, bow: float) -> Points:
    """A smooth line ``(129, 2)`` across the whole scene, bent by about ``bow`` of its side."""
    angle = rng.uniform(0, np.pi)
    ahead = np.array([np.cos(angle), np.sin(angle)])
    aside = np.array([-ahead[1], ahead[0]])
    t = np.linspace(-1.6, 1.6, 129)
    bends = rng.normal(0, bow, 3)
    sway = bends[0] * np.sin(2.2 * t) + bends[1] * np.cos(3.1 * t) + 0.5 * bends[2] * np.sin(6 * t)
    middle = 0.5 + rng.uniform(-0.3, 0.3, 2)
    return np.asarray((middle + t[:, None] * ahead + sway[:, None] * aside) * scene.size)


def _hide_crack(scene: Scene, cover: Plane) -> None:
    """Takes the covered pixels of a crack out of the mask."""
    scene.crack = scene.crack * (1 - cover)


def seal_joint(scene: Scene, rng: np.random.Generator) -> None:
    """A band of bitumen or mastic poured over an old crack: black, smooth, of even width."""
    unit = scene.unit
    line = _chord(scene, rng, rng.choice([0.0, 0.03, 0.08]))
    line = line + 1.5 * unit * np.cumsum(rng.standard_normal(line.shape), axis=0) * rng.uniform(
        0, 1
    )
    cover = _stroke(scene, [line], rng.uniform(5, 13) * unit)
    cover = soften(cover, 1.0 * unit)
    cover = ramp(cover + 0.12 * value_noise(rng, scene.size, 9 * unit), 0.3, 0.7)
    tone = 1 + 0.12 * fractal_noise(rng, scene.size, 20 * unit) + 0.06 * grain(rng, scene.size)
    tar = rgb(0.15, 0.15, 0.16) * rng.uniform(0.7, 1.4) * tone[..., None]
    scene.albedo = blend(scene.albedo, tar, 0.93 * cover)
    scene.height = scene.height * (1 - 0.75 * cover) + 1.2 * unit * soften(cover, 2 * unit)
    _hide_crack(scene, cover)


def saw_joint(scene: Scene, rng: np.random.Generator) -> None:
    """A straight contraction joint, sawn as wide and as dark as a crack."""
    unit = scene.unit
    cover = _stroke(scene, [_chord(scene, rng, 0.0)], rng.uniform(2.0, 6.0) * unit)
    depth = rng.uniform(0.35, 0.75) + 0.08 * fractal_noise(rng, scene.size, 50 * unit)
    scene.tone(1 - cover * np.clip(depth, 0.15, 0.85))
    scene.lift(-1.5 * unit * cover)
    _hide_crack(scene, cover)


def cable(scene: Scene, rng: np.random.Generator) -> None:
    """A wire or hose that lies on the surface and casts a shadow."""
    unit, width = scene.unit, rng.uniform(2.5, 7.0) * scene.unit
    line = _chord(scene, rng, rng.uniform(0.03, 0.2))
    cover = _stroke(scene, [line], width)
    glint = _stroke(scene, [line + rng.uniform(-0.2, 0.2, 2) * width], 0.3 * width)
    side = rng.choice([-1, 1], 2) * rng.uniform(0.4, 1.3) * width
    shadow = soften(_shifted(cover, *side), rng.uniform(0.6, 1.5) * unit)
    scene.light = scene.light * (1 - rng.uniform(0.3, 0.55) * shadow)
    rubber = rgb(*_COATINGS[rng.integers(len(_COATINGS))])
    skin = rubber * (0.8 + rng.uniform(0.3, 1.5) * soften(glint, 0.25 * width))[..., None]
    scene.albedo = blend(scene.albedo, skin, cover)
    scene.height = scene.height * (1 - cover)
    scene.light = 1 + (scene.light - 1) * (1 - cover)
    _hide_crack(scene, cover)


def _limbs(scene: Scene, rng: np.random.Generator, reach: float, forks: int) -> list[Points]:
    """A branching twig or bough: a bent main stem and ``forks`` side shoots."""
    start = rng.uniform(0.15, 0.85, 2) * scene.size
    heading = rng.uniform(0, 2 * np.pi)
    limbs: list[Points] = []
    for index in range(forks + 1):
        if index:
            parent = limbs[int(rng.integers(len(limbs)))]
            start = parent[int(rng.integers(len(parent) // 4, len(parent)))]
            reach_now, angle = reach * rng.uniform(0.3, 0.6), heading + rng.normal(0, 0.9)
        else:
            reach_now, angle = reach, heading
        angles = angle + np.cumsum(rng.normal(0, 0.12, 24))
        moves = reach_now / 24 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        limbs.append(start + np.cumsum(moves, axis=0))
    return limbs


def twig(scene: Scene, rng: np.random.Generator) -> None:
    """A dry twig or stalk with side shoots, brown to black."""
    unit = scene.unit
    limbs = _limbs(scene, rng, rng.uniform(80, 260) * unit, int(rng.integers(0, 4)))
    width = rng.uniform(1.5, 4.0) * unit
    cover = np.maximum(_stroke(scene, limbs, 0.6 * width), _stroke(scene, limbs[:1], width))
    shadow = soften(_shifted(cover, *(rng.uniform(-1.0, 1.0, 2) * width)), 0.8 * unit)
    bark = rgb(0.30, 0.22, 0.15) * rng.uniform(0.5, 1.5)
    tone = 1 + 0.2 * value_noise(rng, scene.size, 3 * unit)
    scene.light = scene.light * (1 - 0.45 * shadow * (1 - cover))
    scene.albedo = blend(scene.albedo, bark * tone[..., None], 0.95 * cover)
    scene.lift(0.5 * width * soften(cover, 0.7 * unit))
    _hide_crack(scene, cover)


def scratch(scene: Scene, rng: np.random.Generator) -> None:
    """A few fine, nearly straight scores, brighter or darker than the surface."""
    lines = []
    for _ in range(rng.integers(1, 6)):
        line = _chord(scene, rng, 0.01)
        first = int(rng.integers(40, 70))
        lines.append(line[first : first + int(rng.integers(12, 35))])
    cover = _stroke(scene, lines, rng.uniform(0.7, 2.0) * scene.unit)
    cover *= ramp(value_noise(rng, scene.size, 30 * scene.unit), -1.5, 0.5)
    tone = rng.uniform(0.2, 0.5) if rng.random() < 0.7 else rng.uniform(-0.5, -0.25)
    scene.tone(1 + np.float32(tone) * cover)
    scene.lift(-0.5 * scene.unit * cover)


def stain(scene: Scene, rng: np.random.Generator) -> None:
    """A dried puddle or an oil spot, often with a dark rim."""
    size, unit = scene.size, scene.unit
    steps = np.linspace(0, 1, size, dtype=np.float32)
    x, y = rng.uniform(0.2, 0.8, 2)
    blob = np.hypot(steps[None, :] - x, (steps[:, None] - y) * rng.uniform(0.6, 1.6))
    blob = rng.uniform(0.08, 0.3) - blob + 0.05 * fractal_noise(rng, size, 90 * unit, 5)
    inside, rim = ramp(blob, 0, rng.uniform(0.01, 0.08)), np.exp(-np.abs(blob) / 0.008)
    cloud = 1 + 0.25 * fractal_noise(rng, size, 50 * unit)
    tone = rng.uniform(0.08, 0.38) * inside * cloud + rng.uniform(0, 0.3) * rim
    tint = rgb(0.9, 1.0, 1.1) ** np.float32(rng.uniform(-1, 2))
    scene.tone(np.clip(1 - tone[..., None] * tint, 0.1, 1))


def drips(scene: Scene, rng: np.random.Generator) -> None:
    """Dark streaks that water has drawn down a wall."""
    size, unit = scene.size, scene.unit
    streaks = value_noise(rng, size, 9 * unit, stretch=18).T
    streaks = streaks + 0.6 * value_noise(rng, size, 3 * unit, stretch=40).T
    fade = ramp(fractal_noise(rng, size, 200 * unit, 2), -0.8, 1.2)
    tone = rng.uniform(0.15, 0.4) * ramp(streaks, 0.6, 2.2) * fade
    colour = rgb(1.0, 1.0, 1.0) if rng.random() < 0.6 else rgb(0.5, 1.0, 1.4)
    scene.tone(1 - tone[..., None] * colour)


def patch(scene: Scene, rng: np.random.Generator) -> None:
    """A repaired area of another tone, whose edge is a long dark or bright line."""
    size, unit = scene.size, scene.unit
    line = _chord(scene, rng, 0.0)
    ahead = line[-1] - line[0]
    grid = np.arange(size, dtype=np.float32)
    side = ahead[0] * (grid[:, None] - line[0, 1]) - ahead[1] * (grid[None, :] - line[0, 0])
    away = (side / np.hypot(*ahead)).astype(np.float32)
    away = away + 2.0 * unit * fractal_noise(rng, size, 40 * unit, 5, gain=0.7)
    cover = ramp(away, -1.0 * unit, 1.0 * unit)
    tone = 1 + rng.choice([-1, 1]) * rng.uniform(0.08, 0.25) * cover
    seam = np.exp(-((away / (rng.uniform(1.0, 2.5) * unit)) ** 2))
    tone = tone - rng.uniform(0, 0.35) * seam * ramp(value_noise(rng, size, 40 * unit), -1.5, 0.5)
    scene.tone(tone.astype(np.float32))
    scene.lift(rng.uniform(0.5, 2.0) * unit * cover)


def lane_marking(scene: Scene, rng: np.random.Generator) -> None:
    """A worn painted stripe, broken by the relief of the surface below it."""
    unit = scene.unit
    cover = _stroke(scene, [_chord(scene, rng, 0.0)], rng.uniform(25, 70) * unit)
    worn = fractal_noise(rng, scene.size, 25 * unit, 6, gain=0.8) - 0.08 * scene.height / unit
    cover = cover * ramp(worn, *((-1.6, -0.6) if rng.random() < 0.6 else (-0.6, 0.4)))
    paint = rgb(0.80, 0.80, 0.78) if rng.random() < 0.7 else rgb(0.78, 0.62, 0.22)
    grey = scene.albedo.mean(axis=2, keepdims=True) / scene.albedo.mean()
    scene.albedo = blend(
        scene.albedo, paint * (0.75 + 0.25 * grey), 0.85 * cover * (1 - scene.crack)
    )


def shadow_edge(scene: Scene, rng: np.random.Generator) -> None:
    """The shadow of a wall or a post: one or two nearly straight soft edges."""
    width = rng.choice([scene.size, rng.uniform(5, 40) * scene.unit])
    line = _chord(scene, rng, 0.01)
    if width == scene.size:
        line = line + rng.choice([-1, 1], 2) * 0.5 * scene.size
    cover = soften(_stroke(scene, [line], float(width)), rng.uniform(0.8, 5) * scene.unit)
    scene.light = scene.light * (1 - rng.uniform(0.25, 0.5) * cover)


def bough_shadow(scene: Scene, rng: np.random.Generator) -> None:
    """The blurred shadow of branches, forked like a crack."""
    unit = scene.unit
    limbs = _limbs(scene, rng, rng.uniform(200, 420) * unit, int(rng.integers(2, 7)))
    width = rng.uniform(3, 10) * unit
    cover = np.maximum(_stroke(scene, limbs, 0.5 * width), _stroke(scene, limbs[:1], width))
    scene.light = scene.light * (
        1 - rng.uniform(0.3, 0.55) * soften(cover, rng.uniform(1.2, 4) * unit)
    )


# Distractors of each surface. They are drawn after the crack, so that they can hide it.
_FOUND_ON: dict[str, tuple[Distractor, ...]] = {
    "asphalt": (seal_joint, patch, lane_marking, cable, twig, stain, shadow_edge, bough_shadow),
    "concrete": (
        seal_joint,
        saw_joint,
        patch,
        cable,
        twig,
        stain,
        drips,
        shadow_edge,
        bough_shadow,
    ),
    "brick": (cable, drips, stain, shadow_edge, bough_shadow),
    "tile": (saw_joint, cable, twig, scratch, stain, shadow_edge),
    "metal": (saw_joint, cable, scratch, scratch, drips, stain, shadow_edge),
}


def add_distractors(scene: Scene, surface: str, rng: np.random.Generator, count: int) -> None:
    """Adds ``count`` different distractors that fit the surface.

    Args:
        scene: Scene, changed in place; pixels that a distractor covers are taken out of
            ``scene.crack``.
        surface: Surface, which decides which distractors fit.
        rng: Generator of random numbers.
        count: Number of distractors, at most as many as the surface has.
    """
    choice = _FOUND_ON[surface]
    for index in rng.permutation(len(choice))[:count]:
        choice[index](scene, rng)
