"""Draws one synthetic photograph and its mask from a seed alone."""

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.crack_paths import cut_cracks
from crackseg.data.synthetic.distractors import add_distractors
from crackseg.data.synthetic.noise import grain, value_noise
from crackseg.data.synthetic.scene import Plane, Scene, rgb
from crackseg.data.synthetic.surfaces import make_surface
from crackseg.data.synthetic.wear import draw_wear, sharpen

SURFACES: tuple[str, ...] = ("asphalt", "concrete", "brick", "tile", "metal")


MIN_SIZE = 64


# The scene is wider than the photograph, so that a turned and tilted camera never sees its edge.
_MARGIN = 1.2


def render(
    surface: str, seed: int, size: int = 400, cracked: bool = True, worn: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws one photograph and its mask.

    The same arguments give the same pixels. With ``cracked=False`` the same camera sees the same
    surface without its crack.

    Args:
        surface: One of ``SURFACES``.
        seed: Seed of the photograph, from 0.
        size: Side of the photograph in pixels, at least 64.
        cracked: Whether the surface is cracked.
        worn: Whether it is old: cracks with broken edges, partly filled, and seen from nearer. The
            mask is that of the whole broken zone.

    Returns:
        The photograph ``(size, size, 3)``, RGB, and the mask ``(size, size)``, both uint8. The mask
        says how much of each pixel is crack, from 0 (none) to 255; it is all 0 if not ``cracked``.

    Raises:
        ValueError: The surface is unknown, the size is too small, or the seed is negative.
    """
    if surface not in SURFACES:
        raise ValueError(f"surface is {surface!r}, but must be one of {', '.join(SURFACES)}.")
    require_at_least("size", size, MIN_SIZE)
    require_at_least("seed", seed, 0)
    # Each part has its own stream of random numbers: leaving out the crack changes nothing else.
    texture, crack, clutter, light, camera, age = np.random.default_rng(
        [seed, SURFACES.index(surface)]
    ).spawn(6)
    wear = draw_wear(age) if worn else None
    unit = size / 400 * (wear.nearness if wear else 1)
    scene = make_surface(surface, texture, round(_MARGIN * size), unit)
    if wear:
        scene.height *= np.float32(wear.relief)
    if cracked:
        cut_cracks(scene, surface, crack, wear)
    add_distractors(scene, surface, clutter, int(clutter.choice(4, p=[0.2, 0.35, 0.3, 0.15])))
    image, mask = _photograph(_illuminate(scene, light), scene.crack, size, camera)
    return sharpen(image, wear) if wear else image, mask


def require_at_least(name: str, value: int, least: int) -> None:
    """Refuses a value below the least possible one.

    Raises:
        ValueError: The value is too small.
    """
    if value < least:
        raise ValueError(f"{name} is {value}, but must be at least {least}.")


def _illuminate(scene: Scene, rng: np.random.Generator) -> Plane:
    """Radiance ``(H, W, 3)`` of the scene, about 0 to 1, in light from one side."""
    angle, relief = rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.3)
    slope_x = cv2.Sobel(scene.height, cv2.CV_32F, 1, 0, scale=0.125)
    slope_y = cv2.Sobel(scene.height, cv2.CV_32F, 0, 1, scale=0.125)
    facing = np.float32(np.cos(angle)) * slope_x + np.float32(np.sin(angle)) * slope_y
    shade = np.clip(1 + np.float32(relief / scene.unit) * facing, 0.45, 1.7) * scene.light
    steps = np.linspace(-1, 1, scene.size, dtype=np.float32)
    falloff = rng.normal(0, 0.10, 2)
    shade *= 1 + falloff[0] * steps[None, :] + falloff[1] * steps[:, None]
    shade *= 1 + 0.03 * value_noise(rng, scene.size, 0.6 * scene.size)
    return np.asarray(scene.albedo * shade[..., None], np.float32)


def _view(rng: np.random.Generator, scene_size: int, size: int) -> NDArray[np.float32]:
    """A homography ``(3, 3)`` from the scene to a photograph taken slightly askew."""
    angle = rng.normal(0, 0.05)
    cos, sin = np.cos(angle), np.sin(angle)
    corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    # Seen at a slant, the far edge takes in more of the surface than the near one.
    corners *= 1 + corners @ rng.normal(0, 0.035, (2, 1))
    corners *= size / 2 * rng.uniform(0.92, 1.04)
    turned = corners @ np.array([[cos, sin], [-sin, cos]]) + scene_size / 2
    turned = np.clip(turned + rng.normal(0, 0.01 * size, (4, 2)), 1, scene_size - 2)
    frame = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * (size - 1)
    return np.asarray(
        cv2.getPerspectiveTransform(turned.astype(np.float32), frame.astype(np.float32))
    )


def _photograph(
    radiance: Plane, coverage: Plane, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Takes the picture by view, focus, lens, white balance, exposure, sensor; the mask by view."""
    view = _view(rng, radiance.shape[0], size)
    image = np.asarray(cv2.warpPerspective(radiance, view, (size, size)), np.float32)
    mask = np.asarray(cv2.warpPerspective(coverage, view, (size, size)), np.float32)
    sharp = rng.uniform(0.35, 1.0) * max(size / 400, 0.5)
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), sharp), np.float32)
    steps = np.linspace(-1, 1, size, dtype=np.float32)
    vignette = 1 - rng.uniform(0, 0.22) * (steps[None, :] ** 2 + steps[:, None] ** 2) / 2
    balance = np.float32(np.exp(rng.normal(0, 0.025)) ** np.array([1.0, 0.0, -1.0]))
    exposure = np.exp(rng.normal(0.14, 0.14))
    image *= vignette[..., None] * (balance * np.float32(exposure))
    grey = image @ rgb(0.3, 0.59, 0.11)
    image += np.float32(rng.uniform(0.0, 0.45)) * (grey[..., None] - image)
    image = np.clip(image, 0, 2) ** np.float32(rng.uniform(0.85, 1.15))
    noise = np.float32(rng.uniform(0.004, 0.02)) * grain(rng, size)
    image += noise[..., None]
    # The camera compresses highlights instead of clipping them.
    bright = image > 0.8
    image[bright] = 1 - 0.2 * np.exp(-(image[bright] - 0.8) / 0.2)
    return _to_bytes(image), _to_bytes(mask)


def _to_bytes(plane: Plane) -> NDArray[np.uint8]:
    return np.clip(np.rint(plane * 255), 0, 255).astype(np.uint8)
