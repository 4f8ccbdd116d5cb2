"""Finds photographs that occur in a data set more than once.

A near duplicate is the same photograph saved again: at another size or proportion, recompressed,
brightened, blurred, turned, mirrored, or with a few percent of its rim cut off. Different crops of
one photograph are not near duplicates.
"""

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.images.pixels import UInt8Array, resize

THUMBNAIL = 64

# Number of the hash's 256 bits in which copies of a photograph may differ. Unlike photographs
# differ in half of them: of 2.5 million real pairs, each turned in eight ways, 128 in so few.
_BITS = 90
_HASH = 16
# In thumbnail pixels. Broader structures are light and shade, in which two walls look alike.
_BROAD = 2.0
# In thumbnail pixels. Broader structures may be a crack, and one straight line can be laid over
# any other.
_FINE = 1.0
# In grey levels. Below it a thumbnail's detail is only rounding.
_FLAT = 0.5
# Copies of 741 real photographs, saved as JPEG of quality 10 or brightened by 40 %, all reach 0.6;
# unlike ones 0.3 at most, and straight lines on noise 0.51.
_LIKENESS = 0.55
# In thumbnail pixels. There a blur, which does not know what lies outside, takes light for detail.
_RIM = 4
_INNER = (slice(_RIM, -_RIM), slice(_RIM, -_RIM))
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)
_ROWS = 64


class _Turn(NamedTuple):
    """One of the eight ways to turn a square: first transposed, then reversed along its axes."""

    transposed: bool
    upset: bool
    mirrored: bool


_TURNS = tuple(_Turn(*flags) for flags in product((False, True), repeat=3))


def thumbnail(photograph: UInt8Array) -> UInt8Array:
    """Shrinks a photograph (H, W, 3) to a grey (64, 64) picture, by which duplicates are found."""
    grey = cv2.cvtColor(photograph, cv2.COLOR_RGB2GRAY).astype(np.uint8)
    return resize(grey, (THUMBNAIL, THUMBNAIL))


def near_duplicates(thumbnails: UInt8Array) -> list[tuple[int, int]]:
    """Finds the pairs that show the same photograph.

    A perceptual hash proposes pairs, and a comparison of their pixels confirms them. An affine map
    aligns the two thumbnails. Then their finest detail is correlated, which neither brightness nor
    contrast changes. A thumbnail without any detail, such as a white page, has no duplicates.

    Args:
        thumbnails: Thumbnails of :func:`thumbnail`, uint8 (N, 64, 64).

    Returns:
        Pairs of indices (i, j) with i < j, in order.

    References:
        Evangelidis and Psarakis, "Parametric Image Alignment Using Enhanced Correlation
        Coefficient Maximization", 2008, for the affine map.
    """
    textured = np.flatnonzero([_detail(one, _BROAD).std() >= _FLAT for one in thumbnails])
    if len(textured) < 2:
        return []
    hashes = _hashes(thumbnails[textured])
    found: set[tuple[int, int]] = set()
    for turn in _TURNS:
        for one, other in _proposed(hashes, turn):
            first, second = int(textured[one]), int(textured[other])
            if _is_same(thumbnails[first], _turned(thumbnails[second], turn)):
                found.add((first, second))
    return sorted(found)


def clusters(links: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Joins indices that are linked, directly or through others.

    >>> clusters([(0, 4), (2, 3), (4, 7)])
    [(0, 4, 7), (2, 3)]
    """
    home: dict[int, set[int]] = {}
    for pair in links:
        joined = set(pair).union(*(home.get(one, ()) for one in pair))
        home.update(dict.fromkeys(joined, joined))
    return sorted({tuple(sorted(members)) for members in home.values()})


def _detail(one: UInt8Array, broadest: float) -> npt.NDArray[np.float32]:
    """Structures of a thumbnail finer than ``broadest``, without its rim, float32 (56, 56)."""
    grey = one.astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), broadest)
    return np.ascontiguousarray(detail[_INNER], np.float32)


def _hashes(thumbnails: UInt8Array) -> npt.NDArray[np.bool_]:
    """Whether each coefficient of a thumbnail's cosine transform is large, bool (N, 16, 16)."""
    return np.stack([imagehash.phash(Image.fromarray(one), _HASH).hash for one in thumbnails])


def _proposed(hashes: npt.NDArray[np.bool_], turn: _Turn) -> Iterator[tuple[int, int]]:
    """Pairs (i, j) with i < j whose hashes differ in few bits once the second is turned."""
    words, turned = _words(hashes), _words(_turned_hashes(hashes, turn))
    for start in range(0, len(hashes), _ROWS):
        # Only hashes from this block on, so that each pair is met once.
        pairs = zip(words[:, start : start + _ROWS, None], turned[:, None, start:], strict=True)
        # In 16 bits, since 256 does not fit into eight.
        counts = (np.bitwise_count(one ^ other).astype(np.uint16) for one, other in pairs)
        for row, column in np.argwhere(sum(counts) <= _BITS).tolist():
            if row < column:
                yield start + row, start + column


def _words(hashes: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    """Packs the bits of each hash in four words, uint64 (4, N)."""
    packed = np.packbits(hashes.reshape(len(hashes), -1), axis=1).view(np.uint64)
    return np.ascontiguousarray(packed.T)


def _turned(one: UInt8Array, turn: _Turn) -> UInt8Array:
    turned = one.T if turn.transposed else one
    return turned[:: -1 if turn.upset else 1, :: -1 if turn.mirrored else 1]


def _turned_hashes(hashes: npt.NDArray[np.bool_], turn: _Turn) -> npt.NDArray[np.bool_]:
    """Hashes of the turned thumbnails, but for a few bits.

    Where an axis is reversed, every second cosine along it changes its sign.
    """
    turned = hashes.swapaxes(1, 2).copy() if turn.transposed else hashes.copy()
    turned[:, 1::2] ^= turn.upset
    turned[:, :, 1::2] ^= turn.mirrored
    return turned


def _is_same(first: UInt8Array, second: UInt8Array) -> bool:
    try:
        _, affine = cv2.findTransformECC(
            _detail(first, _BROAD),
            _detail(second, _BROAD),
            np.eye(2, 3, dtype=np.float32),
            cv2.MOTION_AFFINE,
            _STOP,
        )
    except cv2.error:
        # No map aligns them.
        return False
    one, other = _detail(first, _FINE), _detail(second, _FINE)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(other, np.asarray(affine, np.float32), one.shape, flags=how)
    # Without the rim, which the map may have taken from outside.
    likeness = cv2.matchTemplate(one[_INNER], laid[_INNER], cv2.TM_CCOEFF_NORMED)
    return bool(likeness.item() >= _LIKENESS)
