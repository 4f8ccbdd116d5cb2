"""Finds photographs that occur in a data set more than once.

A near duplicate is the same photograph saved again: at another size or proportion, recompressed,
brightened, blurred, turned, mirrored, or with a few percent of its rim cut off. Different crops of
one photograph are not near duplicates.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.data.splits.duplicates.perceptual_hashes import (
    EACH_WITH_EACH,
    TURNS,
    IntArray,
    Turn,
    hashes_of,
    proposed,
    turned,
)
from crackseg.images.pixels import UInt8Array, resize
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

THUMBNAIL = 64

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
# Number of pairs that threads confirm at a time.
_PORTION = 256
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)


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
        Pairs of indices (i, j) with i < j, in order. They join all copies of a photograph; of the
        pairs of many copies not all are among them.

    References:
        Evangelidis and Psarakis, "Parametric Image Alignment Using Enhanced Correlation
        Coefficient Maximization", 2008, for the affine map.
    """
    textured = np.flatnonzero([_detail(one, _BROAD).std() >= _FLAT for one in thumbnails])
    if len(textured) < 2:
        return []
    if len(textured) > EACH_WITH_EACH:
        more = "more than %s photographs: not all are compared, some copies may be missed"
        log.info(more, f"{EACH_WITH_EACH:,}")
    shown = thumbnails[textured]
    hashes = hashes_of(shown)
    with thread_pool() as pool:
        search = _Search(shown, pool)
        for turn in progress(TURNS, "Comparing photographs", len(TURNS)):
            search.confirm(proposed(hashes, turn), turn)
    return sorted((int(textured[one]), int(textured[other])) for one, other in search.links)


class _Search:
    """Confirms proposed pairs, and passes over those that others have joined already.

    Args:
        thumbnails: Thumbnails of the photographs, uint8 (N, 64, 64).
        pool: Threads to confirm pairs on.

    Attributes:
        links: Pairs that show the same, each once.
    """

    def __init__(self, thumbnails: UInt8Array, pool: ThreadPoolExecutor) -> None:
        self.links: list[tuple[int, int]] = []
        self._thumbnails, self._pool = thumbnails, pool
        # Number of the cluster that each photograph is in.
        self._homes = np.arange(len(thumbnails))

    def confirm(self, proposals: Iterable[IntArray], turn: Turn) -> None:
        """Confirms pairs (2, P) of which the second is turned."""
        refused: set[tuple[int, int]] = set()
        for pairs in map(self._apart, proposals):
            for start in range(0, pairs.shape[1], _PORTION):
                portion = self._apart(pairs[:, start : start + _PORTION])
                once = dict.fromkeys((one, other) for one, other in portion.T.tolist())
                new = [pair for pair in once if pair not in refused]
                same = self._pool.map(partial(self._is_same, turn), new)
                for pair, confirmed in zip(new, same, strict=True):
                    if confirmed:
                        self._join(*pair)
                    else:
                        refused.add(pair)

    def _apart(self, pairs: IntArray) -> IntArray:
        return pairs[:, self._homes[pairs[0]] != self._homes[pairs[1]]]

    def _join(self, one: int, other: int) -> None:
        self.links.append((one, other))
        self._homes[self._homes == self._homes[other]] = self._homes[one]

    def _is_same(self, turn: Turn, pair: tuple[int, int]) -> bool:
        first, second = pair
        return _is_same(self._thumbnails[first], turned(self._thumbnails[second], turn))


def _detail(one: UInt8Array, broadest: float) -> npt.NDArray[np.float32]:
    """Structures of a thumbnail finer than ``broadest``, without its rim, float32 (56, 56)."""
    grey = one.astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), broadest)
    return np.ascontiguousarray(detail[_INNER], np.float32)


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
