"""Reads every pair of a data set once: whether it is readable, its size and its share of crack.

The results are stored below the cache folder; their name is a hash of everything that changes them.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.ground_truth import (
    read_truth_and_kind,
    split_reference,
    truth_file,
)
from crackseg.data.annotations.masks.margins import has_white_margin
from crackseg.data.annotations.masks.sizes import SizeMatch, match_sizes
from crackseg.data.annotations.reader import names_files
from crackseg.data.cache.kept import kept
from crackseg.data.discovery.pairs import Pair
from crackseg.data.readers import why_unreadable
from crackseg.data.splits.duplicates.near_duplicates import THUMBNAIL, thumbnail
from crackseg.errors import OutputError, UnreadableImageError, name_some
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array
from crackseg.preprocessing import Preprocessing
from crackseg.system.files import atomic_write, discard, file_stamp, is_full, require_writable
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

# Raise it when decoding, resizing or the statistics of a pair change.
_VERSION = 9
_NEARLY_BLACK = 31
# Number of pairs that are decoded ahead of their use: enough for all cores, little memory.
_DECODED_AHEAD = 64


@dataclass(frozen=True)
class PairStatistics:
    """Statistics of one pair.

    Attributes:
        unreadable: File of the pair that cannot be decoded; empty if both can.
        size: Size (H, W) of the photograph in pixels.
        mask_size: Size (H, W) of the mask in pixels.
        kind: Kind of the mask, see
            :func:`crackseg.data.annotations.masks.stored.read_mask_and_kind`; empty if it is not an
            image.
        share: Share of the photograph that its mask marks at its own size, in [0, 1]; grey counts
            in part.
        brightest: Largest grey value of the mask at its own size, 0-255.
        has_margin: Whether the mask marks crack along its whole rim.
        grey_histogram: Number of pixels of the mask with each grey value at training size, int64
            (256,).
        thumbnail: Thumbnail of the photograph, see
            :func:`~crackseg.data.splits.duplicates.near_duplicates.thumbnail`.
    """

    unreadable: str
    size: tuple[int, int]
    mask_size: tuple[int, int]
    kind: str
    share: float
    brightest: int
    has_margin: bool
    grey_histogram: npt.NDArray[np.int64]
    thumbnail: UInt8Array

    @property
    def size_match(self) -> SizeMatch:
        """Whether the mask may be that of its photograph."""
        return match_sizes(self.size, self.mask_size)

    @property
    def pixels(self) -> int:
        """Number of pixels at training size."""
        return int(self.grey_histogram.sum())

    @property
    def scale(self) -> float:
        """Training pixels per photograph pixel, along a side."""
        height, width = self.size
        return float((self.pixels / (height * width)) ** 0.5)

    def crack_pixels(self, mask_threshold: int) -> int:
        """Number of crack pixels at training size, with the mask cut at ``mask_threshold``."""
        return int(self.grey_histogram[mask_threshold + 1 :].sum())

    def marks_crack(self, mask_threshold: int) -> bool:
        """Whether the mask marks any crack at its own size, even one that cutting leaves out.

        Greys that are nearly black are noise of a lossy format.
        """
        return self.brightest > min(mask_threshold, _NEARLY_BLACK)

    def is_emptied(self, mask_threshold: int) -> bool:
        """Whether the mask marks something of which resizing and cutting leave no crack."""
        return self.marks_crack(mask_threshold) and self.crack_pixels(mask_threshold) == 0


class Decoded(NamedTuple):
    """Statistics of a pair, and its pixels at training size; an unreadable pair has no pixels."""

    statistics: PairStatistics
    image: UInt8Array
    mask: UInt8Array


def survey(
    root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing, cache: Path
) -> list[PairStatistics]:
    """Reads all pairs, or the stored result of an earlier survey of the same files.

    Returns:
        Statistics of each pair, in order.
    """
    path = cache / "survey" / f"{key_of_pixels(root, pairs, preprocessing)}.npz"

    def read(file: Path) -> list[PairStatistics] | None:
        statistics = read_statistics(file, len(pairs))
        if statistics is None or not is_outdated(root, pairs, statistics):
            return statistics
        discard(file)
        return None

    def read_all() -> list[PairStatistics]:
        _require_writable(path.parent)
        return [decoded.statistics for decoded in decode_all(root, pairs, preprocessing)]

    return kept(path, read, read_all, write_statistics)


def is_outdated(root: Path, pairs: Sequence[Pair], statistics: Sequence[PairStatistics]) -> bool:
    """Whether stored statistics call a pair unreadable that can be read by now, and says so.

    More memory may be left than then, or a decoder was installed, and no file tells that.
    """
    both = zip(pairs, statistics, strict=True)
    lost = [pair for pair, found in both if found.unreadable]
    readable = [pair.image for pair in lost if not why_unreadable(root, pair)]
    if readable:
        log.info("could not be read before and can be now: %s", name_some(readable))
    return bool(readable)


def _require_writable(folder: Path) -> None:
    """Checks the folder before the photographs are read, which takes long."""
    try:
        require_writable(folder)
    except OutputError as error:
        if not is_full(error):
            raise


def decode_all(
    root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing
) -> Iterator[Decoded]:
    """Decodes all pairs in order, on all cores, with a progress bar."""
    with thread_pool() as pool:

        def decode_in_portions() -> Iterator[Decoded]:
            for start in range(0, len(pairs), _DECODED_AHEAD):
                portion = pairs[start : start + _DECODED_AHEAD]
                yield from pool.map(lambda pair: _decode(root, pair, preprocessing), portion)

        yield from progress(decode_in_portions(), "Reading photographs and masks", len(pairs))


def key_of_pixels(root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing) -> str:
    """A hash of everything that changes the pixels of these pairs at training size."""
    settings = (
        _VERSION,
        preprocessing.image_size,
        preprocessing.resize,
        *([preprocessing.white_level] if preprocessing.white_level else []),
    )
    # Another data set may have files of the same names, sizes and times.
    digest = hashlib.sha256(f"{settings} {root.resolve()}".encode())
    truths = list[Path]()
    for pair in pairs:
        digest.update(f"\n{pair.image} {file_stamp(root / pair.image)} {pair.mask}".encode())
        if truth := truth_file(pair.mask):
            truths.append(root / truth)
            digest.update(f" {file_stamp(truths[-1])}".encode())
    for path in names_files(truths):
        digest.update(f"\n{path.resolve()} {file_stamp(path)}".encode())
    return digest.hexdigest()[:32]


def write_statistics(path: Path, statistics: Sequence[PairStatistics]) -> None:
    """Writes statistics as one file of arrays."""
    with atomic_write(path) as name, name.open("wb") as file:
        columns: dict[str, Any] = {
            column.name: np.array([getattr(statistics, column.name) for statistics in statistics])
            for column in fields(PairStatistics)
        }
        np.savez_compressed(file, **columns)


def read_statistics(path: Path, count: int) -> list[PairStatistics] | None:
    """Reads a file of :func:`write_statistics`.

    Args:
        path: Path of the file.
        count: Number of pairs.

    Returns:
        Statistics of each pair; None where the file is missing, damaged or of other pairs.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            columns = [stored[column.name] for column in fields(PairStatistics)]
        statistics = [
            PairStatistics(
                str(unreadable),
                (int(size[0]), int(size[1])),
                (int(mask_size[0]), int(mask_size[1])),
                str(kind),
                float(share),
                int(brightest),
                bool(margin),
                *arrays,
            )
            for unreadable, size, mask_size, kind, share, brightest, margin, *arrays in zip(
                *columns, strict=True
            )
        ]
    except Exception:
        # A damaged file can fail in any way.
        return None
    return statistics if len(statistics) == count and all(map(_is_whole, statistics)) else None


