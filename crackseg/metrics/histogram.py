"""Counts a photograph's pixels by probability and truth, in one pass.

Two counts are kept, because no single one serves both uses:

- At the thresholds of the sweep, true and false positives and negatives are exact, the same as
  from :class:`crackseg.metrics.confusion.ConfusionCounts`.
- Over 4,096 equal bins of [0, 1] the probabilities are counted for curves and calibration. These
  counts are exact at the edges of the bins, and multiples of .01 are not such edges.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 4096
THRESHOLDS: tuple[float, ...] = tuple(round(step / 100, 2) for step in range(100))

Mask = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]
Probability = npt.NDArray[np.float32]

# The resolution of float32 just below 1. Sums of whole units do not depend on their order.
UNIT = 2.0**-24


@dataclass(frozen=True, eq=False)
class ProbabilityHistogram:
    """Pixel counts of one photograph, or of several added up in any order.

    Attributes:
        exceeding: Background and crack pixels whose probability is greater than each threshold of
            the sweep, int64 (2, 100); exact.
        bins: Background and crack pixels by probability, int64 (2, 4096). Bin b holds (b / 4096, (b
            + 1) / 4096]; the first one holds 0 too.
        parts: Sum of the probabilities in each bin, int64 (4096,), in units of 2 ** -24, to which
            each probability is rounded.
    """

    exceeding: Counts
    bins: Counts
    parts: Counts

    def __add__(self, other: "ProbabilityHistogram") -> "ProbabilityHistogram":
        """The sum of both."""
        return ProbabilityHistogram(
            exceeding=self.exceeding + other.exceeding,
            bins=self.bins + other.bins,
            parts=self.parts + other.parts,
        )

    @property
    def counts(self) -> Counts:
        """True and false positives, false and true negatives by threshold, int64 (100, 4)."""
        background, crack = self.bins.sum(axis=1)
        false_positives, true_positives = self.exceeding
        columns = (
            true_positives,
            false_positives,
            crack - true_positives,
            background - false_positives,
        )
        return np.stack(columns, axis=1)


def count_probabilities(probability: Probability, truth: Mask) -> ProbabilityHistogram:
    """Counts one photograph.

    A pixel is called crack where its probability is greater than a threshold, both in float32.

    Args:
        probability: Probability of crack, float32 (H, W) in [0, 1]; other floats are rounded to
            float32.
        truth: Whether a pixel is crack, bool (H, W).

    Raises:
        ValueError: The shapes differ, or the values are not probabilities.
    """
    if probability.shape != truth.shape:
        raise ValueError(f"shapes differ: {probability.shape} and {truth.shape}")
    values = probability.astype(np.float32).ravel()
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(
            "a histogram takes probabilities in [0, 1]; these are logits or not finite"
        )
    crack = truth.ravel()
    # Scaling by a power of two rounds nothing.
    bins = np.maximum(np.ceil(values * BINS).astype(np.intp) - 1, 0)
    exceeded = np.searchsorted(np.array(THRESHOLDS, np.float32), values)
    by_number = _by_class(exceeded, crack, len(THRESHOLDS) + 1)
    parts = np.bincount(bins, np.rint(values.astype(np.float64) / UNIT), BINS)
    return ProbabilityHistogram(
        # A probability is greater than threshold k if it exceeds more than k thresholds.
        exceeding=by_number[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:],
        bins=_by_class(bins, crack, BINS),
        parts=parts.astype(np.int64),
    )


def _by_class(numbers: npt.NDArray[np.intp], crack: Mask, size: int) -> Counts:
    both = np.bincount(numbers + size * crack, minlength=2 * size)
    return both.reshape(2, size).astype(np.int64)
