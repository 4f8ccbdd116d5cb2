"""Counts true and false positives and negatives over a stage, at several thresholds in one pass.

Kept apart from :mod:`crackseg.metrics.scores` because torchmetrics takes seconds to import, and a
wrong setting must be reported sooner.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric


class ConfusionCounts(Metric):
    """Confusion counts of probabilities against masks at each of several thresholds, in one pass.

    ``update(probability, mask)`` takes two tensors of equal shape, the probability float in
    [0, 1], the mask in {0, 1}. The counts are integers and add up over batches and processes.

    Args:
        thresholds: Thresholds in [0, 1], strictly ascending, at least one.

    Raises:
        ValueError: The thresholds are not so, or the probabilities are logits.
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
        """Counts at each threshold: true and false positives, false and true negatives.

        Returns:
            Counts, int64 (thresholds, 4).
        """
        # A pixel is called crack at threshold k if it exceeds more than k thresholds.
        true_positives = self.crack.flip(0).cumsum(0).flip(0)[1:]
        false_positives = self.background.flip(0).cumsum(0).flip(0)[1:]
        false_negatives = self.crack.sum() - true_positives
        true_negatives = self.background.sum() - false_positives
        return torch.stack(
            [true_positives, false_positives, false_negatives, true_negatives], dim=1
        )
