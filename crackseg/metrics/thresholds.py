"""Thresholds of masks, and the choice of the best one on validation."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, SupportsInt

from crackseg.metrics.scores import scores

if TYPE_CHECKING:
    # Only named: processes that measure images need no torch, which takes seconds to import.
    from torch import Tensor

THRESHOLD_GRID: tuple[float, ...] = tuple(round(step / 100, 2) for step in range(1, 100))


def best_threshold(counts: Iterable[Iterable[SupportsInt]], thresholds: Sequence[float]) -> float:
    """The threshold with the largest crack IoU; among equals, the one nearest to .5."""
    ious = [scores(row)["crack_iou"] for row in counts]
    return best_of(ious, thresholds)[1]


def best_of(values: Sequence[float], thresholds: Sequence[float]) -> tuple[float, float]:
    """The largest value and its threshold; among equals, the threshold nearest to .5.

    >>> best_of([0.2, 0.7, 0.7], [0.1, 0.4, 0.8])
    (0.7, 0.4)
    """
    best = max(
        (value, -abs(threshold - 0.5), threshold)
        for value, threshold in zip(values, thresholds, strict=True)
    )
    return best[0], best[2]


def scores_at_half_and_stored(totals: "Tensor", stored: float) -> dict[str, dict[str, float]]:
    """Figures at threshold .5 (``half``) and at the stored threshold (``stored``).

    Args:
        totals: Counts at each threshold of :data:`THRESHOLD_GRID`, int64 (99, 4).
        stored: Stored threshold, one of that grid.
    """
    return {
        "half": scores(totals[THRESHOLD_GRID.index(0.5)]),
        "stored": scores(totals[THRESHOLD_GRID.index(stored)]),
    }
