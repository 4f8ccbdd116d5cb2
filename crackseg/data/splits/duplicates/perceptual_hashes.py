"""Proposes pairs of photographs that may show the same, by a perceptual hash of each.

A hash tells which coefficients of a thumbnail's cosine transform are large, and copies of a
photograph differ in few of them. Up to 20,000 hashes are compared each with each. Of more, only
those are compared that agree in 16 bits of low frequencies, drawn at random for each of 128 tables;
which misses a few copies, and keeps the time from growing with the square of their number.
"""

from collections.abc import Iterable, Iterator
from functools import reduce
from itertools import product
from typing import NamedTuple

import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.images.pixels import UInt8Array

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]

# Number of the hash's 256 bits in which copies of a photograph may differ. Unlike photographs
# differ in half of them: of 1.9 million real pairs, each turned in eight ways, 261 in so few.
_BITS = 90
_HASH = 16
# Number of hashes that are compared each with each: some 20 seconds.
EACH_WITH_EACH = 20_000
_ROWS = 64
# The lowest frequencies, 8 by 8, change least from copy to copy. Copies of 1,974 real photographs,
# saved as JPEG of quality 10, brightened by 40 %, halved, blurred, turned by 1.5 degrees or with
# 3 % of a side cut off: of those that differ in few bits, the tables miss 2 % at most.
_LOWEST = 8
_KEY_BITS = 16
_TABLES = 128
# Bits in which copies may differ there. Most unlike photographs within _BITS differ in more.
_BITS_OF_MANY = 84
# Of hashes with the same key so many are compared: frames of one scene may all have it.
_OF_A_KEY = 64
# Number of pairs that are compared at a time, which limits the memory.
_PAIRS_AT_ONCE = 1 << 22


class Turn(NamedTuple):
    """One of the eight ways to turn a square: first transposed, then reversed along its axes."""

    transposed: bool
    upset: bool
    mirrored: bool


TURNS = tuple(Turn(*flags) for flags in product((False, True), repeat=3))


def hashes_of(thumbnails: UInt8Array) -> BoolArray:
    """Whether each coefficient of a thumbnail's cosine transform is large, bool (N, 16, 16)."""
    return np.stack([imagehash.phash(Image.fromarray(one), _HASH).hash for one in thumbnails])


def turned(one: UInt8Array, turn: Turn) -> UInt8Array:
    """Turns a square picture (H, H)."""
    upright = one.T if turn.transposed else one
    return upright[:: -1 if turn.upset else 1, :: -1 if turn.mirrored else 1]


def proposed(hashes: BoolArray, turn: Turn) -> Iterator[IntArray]:
    """Pairs of photographs whose hashes differ in few bits once the second is turned.

    Args:
        hashes: Hashes of :func:`hashes_of`.
        turn: Way in which the second of two is turned.

    Yields:
        Indices (i, j) with i < j of some pairs, int64 (2, P). Of more than ``EACH_WITH_EACH``
        hashes some pairs are missing, and a pair may come again.
    """
    others = _turned_hashes(hashes, turn)
    few = len(hashes) <= EACH_WITH_EACH
    yield from (_each_with_each if few else _by_tables)(hashes, others)


def _each_with_each(hashes: BoolArray, others: BoolArray) -> Iterator[IntArray]:
    words, turned_words = _words(hashes), _words(others)
    for start in range(0, len(hashes), _ROWS):
        # Only hashes from this block on, so that each pair is met once.
        pairs = zip(
            words[:, start : start + _ROWS, None], turned_words[:, None, start:], strict=True
        )
        one, other = start + np.argwhere(_differing(pairs) <= _BITS).T
        yield np.stack([one, other])[:, one < other]


def _by_tables(hashes: BoolArray, others: BoolArray) -> Iterator[IntArray]:
    words, turned_words = _words(hashes), _words(others)
    low, other_low = (
        bits[:, :_LOWEST, :_LOWEST].reshape(len(bits), -1) for bits in (hashes, others)
    )
    generator = np.random.default_rng(0)
    for _ in range(_TABLES):
        bits = generator.choice(low.shape[1], _KEY_BITS, replace=False)
        order = generator.permutation(len(hashes))
        for one, other in _sharing(_keys(low[:, bits]), _keys(other_low[:, bits]), order):
            pairs = zip(words[:, one], turned_words[:, other], strict=True)
            near = (one < other) & (_differing(pairs) <= _BITS_OF_MANY)
            yield np.stack([one, other])[:, near]


def _sharing(
    keys: IntArray, others: IntArray, order: IntArray
) -> Iterator[tuple[IntArray, IntArray]]:
    """Pairs (i, j) for which ``keys[i] == others[j]``, some at a time, the first in ``order``."""
    order = order[np.argsort(others[order], kind="stable")]
    others = others[order]
    first = np.searchsorted(others, keys, "left")
    count = np.minimum(np.searchsorted(others, keys, "right") - first, _OF_A_KEY)
    portion = np.cumsum(count) // _PAIRS_AT_ONCE
    for rows in np.split(np.arange(len(keys)), np.flatnonzero(np.diff(portion)) + 1):
        lengths = count[rows]
        one = np.repeat(rows, lengths)
        within = np.arange(len(one)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        yield one, order[np.repeat(first[rows], lengths) + within]


def _keys(bits: BoolArray) -> IntArray:
    """The bits of each row as a number, int64 (N,)."""
    return bits @ (1 << np.arange(bits.shape[1], dtype=np.int64))


def _words(hashes: BoolArray) -> Words:
    """Packs the bits of each hash in four words, uint64 (4, N)."""
    packed = np.packbits(hashes.reshape(len(hashes), -1), axis=1).view(np.uint64)
    return np.ascontiguousarray(packed.T)


def _differing(pairs: Iterable[tuple[Words, Words]]) -> npt.NDArray[np.uint16]:
    """Number of bits that differ, over pairs of words that are laid against each other."""
    # In 16 bits, since 256 does not fit into eight.
    return reduce(np.add, (np.bitwise_count(one ^ other).astype(np.uint16) for one, other in pairs))


def _turned_hashes(hashes: BoolArray, turn: Turn) -> BoolArray:
    """Hashes of the turned thumbnails, but for a few bits.

    Where an axis is reversed, every second cosine along it changes its sign.
    """
    others = hashes.swapaxes(1, 2).copy() if turn.transposed else hashes.copy()
    others[:, 1::2] ^= turn.upset
    others[:, :, 1::2] ^= turn.mirrored
    return others
