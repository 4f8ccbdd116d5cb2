"""The embedded data set: synthetic photographs of cracked surfaces with exact masks.

Nothing is downloaded. `render` draws one photograph from its seed alone, and `write_dataset` writes
a few hundred of them once, in the folder layout of CrackSeg9k V4, for the ordinary reader.
"""

import logging
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.cracks import cut_cracks
from crackseg.data.distractors import add_distractors
from crackseg.data.scene import Plane, Scene, grain, rgb, value_noise
from crackseg.data.surfaces import make_surface
from crackseg.errors import DatasetError
from crackseg.pixels import IMAGE_SUFFIXES
from crackseg.progress import progress

log = logging.getLogger(__name__)

SURFACES: tuple[str, ...] = ("asphalt", "concrete", "brick", "tile", "metal")
GENERATOR_VERSION: int = 1

_MIN_SIZE = 64
# The scene is wider than the photograph, so that a turned and tilted camera never sees its edge.
_MARGIN = 1.2
_CRACK_FREE_EVERY = 6
_JPEG_QUALITY = 92


def render(
    surface: str, seed: int, size: int = 400, cracked: bool = True
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draws one photograph and its mask.

    The same arguments give the same pixels. With `cracked=False` the same surface is seen by the
    same camera without its crack.

    Args:
        surface: One of `SURFACES`.
        seed: Any number from 0.
        size: Side of the photograph in pixels, at least 64.
        cracked: Whether the surface is cracked.

    Returns:
        The photograph `(size, size, 3)`, RGB, and the mask `(size, size)`, both uint8. The mask
        says how much of each pixel is crack, from 0 (none, everywhere if not `cracked`) to 255.

    Raises:
        ValueError: If the surface is unknown, the size too small or the seed negative.
    """
    if surface not in SURFACES:
        raise ValueError(f"surface is {surface!r}, but must be one of {', '.join(SURFACES)}.")
    _require_at_least("size", size, _MIN_SIZE)
    _require_at_least("seed", seed, 0)
    # Each part has a stream of its own, so that leaving out the crack changes nothing else.
    texture, crack, clutter, light, camera = np.random.default_rng(
        [seed, SURFACES.index(surface)]
    ).spawn(5)
    scene = make_surface(surface, texture, round(_MARGIN * size), size / 400)
    if cracked:
        cut_cracks(scene, surface, crack)
    add_distractors(scene, surface, clutter, int(clutter.choice(4, p=[0.2, 0.35, 0.3, 0.15])))
    return _photograph(_illuminate(scene, light), scene.crack, size, camera)


def _require_at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}, but must be at least {least}.")


def _illuminate(scene: Scene, rng: np.random.Generator) -> Plane:
    """Light from one side brings out the relief: the scene's radiance `(H, W, 3)`, about 0 to 1."""
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
    """A homography `(3, 3)` from the scene to a photograph taken slightly askew."""
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
    """Takes the picture: view, focus, lens, white balance, exposure, sensor; mask: the view."""
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
    # The camera rolls off highlights instead of clipping them.
    bright = image > 0.8
    image[bright] = 1 - 0.2 * np.exp(-(image[bright] - 0.8) / 0.2)
    return _to_bytes(image), _to_bytes(mask)


def _to_bytes(plane: Plane) -> NDArray[np.uint8]:
    return np.clip(np.rint(plane * 255), 0, 255).astype(np.uint8)


def write_dataset(root: Path, count: int = 360, seed: int = 0, size: int = 400) -> Path:
    """Writes the data set once in the layout of CrackSeg9k V4; a complete one is used again.

    Surfaces follow one another in rotation and every sixth photograph shows no crack. A run that is
    interrupted leaves nothing behind that could be taken for a complete data set.

    Args:
        root: Folder in which the data set's own folder is made.
        count: Number of photographs, at least 1.
        seed: Any number from 0. The same seed gives the same bytes.
        size: Side of the photographs in pixels, at least 64.

    Returns:
        The folder of the data set.

    Raises:
        ValueError: If the count, seed or size is too small.
        DatasetError: If other photographs stand in ``root``.
    """
    _require_at_least("count", count, 1)
    _require_at_least("seed", seed, 0)
    _require_at_least("size", size, _MIN_SIZE)
    folder = root / f"synthetic-v{GENERATOR_VERSION}-n{count}-s{seed}-{size}px"
    if folder.is_dir():
        return folder
    _refuse_among_others(root)
    root.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=root))
    try:
        _write_all(draft, count, seed, size)
        _publish(draft, folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _refuse_among_others(root: Path) -> None:
    """Keeps drawn photographs out of a user's folder, where they would be taken for the user's."""
    beside = (path for pattern in ("*", "*/*") for path in sorted(root.glob(pattern)))
    theirs = next((path for path in beside if path.suffix.lower() in IMAGE_SUFFIXES), None)
    if theirs is not None:
        raise DatasetError(
            f"data.root={root}: other photographs stand here, such as {theirs.relative_to(root)}, "
            "and data=synthetic draws its own; add data=folder to take those, or name another "
            "folder"
        )


def _write_all(folder: Path, count: int, seed: int, size: int) -> None:
    for part in ("Final-Dataset-Vol1/Images", "Final-Dataset-Vol2/Images-2"):
        (folder / part).mkdir(parents=True)
    (folder / "Final-Dataset-Vol1/Final_Masks/Masks").mkdir(parents=True)
    log.info("drawing %d synthetic photographs, once, below %s", count, folder.parent)
    write = partial(_write_one, folder, count, seed, size)
    threads = cv2.getNumThreads()
    # The photographs are drawn side by side; OpenCV's own threads would only get in their way.
    cv2.setNumThreads(1)
    pool = ThreadPoolExecutor(os.cpu_count())
    try:
        label = f"Drawing {count} synthetic photographs"
        for _ in progress(pool.map(write, range(count)), label, count):
            pass
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)


def _write_one(folder: Path, count: int, seed: int, size: int, index: int) -> None:
    surface = SURFACES[index % len(SURFACES)]
    own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
    cracked = index % _CRACK_FREE_EVERY != _CRACK_FREE_EVERY - 1
    image, mask = render(surface, own_seed, size, cracked)
    name = f"synthetic_{surface}_{index:04d}"
    first = index < (count + 1) // 2
    images = "Final-Dataset-Vol1/Images" if first else "Final-Dataset-Vol2/Images-2"
    Image.fromarray(image).save(folder / images / f"{name}.jpg", quality=_JPEG_QUALITY)
    Image.fromarray(mask).save(folder / "Final-Dataset-Vol1/Final_Masks/Masks" / f"{name}.png")


def _publish(draft: Path, folder: Path) -> None:
    """Gives the finished draft its name, unless another process has been faster."""
    # mkdtemp keeps its folders private; a data set may be read by everyone its root is open to.
    draft.chmod(0o777 & ~_umask())
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
