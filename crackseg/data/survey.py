"""Reads every pair of a data set once: is it readable, how large, how much crack at training size.

The answers are kept below the cache folder, under a name made of everything that changes them.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from crackseg.data.archive import Pair
from crackseg.data.dataset import Preprocessing
from crackseg.errors import UnreadableImageError
from crackseg.files import write_text
from crackseg.pixels import cut, read_mask, read_photograph, resize
from crackseg.processes import usable_cores
from crackseg.progress import progress

# To be raised when decoding, resizing or cutting changes, or what is found of a pair.
_VERSION = 1


@dataclass(frozen=True)
class Finding:
    """What one pair holds.

    Attributes:
        unreadable: the file of the pair that cannot be decoded, or empty.
        scale: training pixels per photograph pixel.
        crack_pixels: at training size, after the cut.
        emptied: the mask held grey, but resizing and cutting left no crack of it.
    """

    unreadable: str = ""
    scale: float = 0.0
    crack_pixels: int = 0
    emptied: bool = False


def survey(
    root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing, cache: Path
) -> list[Finding]:
    """Reads all pairs, or takes what an earlier survey of the same files found.

    Returns:
        A finding for each pair, in their order.
    """
    path = cache / "survey" / f"{_key(root, pairs, preprocessing)}.json"
    known = _read(path)
    if known is not None:
        return known
    with ThreadPoolExecutor(usable_cores()) as pool:
        look = pool.map(lambda pair: _look(root, pair, preprocessing), pairs)
        findings = list(progress(look, "Reading photographs and masks", len(pairs)))
    write_text(path, json.dumps([asdict(finding) for finding in findings]))
    return findings


def class_weights(findings: Sequence[Finding], image_size: tuple[int, int]) -> tuple[float, float]:
    """Weights of background and crack: w_c = N / (2 N_c), N pixels in all and N_c of class c.

    A class that does not occur weighs as if it had one pixel.
    """
    total = len(findings) * image_size[0] * image_size[1]
    crack = sum(finding.crack_pixels for finding in findings)
    return total / (2 * max(total - crack, 1)), total / (2 * max(crack, 1))


def _read(path: Path) -> list[Finding] | None:
    """An earlier survey; None if there is none or it is not one that this version wrote."""
    try:
        return [Finding(**record) for record in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _look(root: Path, pair: Pair, preprocessing: Preprocessing) -> Finding:
    try:
        photograph = read_photograph(root / pair.image)
    except UnreadableImageError:
        return Finding(unreadable=pair.image)
    try:
        mask = read_mask(root / pair.mask)
    except UnreadableImageError:
        return Finding(unreadable=pair.mask)
    height, width = preprocessing.image_size
    resized = resize(mask, preprocessing.image_size, preprocessing.resize)
    crack = int(cut(resized, preprocessing.mask_threshold).sum())
    return Finding(
        scale=((height * width) / (photograph.shape[0] * photograph.shape[1])) ** 0.5,
        crack_pixels=crack,
        emptied=bool(mask.any()) and crack == 0,
    )


def _key(root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing) -> str:
    settings = (preprocessing.image_size, preprocessing.resize, preprocessing.mask_threshold)
    digest = hashlib.sha256(repr((_VERSION, *settings)).encode())
    for pair in pairs:
        for name in (pair.image, pair.mask):
            stat = (root / name).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:32]
