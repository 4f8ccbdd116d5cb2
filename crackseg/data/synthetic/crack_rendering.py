"""Renders cracks into a scene: their exact coverage, dark gap, relief and dirt."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.noise import blend, fractal_noise, grain, soften, value_noise
from crackseg.data.synthetic.scene import Plane, Scene, rgb
from crackseg.data.synthetic.wear import Wear, fill

# Factor by which the gap is drawn finer than the scene, in both directions.
_SUPERSAMPLING = 2


@dataclass(slots=True)
class Trace:
    """The centre line of one crack.

    Attributes:
        points: Positions ``(N, 2)``, x and y in pixels of the scene.
        half_width: Half the gap at each point ``(N,)``, in pixels of the scene.
    """

    points: NDArray[np.float64]
    half_width: NDArray[np.float64]


def carve(
    scene: Scene,
    traces: list[Trace],
    surface: str,
    rng: np.random.Generator,
    wear: Wear | None = None,
) -> None:
    """Cuts cracks into a scene: the dark gap, the relief and the dirt around it.

    Args:
        scene: Changed in place; ``scene.crack`` becomes the exact coverage by crack.
        traces: At least one crack.
        surface: Decides how ragged the edges and how dark the gaps are.
        rng: Source of the randomness.
        wear: How worn the cracks are; None for fresh ones.
    """
    coverage, distance, half_width = _rasterise(scene, traces, surface, rng)
    scene.crack = coverage
    size, unit = scene.size, scene.unit
    width = 2 * half_width / unit
    # A wide gap is deeper and so darker; both change along the crack.
    floor = {"asphalt": 0.5, "brick": 0.52}.get(surface, 0.34)
    depth = floor + rng.uniform(0, 0.2) + 0.06 * np.minimum(width, 7)
    depth = depth + 0.13 * fractal_noise(rng, size, 45 * unit, 2)
    # Grit has fallen into broad cracks.
    grit = np.clip(fractal_noise(rng, size, 5 * unit, 3, gain=0.8) - 0.3, 0, 1.5)
    depth = depth - 0.3 * grit * np.clip((width - 3) / 5, 0, 1)
    depth = np.clip(depth, 0.22, 0.93).astype(np.float32)
    shade = coverage * depth
    if wear is not None:
        shade = shade * fill(scene, coverage, distance, half_width, wear)
    dirt = rgb(0.055, 0.05, 0.045) * rng.uniform(0.5, 2.0)
    scene.albedo = blend(scene.albedo, dirt, shade)
    halo = np.exp(-distance / (rng.uniform(3, 9) * unit)) * (1 - coverage)
    halo *= rng.uniform(-0.13, 0.07) * (1 + 0.5 * value_noise(rng, size, 20 * unit))
    scene.tone(1 + halo)
    sunk = soften(coverage, max(0.8 * unit, 0.5)) * np.minimum(half_width, 3 * unit)
    scene.lift(-rng.uniform(0.3, 1.0) * sunk)
    scene.lift(0.15 * coverage * grain(rng, size))


def _rasterise(
    scene: Scene, traces: list[Trace], surface: str, rng: np.random.Generator
) -> tuple[Plane, Plane, Plane]:
    """Coverage (0 to 1), distance to the centre line and half width (pixels), each ``(H, W)``."""
    size, fine = scene.size, _SUPERSAMPLING * scene.size
    points = np.concatenate([_densify(t.points) for t in traces])
    widths = np.concatenate([_densify(t.half_width[:, None])[:, 0] for t in traces])
    pixels = np.floor(points * _SUPERSAMPLING).astype(np.int64)
    inside = ((pixels >= 0) & (pixels < fine)).all(axis=1)
    x, y = pixels[inside].T
    seeds = np.full((fine, fine), 255, np.uint8)
    seeds[y, x] = 0
    distance, labels = cv2.distanceTransformWithLabels(
        seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    table = np.zeros(int(labels.max()) + 1, np.float32)
    np.maximum.at(table, labels[y, x], widths[inside].astype(np.float32))
    half_width = table[labels]
    away = distance / np.float32(_SUPERSAMPLING)
    ragged = {"asphalt": 0.9, "brick": 0.5, "concrete": 0.6}.get(surface, 0.4)
    chips = fractal_noise(rng, size, 9 * scene.unit, 3, gain=0.75)
    chips = np.asarray(cv2.resize(chips, (fine, fine)), np.float32)
    edge = (
        half_width
        + ragged * np.minimum(0.3 * scene.unit + 0.3 * half_width, 1.6 * scene.unit) * chips
    )
    gap = np.clip((edge - away) * _SUPERSAMPLING + 0.5, 0, 1)
    shrink = cv2.INTER_AREA
    planes = (cv2.resize(p, (size, size), interpolation=shrink) for p in (gap, away, half_width))
    coverage, away, half_width = (np.asarray(plane, np.float32) for plane in planes)
    return coverage, away, half_width


def _densify(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eight interpolated rows between any two neighbours of ``(N, D)``."""
    places = np.linspace(0, len(values) - 1, 8 * len(values))
    columns = [np.interp(places, np.arange(len(values)), column) for column in values.T]
    return np.stack(columns, axis=1)
