"""Draws photographs of cracks whose widths are known to a hundredth of a pixel.

Unlike those of :mod:`crackseg.data.synthetic.rendering`, these cracks have even edges and
one darkness: their widths are exact, on surfaces that are not.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from crackseg.data.synthetic.scene import Plane
from crackseg.data.synthetic.surfaces import make_surface

SHAPES = ("straight", "arc", "branching", "tapering")
# A surface without any texture.
EVEN = "even"
# Side of a photograph in pixels, and factor by which it is drawn finer.
SIZE, _FINE = 300, 4
# Distance between the points of a drawn line, in pixels.
_STEP = 0.1
# Share of a branch's width that a second branch has, and of the first's length.
_BRANCH_WIDTH, _BRANCH_LENGTH = 0.7, 0.35


@dataclass(frozen=True)
class Conditions:
    """What a crack is, and how it is photographed.

    Attributes:
        seed: Seed of all else: where it runs, the light, the surface.
        width: Width in pixels; of a tapering crack that in its middle.
        shape: One of :data:`SHAPES`.
        surface: :data:`EVEN`, or one of :data:`crackseg.data.synthetic.rendering.SURFACES`.
        contrast: How much darker it is, as a share of the surface's light.
        blur: Standard deviation of the lens's blur, in pixels.
        noise: Standard deviation of the sensor's noise, as a share of white.
        zoom: Factor of all lengths of the crack, as of a camera that is nearer.
    """

    seed: int
    width: float
    shape: str
    surface: str
    contrast: float
    blur: float
    noise: float
    zoom: float = 1.0


@dataclass(frozen=True, eq=False)
class KnownCrack:
    """A photograph of a crack of known width.

    Attributes:
        image: Photograph, uint8 (H, W, 3).
        coverage: Share of each pixel that is crack, float32 (H, W).
        points: Positions x and y along all its branches, float64 (N, 2).
        widths: Width at each of them in pixels, (N,).
        length: Length of all branches, in pixels.
    """

    image: NDArray[np.uint8]
    coverage: Plane
    points: NDArray[np.float64]
    widths: NDArray[np.float64]
    length: float

    def width_at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """True widths (N,) nearest to positions (N, 2)."""
        return np.asarray(self.widths[KDTree(self.points).query(places)[1]])


def draw(what: Conditions) -> KnownCrack:
    """Draws one crack; the same conditions give the same pixels."""
    rng = np.random.default_rng(what.seed)
    size = round(SIZE * what.zoom)
    branches = _branches(what, rng, size)
    points = np.concatenate([line for line, _ in branches])
    widths = np.concatenate([width for _, width in branches])
    coverage = _coverage(branches, size)
    light = np.asarray(cv2.resize(_surface(what, rng, size), None, fx=_FINE, fy=_FINE), np.float32)
    dark = light * (1 - np.float32(what.contrast) * coverage)[..., None]
    image = _shrunk(cv2.GaussianBlur(dark, (0, 0), what.blur * _FINE), size)
    image += rng.normal(0, what.noise, (size, size, 1)).astype(np.float32)
    length = sum(_length(line) for line, _ in branches)
    return KnownCrack(
        image=np.clip(np.rint(255 * image), 0, 255).astype(np.uint8),
        coverage=_shrunk(coverage, size),
        points=points,
        widths=widths,
        # A round end reaches half a width beyond the line's.
        length=length + sum(width[-1] / 2 for _, width in branches) + branches[0][1][0] / 2,
    )


def _shrunk(plane: NDArray[Any], size: int) -> Plane:
    return np.asarray(cv2.resize(plane, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def _length(line: NDArray[np.float64]) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum())


def _branches(
    what: Conditions, rng: np.random.Generator, size: int
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Positions (N, 2) and widths (N,) of each branch."""
    angle, middle = rng.uniform(0, 2 * np.pi), size / 2 + rng.uniform(-10, 10, 2)
    length, radius = rng.uniform(0.68, 0.8) * size, rng.uniform(0.3, 1.3) * size
    along = np.arange(-length / 2, length / 2, _STEP * what.zoom)
    if what.shape != "arc":
        radius = np.inf
    line = middle + _turned(along, angle, radius)
    width = np.full(len(along), what.width * what.zoom)
    if what.shape == "tapering":
        width = width * np.linspace(0.5, 1.5, len(along))
    branches = [(line, width)]
    if what.shape == "branching":
        start = line[round(len(line) * rng.uniform(0.4, 0.6))]
        away = np.arange(0, _BRANCH_LENGTH * length, _STEP * what.zoom)
        turn = angle + rng.choice([-1, 1]) * rng.uniform(0.6, 1.3)
        narrower = np.full(len(away), _BRANCH_WIDTH * width[0])
        branches.append((start + _turned(away, turn, np.inf), narrower))
    return branches


def _turned(along: NDArray[np.float64], angle: float, radius: float) -> NDArray[np.float64]:
    """Positions (N, 2) along a line, or an arc that touches it at 0."""
    ahead, aside = along, np.zeros_like(along)
    if np.isfinite(radius):
        ahead, aside = radius * np.sin(along / radius), radius * (1 - np.cos(along / radius))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([ahead * cos - aside * sin, ahead * sin + aside * cos], axis=1)


def _coverage(branches: list[tuple[NDArray[np.float64], NDArray[np.float64]]], size: int) -> Plane:
    """Share of each pixel of the finer picture that is crack, (fine, fine)."""
    fine = size * _FINE
    near = np.zeros((size, size), np.uint8)
    for line, width in branches:
        reach = int(np.ceil(width.max())) + 3
        cv2.polylines(near, [np.rint(line).astype(np.int32)], False, 1, reach)
    inside = np.repeat(np.repeat(near, _FINE, axis=0), _FINE, axis=1) > 0
    rows, columns = np.nonzero(inside)
    places = (np.stack([columns, rows], axis=1) + 0.5) / _FINE - 0.5
    share = np.zeros(len(places))
    for line, width in branches:
        away, nearest = KDTree(line).query(places)
        share = np.maximum(share, np.clip((width[nearest] / 2 - away) * _FINE + 0.5, 0, 1))
    coverage = np.zeros((fine, fine), np.float32)
    coverage[rows, columns] = share
    return coverage


def _surface(what: Conditions, rng: np.random.Generator, size: int) -> Plane:
    """Light from a surface, (size, size, 3), brighter on one side."""
    texture, light = rng.spawn(2)
    if what.surface == EVEN:
        colour = np.full((size, size, 3), light.uniform(0.5, 0.75), np.float32)
    else:
        colour = make_surface(what.surface, texture, size, size / 400).albedo
    steps = np.linspace(-1, 1, size, dtype=np.float32)
    slope = light.normal(0, 0.1, 2)
    lit = 1 + slope[0] * steps[None, :] + slope[1] * steps[:, None]
    return np.asarray(colour * lit[..., None], np.float32)
