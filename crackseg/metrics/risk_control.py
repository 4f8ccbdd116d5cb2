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
) -> Losses:
    """The share of the true crack length that a mask misses, at each threshold.

    A pixel of the true cracks' middle line is missed where no pixel within 2 px of it has a
    probability above the threshold. The share never falls as the threshold rises.

    Args:
        probability: Probability of crack, float32 (H, W).
        truth: Whether a pixel is crack, bool (H, W), with at least one.
        thresholds: Thresholds, rising.

    Returns:
        Shares in [0, 1], one for each threshold.

    Raises:
        ValueError: There is no crack, whose length nothing could be a share of.
    """
    line = middle_line(truth)
    if not line.any():
        raise ValueError("a photograph without a crack has no length to miss")
    nearby = cv2.dilate(probability, disk(AREA_TOLERANCE))[line]
    return np.array([np.mean(nearby <= threshold) for threshold in thresholds], np.float64)


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


def highest_mean(losses: Losses, confidence: float) -> float:
    """The highest mean that losses may come from: an upper confidence bound without assumptions.

    Args:
        losses: Independent losses in [0, 1], in an order that does not depend on them.
        confidence: Probability with which the mean lies below, in (0, 1).

    Returns:
        A mean in [0, 1]; 1 where there are too few losses to say anything.

    References:
        Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024,
        in the form of Bates et al., "Distribution-free, risk-controlling prediction sets", Journal
        of the ACM 2021, proposition 5.
    """
    stakes = _stakes(losses, confidence)
    low, high = float(np.clip(losses.mean(), 0, 1)) if len(losses) else 0.0, 1.0
    if not _is_refuted(high, losses, stakes, confidence):
        return 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _is_refuted(middle, losses, stakes, confidence):
            high = middle
        else:
            low = middle
    return high


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
        if highest_mean(column, confidence) > miss:
            break
        place = at
    return place


def least_photographs(miss: float, confidence: float) -> int:
    """Number of photographs below which nothing can be promised, even if nothing is missed.

    >>> least_photographs(0.1, 0.9)
    25
    """
    fewest = math.ceil(math.log(1 / (1 - confidence)) / math.log1p(miss))
    return next(n for n in count(fewest) if highest_mean(np.zeros(n), confidence) <= miss)


# Halves an interval of width 1 to less than any figure that is printed.
_HALVINGS = 30


def _stakes(losses: Losses, confidence: float) -> Losses:
    """How much is bet on each loss, by the losses before it alone."""
    counts = np.arange(1, len(losses) + 1)
    means = (0.5 + np.cumsum(losses)) / (1 + counts)
    variances = (0.25 + np.cumsum((losses - means) ** 2)) / (1 + counts)
    before = np.concatenate([[0.25], variances[:-1]])
    bets: Losses = np.sqrt(2 * math.log(1 / (1 - confidence)) / (max(len(losses), 1) * before))
    return np.minimum(bets, 1)


def _is_refuted(mean: float, losses: Losses, stakes: Losses, confidence: float) -> bool:
    """Whether bets against a mean have won so much that it is not to be believed."""
    won = np.cumsum(np.log1p(-np.minimum(stakes * (losses - mean), 1 - 1e-12)))
    return bool(won.max(initial=0.0) > math.log(1 / (1 - confidence)))
