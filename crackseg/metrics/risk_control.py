"""Missed crack length, and the threshold at which a promise about it holds.

The promise is about photographs like those that it was made with: of their crack length, at most a
stated share is missed on average over photographs, and the share of calibrations that break it is
at most one minus the confidence.
"""

import math
from collections.abc import Sequence
from itertools import count

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import disk

from crackseg.geometry import middle_line
from crackseg.metrics.histogram import Mask
from crackseg.metrics.thin_structures import AREA_TOLERANCE, widened

Losses = npt.NDArray[np.float64]


def missed_length(
    probability: npt.NDArray[np.float32], truth: Mask, thresholds: Sequence[float]
) -> tuple[Losses, int]:
    """How much of the true crack length a mask misses, at each threshold.

    A pixel of the true cracks' middle line is missed where no pixel within 2 px of it has a
    probability above the threshold. The number never falls as the threshold rises.

    Args:
        probability: Probability of crack, float32 (H, W).
        truth: Whether a pixel is crack, bool (H, W), with at least one.
        thresholds: Thresholds, rising.

    Returns:
        Numbers of missed pixels of the middle line, one for each threshold; and of all its pixels.

    Raises:
        ValueError: There is no crack, whose length could be missed.
    """
    line = middle_line(truth)
    if not line.any():
        raise ValueError("a photograph without a crack has no length to miss")
    nearby = cv2.dilate(probability, disk(AREA_TOLERANCE))[line]
    missed = [np.count_nonzero(nearby <= threshold) for threshold in thresholds]
    return np.array(missed, np.float64), len(nearby)


def false_pixels(
    probability: npt.NDArray[np.float32], truth: Mask, thresholds: Sequence[float]
) -> npt.NDArray[np.int64]:
    """The number of pixels farther than 2 px from any crack that are called crack.

    Args:
        probability: Probability of crack, float32 (H, W).
        truth: Whether a pixel is crack, bool (H, W).
        thresholds: Thresholds.

    Returns:
        Numbers, one for each threshold.
    """
    outside = np.sort(probability[~widened(truth, AREA_TOLERANCE)])
    below = np.searchsorted(outside, np.asarray(thresholds, np.float32), side="right")
    return np.asarray(len(outside) - below, np.int64)


def mean_is_below(losses: Losses, limit: float, confidence: float) -> bool:
    """Whether losses show that the mean of what they come from is below a limit.

    Somebody bets against every mean from the limit up, loss by loss, and by the losses before
    alone. If such a mean were true, the stake would not grow on the mean, and the chance that it
    grows to ``1 / (1 - confidence)`` is one minus the confidence. It may also be the mean of the
    stakes of many players, who see the losses in other orders: so nothing depends on one of them.
    The orders are drawn once, and the losses are sorted first, so that the photographs' names count
    for nothing. The proof is for orders that do not look at the losses, which these do by their
    ranks; calculated exactly for losses of two values, a false promise comes at most as often as in
    docs/miss_rate.md.

    Args:
        losses: Independent losses in [0, 1], (N,).
        limit: Limit in (0, 1).
        confidence: Probability, in (0, 1), with which a mean that is not below is not said to be.

    References:
        Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024:
        the bets are those of Bates et al., "Distribution-free, risk-controlling prediction sets",
        Journal of the ACM 2021, proposition 5; the mean over orders is from section 5 there.
    """
    if not len(losses):
        return False
    orders = np.tile(np.sort(losses), (_ORDERS, 1))
    orders = np.random.default_rng(0).permuted(orders, axis=1)
    return _won(orders, limit, confidence)


def promised_place(losses: npt.ArrayLike, miss: float, confidence: float) -> int | None:
    """The place of the highest threshold at which a promise holds.

    Thresholds are tried from the lowest on, and the first that cannot be promised ends it, so that
    trying many costs no confidence.

    Args:
        losses: Missed shares, (photographs, thresholds), thresholds rising.
        miss: Largest mean share of crack length that may be missed, in (0, 1).
        confidence: Probability with which the promise is to hold, in (0, 1).

    Returns:
        The place of the threshold; None where not even the lowest can be promised.
    """
    of_threshold = np.asarray(losses, np.float64).T
    place = None
    for at, column in enumerate(of_threshold):
        if not mean_is_below(column, miss, confidence):
            break
        place = at
    return place


def least_photographs(miss: float, confidence: float) -> int:
    """Number of photographs below which nothing can be promised, even if nothing is missed.

    >>> least_photographs(0.1, 0.9)
    25
    """
    fewest = math.ceil(math.log(1 / (1 - confidence)) / math.log1p(miss))
    return next(n for n in count(fewest) if _won(np.zeros((1, n)), miss, confidence))


_ORDERS = 100


def _won(orders: Losses, limit: float, confidence: float) -> bool:
    """Whether players who see losses in these orders, (orders, N), have won enough on the mean."""
    bets = _bets(orders, confidence)
    stakes = np.log1p(-bets * (orders - limit)).sum(axis=1)
    return bool(np.logaddexp.reduce(stakes) - math.log(len(orders)) > -math.log1p(-confidence))


def _bets(orders: Losses, confidence: float) -> Losses:
    """The share of its stake that a player bets on each loss, by the losses before it alone."""
    losses = orders.shape[1]
    counts = np.arange(1, losses + 1)
    means = (0.5 + np.cumsum(orders, axis=1)) / (1 + counts)
    variances = (0.25 + np.cumsum((orders - means) ** 2, axis=1)) / (1 + counts)
    before = np.concatenate([np.full((len(orders), 1), 0.25), variances[:, :-1]], axis=1)
    bets: Losses = np.sqrt(-2 * math.log1p(-confidence) / (losses * before))
    return np.minimum(bets, 1)
