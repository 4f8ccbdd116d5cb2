"""Median crack width of each photograph, measured once and stored below the cache folder."""

import hashlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackseg.data.cache.kept import kept
from crackseg.data.cache.survey import key_of_pixels
from crackseg.data.readers import PairReader
from crackseg.data.splits.manifest import Row
from crackseg.geometry import crack_widths
from crackseg.images.pixels import binarize
from crackseg.preprocessing import Preprocessing
from crackseg.system.files import atomic_write
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

Widths = npt.NDArray[np.float32]

# Raise it when the measurement changes.
_VERSION = 1


def median_widths(
    root: Path,
    rows: Sequence[Row],
    pixels: PairReader,
    preprocessing: Preprocessing,
    cache: Path,
) -> Widths:
    """Measures the median crack width of photographs at training size, or reads what was stored.

    Args:
        root: Folder that the rows are relative to.
        rows: Rows of the photographs.
        pixels: Source of their masks.
        preprocessing: Preprocessing that the source goes by.
        cache: Folder of what is stored.

    Returns:
        Widths in pixels, float32 (N,); not a number where there is no crack.
    """
    seen = key_of_pixels(root, [row.pair for row in rows], preprocessing)
    key = hashlib.sha256(f"{_VERSION} {preprocessing.mask_threshold} {seen}".encode())
    path = cache / "widths" / f"{key.hexdigest()[:32]}.npy"
    measure = partial(_measured, rows, pixels, preprocessing.mask_threshold)
    return kept(path, partial(_stored, count=len(rows)), measure, _write)


def _measured(rows: Sequence[Row], pixels: PairReader, mask_threshold: int) -> Widths:
    def width(row: Row) -> float:
        found = crack_widths(binarize(pixels.read(row)[1], mask_threshold))
        return float(np.median(found)) if len(found) else np.nan

    with thread_pool() as pool:
        measured = pool.map(width, rows)
        return np.array([*progress(measured, "Measuring cracks", len(rows))], np.float32)


def _stored(path: Path, count: int) -> Widths | None:
    try:
        widths = np.load(path, allow_pickle=False)
    except Exception:
        # A damaged file can fail in any way.
        return None
    whole = widths.shape == (count,) and widths.dtype == np.float32
    # No crack is narrower than a pixel.
    return widths if whole and not (widths < 1).any() else None


def _write(path: Path, widths: Widths) -> None:
    with atomic_write(path) as name, name.open("wb") as file:
        np.save(file, widths)
