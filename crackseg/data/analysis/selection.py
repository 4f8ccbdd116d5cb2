"""Chooses the pairs of a data set that are shown, and the place to look at."""

from collections.abc import Sequence

import cv2
import numpy as np

from crackseg.data.analysis.explore import Exploration, Measured
from crackseg.geometry import middle_line
from crackseg.images.pixels import UInt8Array, binarize


def spread(
    measured: Sequence[Measured], count: int, mask_threshold: int, seed: int = 0
) -> list[Measured]:
    """Chooses pairs from the least to the most cracked one.

    These two are always chosen. The pairs between them are divided into steps of equal number, and
    one pair is drawn from each step.

    Args:
        measured: Pairs, any number.
        count: Number of pairs to choose, at least 3.
        mask_threshold: Threshold above which a mask is crack.
        seed: Seed of the draw; the order of ``measured`` does not matter.
    """
    ordered = sorted(measured, key=lambda one: (one.crack_share(mask_threshold), one.pair))
    if len(ordered) <= count:
        return ordered
    steps = np.array_split(np.arange(1, len(ordered) - 1), count - 2)
    generator = np.random.default_rng(seed)
    between = [int(generator.choice(step)) for step in steps]
    return [ordered[place] for place in (0, *between, len(ordered) - 1)]


def most_changed(exploration: Exploration, count: int) -> list[Measured]:
    """Chooses the pairs on which the lowest and the highest mask threshold differ most.

    One pair from each source comes first, since every source has its own way to draw cracks. Files
    that are no masks, and inverted masks, are not chosen.
    """
    gentle, *_, harsh = exploration.mask_thresholds
    spoilt = {
        pair.image
        for problem in exploration.verification.problems
        if problem.spoils
        for pair in problem.pairs
    }
    lost = {
        one.pair.image: lost
        for one in exploration.measured
        if one.pair.image not in spoilt and (lost := one.share_lost(gentle, harsh)) > 0
    }

    def most_first(measured: Sequence[Measured]) -> list[Measured]:
        known = [one for one in measured if one.pair.image in lost]
        return sorted(known, key=lambda one: (-lost[one.pair.image], one.pair))

    by_source = [most_first(ones) for ones in exploration.sources.values()]
    first = [ones[0] for ones in by_source if ones]
    others = [one for ones in by_source for one in ones[1:]]
    return most_first((most_first(first) + most_first(others))[:count])


def weakest_spot(mask: UInt8Array, gentle: int, harsh: int, side: int) -> tuple[slice, slice]:
    """Finds the square in which a higher mask threshold takes away most of the crack.

    Lost pixels of the middle line count most, then other lost pixels.

    Args:
        mask: Grey mask, uint8 (H, W).
        gentle: Lower mask threshold.
        harsh: Higher mask threshold.
        side: Side of the square in pixels; smaller where the mask is smaller.

    Returns:
        Rows and columns of the square.
    """
    crack = binarize(mask, gentle)
    lost = crack & ~binarize(mask, harsh)
    weight = lost.astype(np.float32)
    weight[middle_line(crack) & lost] = side
    # Where nothing is lost, all of the crack counts.
    weight = weight if lost.any() else crack.astype(np.float32)
    # Pixels near the middle of the square count more, so that lost pixels are not at its rim.
    around = cv2.GaussianBlur(weight, (0, 0), side / 4, borderType=cv2.BORDER_CONSTANT)
    middle = np.unravel_index(int(around.argmax()), mask.shape)
    side = min(side, *mask.shape)
    top, left = (
        min(max(int(place) - side // 2, 0), length - side)
        for place, length in zip(middle, mask.shape, strict=True)
    )
    return slice(top, top + side), slice(left, left + side)
