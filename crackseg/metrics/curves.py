"""Figures of a sweep of the threshold: precision-recall curve, average precision, ODS, OIS.

There is no tolerance, and no probability map is stretched to its maximum first.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.metrics.histogram import BINS, THRESHOLDS, Counts
from crackseg.metrics.thresholds import best_of

Floats = npt.NDArray[np.float64]

_SWEPT = np.append(THRESHOLDS[::-1], -1.0)


class Curve(NamedTuple):
    """A precision-recall curve by falling threshold; each field is float64 (points,).

    Attributes:
        thresholds: Thresholds; a pixel is called crack where its probability is greater. The last
            one is -1, which takes every pixel.
        precision: Precision in [0, 1].
        recall: Recall in [0, 1], rising.
    """

    thresholds: Floats
    precision: Floats
    recall: Floats


@dataclass(frozen=True)
class Best:
    """A figure at the threshold where it is largest, and that threshold."""

    value: float
    threshold: float


def precision_recall(histogram: Counts) -> Curve:
    """Computes the precision-recall curve of a data set over 4,096 thresholds.

    It is exact at each of them. Thresholds that no pixel exceeds have no precision and are left
    out.

    Args:
        histogram: Bins of :class:`crackseg.metrics.histogram.ProbabilityHistogram`, int64 (2,
            4096).
    """
    # From each bin's lower edge upwards; the first bin holds what is exactly 0 as well.
    background, crack = histogram[:, ::-1].cumsum(axis=1)
    return _curve(crack, background, np.append(np.arange(BINS - 1, 0, -1) / BINS, -1.0))


def average_precision(histogram: Counts) -> float:
    """Area below the precision-recall curve as a sum of steps, AP = sum (R_n - R_(n-1)) P_n.

    Without interpolation, as in scikit-learn and torchmetrics, of probabilities rounded to
    4,096 steps; 0 for a data set without crack.

    Args:
        histogram: Bins of :class:`crackseg.metrics.histogram.ProbabilityHistogram`, int64 (2,
            4096).
    """
    return _area(precision_recall(histogram))


def swept_average_precision(counts: Counts) -> float:
    """Average precision from the 100 thresholds of the sweep.

    It is rougher than :func:`average_precision`, and good enough to see how far that moves.

    Args:
        counts: Counts at each threshold of the sweep, int64 (100, 4).
    """
    hits, alarms = counts[::-1, 0], counts[::-1, 1]
    # The last point takes every pixel.
    crack, background = hits[-1] + counts[0, 2], alarms[-1] + counts[0, 3]
    return _area(_curve(np.append(hits, crack), np.append(alarms, background), _SWEPT))


def f1(counts: Counts) -> Floats:
    """F1 (the same as Dice) of many rows at once: 2 TP / (2 TP + FP + FN), or 0 where all are 0.

    Args:
        counts: Counts, int64 (..., 4): true and false positives, false and true negatives.

    Returns:
        F1 in [0, 1], float64 (...).

    Example:
        >>> f1(np.array([[3, 1, 1, 95], [0, 0, 0, 100]])).tolist()
        [0.75, 0.0]
    """
    doubled = 2 * counts[..., 0]
    whole = doubled + counts[..., 1] + counts[..., 2]
    return np.where(whole > 0, doubled / np.maximum(whole, 1), 0.0)


def ods(counts: Counts) -> Best:
    """The largest dataset-total F1 over thresholds .00, .01, ..., .99 (optimal dataset scale).

    There is no tolerance here. The threshold is chosen on the very set that is judged, so figures
    at it are optimistic. F1 rises with crack IoU, so the same threshold gives the largest crack
    IoU.

    Args:
        counts: Counts of the whole set at each threshold of the sweep, int64 (100, 4).

    Returns:
        The largest F1 and its threshold; among equals, the threshold nearest to .5.

    References:
        Martin, Fowlkes and Malik, "Learning to detect natural image boundaries", TPAMI 2004.
    """
    values = f1(counts).tolist()
    return Best(*best_of(values, THRESHOLDS))


def image_bests(counts: Counts) -> Floats:
    """The largest F1 of each image over thresholds .00, .01, ..., .99.

    An image without crack scores 1 if nothing in it is called crack at some threshold of the
    sweep, and otherwise 0.

    Args:
        counts: Counts of each image at each threshold of the sweep, int64 (images, 100, 4).

    Returns:
        Largest F1 of each image, float64 (images,).
    """
    nothing = ~counts[..., :3].any(axis=-1)
    bests: Floats = np.where(nothing, 1.0, f1(counts)).max(axis=1)
    return bests


def ois(counts: Counts) -> float:
    """Mean over images of :func:`image_bests` (optimal image scale).

    Args:
        counts: Counts of each image at each threshold of the sweep, int64 (images, 100, 4), at
            least one image.
    """
    return float(image_bests(counts).mean())


def _curve(hits: Counts, alarms: Counts, thresholds: Floats) -> Curve:
    """The curve by falling threshold; the last threshold takes every pixel."""
    called = hits + alarms
    some = called > 0
    recall = hits / max(hits[-1], 1)
    return Curve(thresholds[some], hits[some] / called[some], recall[some])


def _area(curve: Curve) -> float:
    return float(np.sum(np.diff(curve.recall, prepend=0.0) * curve.precision))
