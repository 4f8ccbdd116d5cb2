"""Figures of overlap as dataset totals and as means over images.

For totals every pixel counts once, for means every image counts once. They are different figures.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from crackseg.metrics.histogram import Counts
from crackseg.metrics.scores import scores

_OF_CRACKS = ("crack_iou", "dice", "precision", "recall")


def total_scores(counts: Counts) -> dict[str, float]:
    """Figures of :func:`crackseg.metrics.scores.scores` as dataset totals.

    Args:
        counts: True and false positives, false and true negatives, int64 (4,) or (images, 4).
    """
    return scores(counts.reshape(-1, 4).sum(axis=0))


def image_scores(counts: Counts) -> dict[str, float]:
    """Figures of one image.

    They are those of :func:`total_scores`, except that an image without crack in which no crack
    is found scores 1.

    Args:
        counts: True and false positives, false and true negatives, int64 (4,).
    """
    figures = total_scores(counts)
    return figures if counts[:3].any() else figures | dict.fromkeys(_OF_CRACKS, 1.0)


def mean_scores(counts: Counts) -> dict[str, float]:
    """Means over images of :func:`image_scores`; false positives and negatives in pixels an image.

    Args:
        counts: Counts of each image, int64 (images, 4), at least one image.
    """
    return mean_figures([image_scores(row) for row in counts])


def mean_figures(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Mean of each figure over rows that have the same figures, at least one row.

    >>> mean_figures([{"dice": 0.25}, {"dice": 0.75}])
    {'dice': 0.5}
    """
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
