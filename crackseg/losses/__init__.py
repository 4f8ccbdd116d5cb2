"""Losses on logits, and their weighted sum.

Every term takes logits and masks of shape (N, 1, H, W), the mask float in {0, 1}, or between them
where a teacher had a say, and gives a scalar. Terms are computed in float32, whatever precision the
network ran in.
"""

from crackseg.losses.centreline import skeleton_recall
from crackseg.losses.overlap import dice
from crackseg.losses.pixelwise import bce, weighted_bce, weighted_bce_reduced
from crackseg.losses.weighted_sum import (
    FACTOR_LIMITS,
    PLAIN_TERMS,
    WEIGHTED_TERMS,
    SegmentationLoss,
    check_class_weights,
    check_terms,
    uses_class_weights,
)

__all__ = [
    "FACTOR_LIMITS",
    "PLAIN_TERMS",
    "WEIGHTED_TERMS",
    "SegmentationLoss",
    "bce",
    "check_class_weights",
    "check_terms",
    "dice",
    "skeleton_recall",
    "uses_class_weights",
    "weighted_bce",
    "weighted_bce_reduced",
]
