"""Chooses what of a data set to show, and where to look."""

from collections.abc import Sequence

import cv2
import numpy as np

from crackseg.data.analysis.explore import Exploration, Measured
from crackseg.geometry import middle_line
from crackseg.images import UInt8Array, binarize


def spread(
    measured: Sequence[Measured], count: int, mask_threshold: int, seed: int = 0
) -> list[Measured]:
    """Chooses pairs from the least to the most cracked one.

    Those two are always among them; between them as many steps of the same number of pairs are
    made as are needed, and one is drawn from each.

    Args:
        measured: of any number.
        count: to choose, at least 3.
        mask_threshold: crack is above it.
        seed: of the draw; the order of ``measured`` does not matter.
    """
    ordered = sorted(measured, key=lambda one: (one.crack_share(mask_threshold), one.pair))
    if len(ordered) <= count:
        return ordered
    steps = np.array_split(np.arange(1, len(ordered) - 1), count - 2)
    generator = np.random.default_rng(seed)
    between = [int(generator.choice(step)) for step in steps]
    return [ordered[place] for place in (0, *between, len(ordered) - 1)]


def most_changed(exploration: Exploration, count: int) -> list[Measured]:
    """Chooses the pairs on which the gentlest and the harshest cut differ most.

    One from each source first, for each has its own way to draw cracks; then the next ones. Masks
    that are none, or upside down, are not among them.
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
    """Finds the square in which a harsher cut takes the most of the crack.

    Its middle line counts most, then what else it loses.

    Args:
        mask: uint8 (H, W), grey.
        gentle: the lower cut.
        harsh: the higher cut.
        side: of the square in pixels; less where the mask is smaller.

    Returns:
        Rows and columns.
    """
    crack = binarize(mask, gentle)
    lost = crack & ~binarize(mask, harsh)
    weight = lost.astype(np.float32)
    weight[middle_line(crack) & lost] = side
    # Where nothing is lost, where the crack is.
    weight = weight if lost.any() else crack.astype(np.float32)
    # Near the middle of the square counts more, so that what is lost does not stand at its rim.
    around = cv2.GaussianBlur(weight, (0, 0), side / 4, borderType=cv2.BORDER_CONSTANT)
    middle = np.unravel_index(int(around.argmax()), mask.shape)
    side = min(side, *mask.shape)
    top, left = (
        min(max(int(place) - side // 2, 0), length - side)
        for place, length in zip(middle, mask.shape, strict=True)
    )
    return slice(top, top + side), slice(left, left + side)
