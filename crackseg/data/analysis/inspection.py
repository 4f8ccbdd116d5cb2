"""Reads the two files of a pair, each at its own size, and measures them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.ground_truth import read_truth_and_kind, truth_file
from crackseg.data.annotations.masks.margins import has_white_margin
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.duplicates.near_duplicates import thumbnail
from crackseg.errors import AnnotationError, UnreadableImageError
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array, binarize, resize
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

_CORE = 127


class Unreadable(NamedTuple):
    """A pair of which a file cannot be decoded.

    Attributes:
        pair: The pair.
        complaint: Which of its files, and why.
        annotated: Whether its annotation can be read but not drawn on the photograph.
    """

    pair: Pair
    complaint: str
    annotated: bool = False


@dataclass(frozen=True, eq=False)
class Inspection:
    """Measurements of a pair's files at their own size.

    Attributes:
        pair: Pair whose files were read.
        image_size: Size (H, W) of the photograph in pixels.
        mask_size: Size (H, W) of the mask in pixels.
        mask_kind: Storage of the mask: a :data:`crackseg.data.annotations.masks.stored.MaskKind`,
            ``annotation``, or ``none`` where there is no mask.
        values: Number of the mask's pixels by value, int64 (256,).
        sharpest: Largest difference between two of its pixels that are two apart, 0-255.
        has_margin: Whether the mask marks crack along its whole rim.
        contrast: Difference in brightness of the marked pixels from the others, in grey levels. It
            is negative where cracks are dark, and 0 where nothing or everything is marked.
        image_digest: Hash that is equal for photographs with equal pixels, however they are stored.
        mask_digest: Hash of the mask in the same way.
        thumbnail: Thumbnail of :func:`~crackseg.data.splits.duplicates.near_duplicates.thumbnail`.
    """

    pair: Pair
    image_size: tuple[int, int]
    mask_size: tuple[int, int]
    mask_kind: str
    values: npt.NDArray[np.int64]
    sharpest: int
    has_margin: bool
    contrast: float
    image_digest: str
    mask_digest: str
    thumbnail: UInt8Array

    def crack_pixels(self, threshold: int) -> int:
        """Number of pixels of the mask above a threshold."""
        return int(self.values[threshold + 1 :].sum())

    @property
    def crack_share(self) -> float:
        """Share of the mask's pixels that are crack rather than background, in [0, 1]."""
        return self.crack_pixels(_CORE) / int(self.values.sum())

    @property
    def soft_share(self) -> float:
        """Share of the mask's pixels that are neither nearly black nor nearly white, in [0, 1]."""
        return int(self.values[16:240].sum()) / int(self.values.sum())

    @property
    def is_uniform(self) -> bool:
        """Whether the mask holds only one value."""
        return int((self.values > 0).sum()) == 1


def inspect_all(root: Path, pairs: Sequence[Pair]) -> list[Inspection | Unreadable]:
    """Inspects pairs on all cores, and shows the progress."""
    with thread_pool() as pool:
        results = pool.map(lambda pair: inspect(root, pair), pairs)
        return list(progress(results, "Reading photographs and masks", len(pairs)))


def inspect(root: Path, pair: Pair) -> Inspection | Unreadable:
    """Reads a pair and measures it."""
    try:
        photograph = read_photograph(root / pair.image)
    except UnreadableImageError as error:
        return Unreadable(pair, f"photograph {_reason(error, root / pair.image)}")
    try:
        mask, kind = read_truth_and_kind(root, pair.mask, photograph.shape[:2])
    except AnnotationError as error:
        return Unreadable(pair, error.reason, annotated=True)
    except UnreadableImageError as error:
        return Unreadable(pair, f"mask {_reason(error, root / (truth_file(pair.mask) or ''))}")
    return Inspection(
        pair=pair,
        image_size=photograph.shape[:2],
        mask_size=mask.shape,
        mask_kind=kind or ("annotation" if pair.mask else "none"),
        values=np.bincount(mask.ravel(), minlength=256),
        sharpest=_sharpest(mask),
        has_margin=has_white_margin(mask),
        contrast=_contrast(photograph, mask),
        image_digest=_digest(photograph),
        mask_digest=_digest(mask),
        thumbnail=thumbnail(photograph),
    )


def _reason(error: UnreadableImageError, path: Path) -> str:
    """Reason of an error without the path, so that equal reasons can be counted."""
    return str(error).removeprefix(f"{path}: ")


def _sharpest(mask: UInt8Array) -> int:
    across = ((mask[2:], mask[:-2]), (mask[:, 2:], mask[:, :-2]))
    return max((int(cv2.absdiff(*pair).max()) for pair in across if pair[0].size), default=0)


def _contrast(photograph: UInt8Array, mask: UInt8Array) -> float:
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY)
    marked = binarize(resize(mask, photograph.shape[:2]), _CORE)
    if marked.all() or not marked.any():
        return 0.0
    return float(grey[marked].mean() - grey[~marked].mean())


def _digest(pixels: UInt8Array) -> str:
    digest = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()