def _is_whole(statistics: PairStatistics) -> bool:
    grey, thumb = statistics.grey_histogram, statistics.thumbnail
    return (
        grey.shape == (256,)
        and grey.dtype == np.int64
        and thumb.shape == (THUMBNAIL, THUMBNAIL)
        and thumb.dtype == np.uint8
        and 0 <= statistics.share <= 1
    )


def _decode(root: Path, pair: Pair, preprocessing: Preprocessing) -> Decoded:
    try:
        photograph = read_photograph(root / pair.image, preprocessing.white_level)
    except UnreadableImageError:
        return _undecoded(pair.image)
    height, width = photograph.shape[:2]
    try:
        truth, kind = read_truth_and_kind(root, pair.mask, (height, width))
    except UnreadableImageError:
        named = split_reference(pair.mask)
        # How it is read is nothing that its name has to say.
        return _undecoded(pair.mask if named.encoding is None else named.file)
    image, mask = preprocessing.resize_pair(photograph, truth)
    grey_histogram = np.bincount(mask.ravel(), minlength=256)
    # Computed from whole numbers, so that every machine divides the photographs in the same way.
    share = int(truth.sum(dtype=np.int64)) / (255 * truth.size)
    statistics = PairStatistics(
        unreadable="",
        size=(height, width),
        mask_size=(truth.shape[0], truth.shape[1]),
        kind=kind or "",
        share=share,
        brightest=int(truth.max(initial=0)),
        has_margin=has_white_margin(truth),
        grey_histogram=grey_histogram,
        thumbnail=thumbnail(photograph),
    )
    return Decoded(statistics, image, mask)


def _undecoded(name: str) -> Decoded:
    nothing = np.zeros((0, 0), np.uint8)
    grey_histogram, thumb = np.zeros(256, np.int64), np.zeros((THUMBNAIL, THUMBNAIL), np.uint8)
    return Decoded(
        PairStatistics(name, (0, 0), (0, 0), "", 0.0, 0, False, grey_histogram, thumb),
        nothing[..., None],
        nothing,
    )
