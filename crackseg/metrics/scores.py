"""Figures of merit as dataset totals: every pixel of a stage counts once, whatever its image.

All figures of a stage come from one count of true and false positives and negatives at one or
several thresholds, see :mod:`crackseg.metrics.confusion`. Class 1 is ``crack``; a pixel is called
crack where its probability is greater than the threshold, as in torchmetrics.
"""

from collections.abc import Callable, Iterable
from typing import Literal, SupportsInt


def scores(counts: Iterable[SupportsInt]) -> dict[str, float]:
    """Figures of one row of counts, all dataset totals.

    A fraction 0 / 0 is 0, as in torchmetrics. The mean IoU leaves out a class that neither truth
    nor prediction holds.

    Args:
        counts: True and false positives, false and true negatives, a row (4,) of
            :meth:`crackseg.metrics.confusion.ConfusionCounts.compute`.

    Returns:
        ``crack_iou`` (class 1 only), ``mean_iou`` (both classes), ``dice``, ``precision``,
        ``recall``, ``accuracy``, all in [0, 1], and ``false_positives``, ``false_negatives`` in
        pixels.

    Example:
        >>> figures = scores([30, 10, 20, 940])
        >>> figures["crack_iou"], figures["precision"], figures["recall"]
        (0.5, 0.75, 0.6)
    """
    whole = [int(count) for count in counts]
    return {name: float(score(*whole)) for name, score in SCORES.items()}


def ratio(part: float, whole: float) -> float:
    """A share, 0 of nothing by nothing."""
    return part / whole if whole else 0.0


def mean_iou(tp: int, fp: int, fn: int, tn: int) -> float:
    """Mean IoU of the classes that truth or prediction hold."""
    ious = [ratio(hit, hit + fp + fn) for hit in (tp, tn) if hit + fp + fn]
    return ratio(sum(ious), len(ious))


# One entry a figure: pixels of true and false positives, false and true negatives -> a number.
# Training logs, tables, evaluations and intervals take their figures from here.
SCORES: dict[str, Callable[[int, int, int, int], float]] = {
    "crack_iou": lambda tp, fp, fn, tn: ratio(tp, tp + fp + fn),
    "mean_iou": mean_iou,
    "dice": lambda tp, fp, fn, tn: ratio(2 * tp, 2 * tp + fp + fn),
    "precision": lambda tp, fp, fn, tn: ratio(tp, tp + fp),
    "recall": lambda tp, fp, fn, tn: ratio(tp, tp + fn),
    "accuracy": lambda tp, fp, fn, tn: ratio(tp + tn, tp + fp + fn + tn),
    "false_positives": lambda tp, fp, fn, tn: fp,
    "false_negatives": lambda tp, fp, fn, tn: fn,
}
METRIC_NAMES: tuple[str, ...] = (*SCORES, "loss")


def monitor_mode(metric: str) -> Literal["min", "max"]:
    """Whether a metric such as ``val/loss`` is better when small or when large."""
    falls = metric.endswith(("loss", "false_positives", "false_negatives"))
    return "min" if falls else "max"
