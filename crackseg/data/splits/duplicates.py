"""Finds photographs that occur in a data set more than once.

A near duplicate is the same photograph saved again: at another size or proportion, recompressed,
brightened, blurred, turned, mirrored, or with a few percent of its rim cut off. Different crops of
one photograph are not near duplicates.
"""

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from crackseg.data.splits.perceptual_hashes import TURNS, Turn, hashes_of, proposed, turned
from crackseg.images.pixels import UInt8Array, resize
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

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
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-3)


class _Proposal(NamedTuple):
    """Two thumbnails that may show the same, once the second is turned."""

    first: int
    second: int
    turn: Turn


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
    hashes = hashes_of(thumbnails[textured])
    proposals = [
        _Proposal(int(textured[one]), int(textured[other]), turn)
        for turn in progress(TURNS, "Looking for copies", len(TURNS))
        for one, other in proposed(hashes, turn)
    ]
    with thread_pool() as pool:
        answers = pool.map(partial(_is_confirmed, thumbnails), proposals)
        compared = zip(proposals, answers, strict=True)
        looked = progress(compared, "Comparing photographs", len(proposals))
        return sorted({(one.first, one.second) for one, confirmed in looked if confirmed})


def clusters(links: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Joins indices that are linked, directly or through others.

    >>> clusters([(0, 4), (2, 3), (4, 7)])
    [(0, 4, 7), (2, 3)]
    """
    pairs = np.array([*links], np.int64).reshape(-1, 2)
    linked, places = np.unique(pairs, return_inverse=True)
    ends = places.reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(len(linked), len(linked)))
    _, homes = connected_components(graph, directed=False)
    order = np.argsort(homes, kind="stable")
    starts = np.flatnonzero(np.diff(homes[order])) + 1
    return sorted(
        tuple(members.tolist()) for members in np.split(linked[order], starts) if len(members)
    )


def _detail(one: UInt8Array, broadest: float) -> npt.NDArray[np.float32]:
    """Structures of a thumbnail finer than ``broadest``, without its rim, float32 (56, 56)."""
    grey = one.astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), broadest)
    return np.ascontiguousarray(detail[_INNER], np.float32)


def _is_confirmed(thumbnails: UInt8Array, proposal: _Proposal) -> bool:
    first, second, turn = proposal
    return _is_same(thumbnails[first], turned(thumbnails[second], turn))


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
