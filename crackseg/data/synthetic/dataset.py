"""The built-in data set: synthetic photographs of cracked surfaces with exact masks.

Nothing is downloaded. A photograph is drawn from its seed alone, see
:func:`crackseg.data.synthetic.rendering.render`. :func:`write_dataset` writes a few hundred of
them once, in the folder layout of CrackSeg9k V4, which the usual reader takes.
"""

import logging
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from crackseg.data.synthetic.rendering import MIN_SIZE, SURFACES, render, require_at_least
from crackseg.errors import DatasetError
from crackseg.images.pixels import IMAGE_SUFFIXES
from crackseg.system.files import is_abandoned, said_in_words
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

GENERATOR_VERSION: int = 1

_CRACK_FREE_EVERY = 6
# Both without cracks in turn too: five is no divisor of six.
_WORN_SURFACES = ("asphalt", "concrete", "asphalt", "concrete", "asphalt")
_JPEG_QUALITY = 92
# The name of an unfinished data set, which says which process makes it.
_DRAFT = re.compile(r"\.synthetic-v\d+(?:-worn)?(?:-free)?-n\d+-s\d+-\d+px-(?:(\d+)-)?\w+")


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What a data set shows, as :func:`write_dataset` takes it."""

    count: int
    seed: int
    size: int
    crack_free: bool
    worn: bool

    @property
    def folder(self) -> str:
        """Name of its folder."""
        kind = f"{'-worn' if self.worn else ''}{'-free' if self.crack_free else ''}"
        return f"synthetic-v{GENERATOR_VERSION}{kind}-n{self.count}-s{self.seed}-{self.size}px"

    def is_cracked(self, index: int) -> bool:
        """Whether a photograph shows a crack."""
        return not self.crack_free and index % _CRACK_FREE_EVERY != _CRACK_FREE_EVERY - 1


def write_dataset(
    root: Path,
    count: int = 360,
    seed: int = 0,
    size: int = 400,
    crack_free: bool = False,
    worn: bool = False,
) -> Path:
    """Writes the data set in the layout of CrackSeg9k V4, unless it exists already.

    Surfaces come in turn, and every sixth photograph shows no crack, or none of them does. An
    interrupted run leaves nothing behind that could be taken for a complete data set.

    Args:
        root: Folder in which the data set's own folder is made.
        count: Number of photographs, at least 1.
        seed: Seed of the photographs, from 0. The same seed gives the same bytes.
        size: Side of the photographs in pixels, at least 64.
        crack_free: Whether all photographs are without a crack.
        worn: Whether they show worn asphalt and concrete alone, see
            :func:`crackseg.data.synthetic.rendering.render`.

    Returns:
        The folder of the data set.

    Raises:
        ValueError: The count, seed or size is too small.
        DatasetError: Other photographs are in ``root``.
        OutputError: The data set cannot be written.
    """
    require_at_least("count", count, 1)
    require_at_least("seed", seed, 0)
    require_at_least("size", size, MIN_SIZE)
    what = _Drawn(count, seed, size, crack_free, worn)
    folder = root / what.folder
    if folder.is_dir():
        return folder
    _refuse_among_others(root)
    with said_in_words(folder):
        root.mkdir(parents=True, exist_ok=True)
        _remove_abandoned_drafts(root)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-{os.getpid()}-", dir=root))
        try:
            _write_all(draft, what)
            _publish(draft, folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def _remove_abandoned_drafts(root: Path) -> None:
    """Removes drafts of processes that were killed."""
    for draft in root.glob(".synthetic-v*-*"):
        named = _DRAFT.fullmatch(draft.name)
        # A folder is as old as the newest of its files.
        parts = [draft, *draft.glob("*/**/")]
        if named and all(is_abandoned(part, int(named[1] or 0)) for part in parts):
            shutil.rmtree(draft, ignore_errors=True)


def _refuse_among_others(root: Path) -> None:
    """Keeps drawn photographs out of a user's folder, where they would be taken for the user's."""
    beside = (path for pattern in ("*", "*/*") for path in sorted(root.glob(pattern)))
    theirs = next((path for path in beside if path.suffix.lower() in IMAGE_SUFFIXES), None)
    if theirs is not None:
        raise DatasetError(
            f"{root}: other photographs stand here, such as {theirs.relative_to(root)}, and "
            "synthetic ones would be taken for them; name another folder, or take those with "
            "data=folder"
        )


def _write_all(folder: Path, what: _Drawn) -> None:
    for part in ("Final-Dataset-Vol1/Images", "Final-Dataset-Vol2/Images-2"):
        (folder / part).mkdir(parents=True)
    (folder / "Final-Dataset-Vol1/Final_Masks/Masks").mkdir(parents=True)
    log.info("drawing %d synthetic photographs, once, below %s", what.count, folder.parent)
    write = partial(_write_one, folder, what)
    threads = cv2.getNumThreads()
    # The photographs are drawn in parallel; OpenCV's own threads would only slow this down.
    cv2.setNumThreads(1)
    try:
        with thread_pool() as pool:
            label = f"Drawing {what.count} synthetic photographs"
            for _ in progress(pool.map(write, range(what.count)), label, what.count):
                pass
    finally:
        cv2.setNumThreads(threads)


def _write_one(folder: Path, what: _Drawn, index: int) -> None:
    surfaces = _WORN_SURFACES if what.worn else SURFACES
    surface = surfaces[index % len(surfaces)]
    own_seed = int(np.random.SeedSequence([what.seed, index]).generate_state(1)[0])
    image, mask = render(surface, own_seed, what.size, what.is_cracked(index), what.worn)
    name = f"{'worn' if what.worn else 'synthetic'}_{surface}_{index:04d}"
    first = index < (what.count + 1) // 2
    images = "Final-Dataset-Vol1/Images" if first else "Final-Dataset-Vol2/Images-2"
    Image.fromarray(image).save(folder / images / f"{name}.jpg", quality=_JPEG_QUALITY)
    Image.fromarray(mask).save(folder / "Final-Dataset-Vol1/Final_Masks/Masks" / f"{name}.png")


def _publish(draft: Path, folder: Path) -> None:
    """Gives the finished draft its name, unless another process was faster."""
    # mkdtemp makes private folders; a data set may be read by everyone who can read its root.
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
