"""Finds pictures without a mask that hold what masks hold, whatever their names say.

Folders of masks have names in all languages (``Masken``, ``etiquetas``, ``output``). Where neither
a folder nor a file's name says that a picture is a mask, its pixels do: a photograph has hundreds
of levels, a mask a few, or black and white with what a lossy format makes of them.
"""

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.masks.stored import StoredMask, read_stored_mask
from crackseg.data.annotations.masks.summaries import MaskSummary, summarise
from crackseg.errors import UnreadableImageError, name_some
from crackseg.images.jpeg import JPEG_SUFFIXES
from crackseg.images.photographs import size_of_photograph
from crackseg.system.processes import thread_pool

_SAMPLE = 64
# Letters behind the last number in a name, but none of hashes.
_LAST_WORD = re.compile(r"(?=[^\W\d_]*[^\W\d_a-fA-F])[^\W\d_]{2,}$")
# Bytes: a packed file that is larger than that many in all and for each pixel is a photograph.
_HEADER, _BYTES_A_PIXEL = 2048, 0.3
_PACKED = JPEG_SUFFIXES | {".png", ".webp"}
# Most of a mask's pixels that differ from the next one in their row; and numbers of classes.
_EDGES, MOST_CLASSES = 0.1, 8
# Levels that a lossy format makes of black and white, and least shares of a mask's pixels: of each
# of the two, and of both.
_BLACK, _WHITE = 16, 239
_SOME, _EXTREME = 0.001, 0.97


def without_mask_like(
    root: Path, truths: Mapping[Path, str], crack_free: bool
) -> tuple[dict[Path, str], list[Path]]:
    """The photographs with their truth, and those pictures among them that look like masks.

    Args:
        root: Folder of the data set.
        truths: Truth reference of each photograph; empty where there is none.
        crack_free: Whether photographs without truth count as crack-free. They are looked at then,
            or if none has truth.
    """
    without = [image for image, truth in truths.items() if not truth]
    needed = crack_free or len(without) == len(truths)
    masks = frozenset(_mask_like_among(root, without) if needed else ())
    return {image: truth for image, truth in truths.items() if image not in masks}, sorted(masks)


def _mask_like_among(root: Path, photographs: Iterable[Path]) -> list[Path]:
    """Those of some pictures that look like masks.

    Masks come by the folder. Of those of one folder, suffix and last word of the name some are
    looked at, and all if one of them looks like a mask.

    Args:
        root: Folder of the data set.
        photographs: Pictures that are photographs by their names, relative to ``root``.
    """
    groups: dict[tuple[Path, str, str], list[Path]] = defaultdict(list)
    for path in photographs:
        word = _LAST_WORD.search(path.stem)
        groups[path.parent, path.suffix.lower(), word[0] if word else ""].append(path)
    found = []
    with thread_pool() as pool:

        def look(paths: Sequence[Path]) -> list[Path]:
            seen = pool.map(lambda path: _looks_like_a_mask(root / path), paths)
            return [path for path, is_one in zip(paths, seen, strict=True) if is_one]

        for paths in groups.values():
            # In no order of names, in which every other one may be a mask.
            mixed = sorted(paths, key=lambda path: zlib.crc32(path.name.encode("utf-8", "replace")))
            some = look(mixed[:_SAMPLE])
            found += some + look(mixed[_SAMPLE:]) if some else []
    return sorted(found)


def said_mask_like(pictures: Iterable[Path]) -> list[str]:
    """A note on pictures that look like masks."""
    listed = sorted(map(str, pictures))
    if not listed:
        return []
    return [
        f"{len(listed)} pictures hold a few values only, as masks do and photographs do not, and "
        "have no photograph of their name: they are left out, and photographs near them that have "
        "no mask are not taken as crack-free. Name their folder masks, or write _mask behind their "
        f"photographs' names: {name_some(listed)}"
    ]


def is_packed_photograph(path: Path) -> bool:
    """Whether a file is too large for a packed mask, which is known without decoding it.

    Raises:
        OSError: The file is missing.
    """
    if path.suffix.lower() not in _PACKED:
        return False
    height, width = size_of_photograph(path)
    return path.stat().st_size > _HEADER + _BYTES_A_PIXEL * height * width


def _looks_like_a_mask(path: Path) -> bool:
    try:
        if is_packed_photograph(path):
            return False
        stored = read_stored_mask(path)
    except (OSError, UnreadableImageError):
        # Whoever reads the photograph says so.
        return False
    summary = summarise(stored)
    if summary.is_discrete and not summary.lossy:
        return _has_levels_of_classes(summary) and is_of_areas(stored)
    pixels = np.atleast_3d(np.asarray(stored.pixels))
    return stored.form in ("grey", "colour") and _is_black_and_white(pixels)


def is_of_areas(stored: StoredMask) -> bool:
    """Whether most pixels are as the next one in their row, which no photograph's are."""
    pixels = np.atleast_3d(np.asarray(stored.pixels))
    steps = (pixels[:, 1:] != pixels[:, :-1]).any(axis=2)
    return not steps.size or float(steps.mean()) <= _EDGES


def _has_levels_of_classes(summary: MaskSummary) -> bool:
    """Whether its few values are those of classes: a flat photograph has all levels in a range."""
    levels = sorted(summary.values)
    if summary.form in ("grey", "deep") and levels == list(range(levels[0], levels[-1] + 1)):
        return 1 < len(levels) <= MOST_CLASSES and levels[0] <= 1
    # One value alone may be a frame that was never exposed.
    return summary.form == "alpha" or len(summary.values) + len(summary.colours) > 1


def _is_black_and_white(pixels: npt.NDArray[np.generic]) -> bool:
    black = float((pixels.max(axis=2) <= _BLACK).mean())
    white = float((pixels.min(axis=2) >= _WHITE).mean())
    return min(black, white) >= _SOME and black + white >= _EXTREME
