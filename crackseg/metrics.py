"""Figures of merit as dataset totals: every pixel of a stage counts once, whatever its image.

All figures of a stage come from one count of true and false positives and negatives at one or
several thresholds. Class 1 is ``crack``; a pixel is called crack where its probability is greater
than the threshold, as in torchmetrics.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Literal

import torch
from torch import Tensor
from torchmetrics import Metric

METRIC_NAMES: tuple[str, ...] = (
    "crack_iou",
    "mean_iou",
    "dice",
    "precision",
    "recall",
    "accuracy",
    "false_positives",
    "false_negatives",
    "loss",
)
THRESHOLD_GRID: tuple[float, ...] = tuple(round(step / 100, 2) for step in range(1, 100))


class ConfusionCounts(Metric):
    """Confusion counts of probabilities against masks at each of several thresholds, in one pass.

    ``update(probability, mask)`` takes two tensors of equal shape, the probability float in
    [0, 1], the mask in {0, 1}. The counts are integers and add up over batches and processes.

    Args:
        thresholds: in [0, 1], ascending, no two the same.

    Raises:
        ValueError: thresholds that are not so, or probabilities that are logits.
    """

    higher_is_better = None
    full_state_update = False
    crack: Tensor
    background: Tensor

    def __init__(self, thresholds: Sequence[float] = (0.5,), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        ascending = all(low < high for low, high in pairwise(thresholds))
        if not (ascending and thresholds and thresholds[0] >= 0 and thresholds[-1] <= 1):
            raise ValueError(f"thresholds ascend within [0, 1]; these do not: {list(thresholds)}")
        self.thresholds = tuple(float(threshold) for threshold in thresholds)
        # A pixel falls into the bin of the number of thresholds that it exceeds.
        empty = torch.zeros(len(thresholds) + 1, dtype=torch.int64)
        self.add_state("crack", default=empty.clone(), dist_reduce_fx="sum")
        self.add_state("background", default=empty.clone(), dist_reduce_fx="sum")

    def update(self, probability: Tensor, mask: Tensor) -> None:
        """Adds a batch; see the class."""
        if probability.shape != mask.shape:
            raise ValueError(f"shapes differ: {tuple(probability.shape)} and {tuple(mask.shape)}")
        flat = probability.detach().float().flatten()
        if flat.numel() and (flat.min() < 0 or not flat.max() <= 1):
            raise ValueError("metrics take probabilities in [0, 1]; these are logits or not finite")
        edges = torch.tensor(self.thresholds, device=flat.device)
        exceeded = torch.bucketize(flat, edges)
        bins = len(self.thresholds) + 1
        both = torch.bincount(exceeded + bins * (mask.flatten() > 0.5), minlength=2 * bins)
        self.background += both[:bins]
        self.crack += both[bins:]

    def compute(self) -> Tensor:
        """int64 (thresholds, 4): true and false positives, false and true negatives."""
        # Called crack at threshold k: whatever exceeds more than k thresholds.
        true_positives = self.crack.flip(0).cumsum(0).flip(0)[1:]
        false_positives = self.background.flip(0).cumsum(0).flip(0)[1:]
        false_negatives = self.crack.sum() - true_positives
        true_negatives = self.background.sum() - false_positives
        return torch.stack(
            [true_positives, false_positives, false_negatives, true_negatives], dim=1
        )


def scores(counts: Tensor) -> dict[str, float]:
    """Figures of one row of counts, all dataset totals.

    A fraction of nothing by nothing is 0, as in torchmetrics, except that the mean IoU leaves out
    a class that neither truth nor prediction holds.

    Args:
        counts: (4,) as :meth:`ConfusionCounts.compute` gives a row.

    Returns:
        ``crack_iou`` (class 1 only), ``mean_iou`` (both classes), ``dice``, ``precision``,
        ``recall``, ``accuracy``, all in [0, 1], and ``false_positives``, ``false_negatives`` in
        pixels.
    """
    tp, fp, fn, tn = (int(count) for count in counts)
    ious = [_ratio(hit, hit + fp + fn) for hit in (tp, tn) if hit + fp + fn]
    return {
        "crack_iou": _ratio(tp, tp + fp + fn),
        "mean_iou": _ratio(sum(ious), len(ious)),
        "dice": _ratio(2 * tp, 2 * tp + fp + fn),
        "precision": _ratio(tp, tp + fp),
        "recall": _ratio(tp, tp + fn),
        "accuracy": _ratio(tp + tn, tp + fp + fn + tn),
        "false_positives": float(fp),
        "false_negatives": float(fn),
    }


def best_threshold(counts: Tensor, thresholds: Sequence[float]) -> float:
    """The threshold with the largest crack IoU; the one nearest to .5 among equals."""
    by_iou = [
        (scores(row)["crack_iou"], -abs(t - 0.5), t)
        for row, t in zip(counts, thresholds, strict=True)
    ]
    return max(by_iou)[2]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def at_both_thresholds(totals: Tensor, stored: float) -> dict[str, dict[str, float]]:
    """Figures at .5 (``half``) and at the stored threshold (``stored``).

    Args:
        totals: counts at :data:`THRESHOLD_GRID`.
        stored: one of that grid.
    """
    return {
        "half": scores(totals[THRESHOLD_GRID.index(0.5)]),
        "stored": scores(totals[THRESHOLD_GRID.index(stored)]),
    }


def better_when(metric: str) -> Literal["min", "max"]:
    """Whether a metric such as ``val/loss`` is better when small or when large."""
    falls = metric.endswith(("loss", "false_positives", "false_negatives"))
    return "min" if falls else "max"
