"""Calibration: of the pixels with probability p of crack, a share p should be crack."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.metrics.histogram import BINS, UNIT, Counts, ProbabilityHistogram

# Most papers print fifteen, but fifteen does not divide 4,096.
BINS_SHOWN = 16


class Reliability(NamedTuple):
    """Data of a reliability diagram, with one entry for each bin that holds pixels.

    Attributes:
        probability: Mean probability of crack in each bin, float64.
        share: Share of pixels that are crack, float64.
        pixels: Number of pixels, int64.
        lower: Lower edge of the bin, float64.
    """

    probability: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.int64]
    lower: npt.NDArray[np.float64]


def binned(histogram: ProbabilityHistogram, bins: int = BINS_SHOWN) -> Counts:
    """Counts that :func:`reliability` is computed from; those of several images add up.

    Args:
        histogram: Histogram of an image or of a data set.
        bins: Number of bins of equal width in [0, 1]; a divisor of 4,096.

    Returns:
        Three rows, int64 (3, bins): pixels, crack pixels, and the sum of the probabilities in
        units of 2 ** -24.

    Raises:
        ValueError: The number of bins does not divide 4,096.
    """
    if bins < 1 or BINS % bins:
        raise ValueError(f"{bins} bins do not divide the {BINS} that were counted")
    fine = np.stack([histogram.bins.sum(axis=0), histogram.bins[1], histogram.parts])
    counts: Counts = fine.reshape(3, bins, -1).sum(axis=2)
    return counts


def reliability(counts: Counts) -> Reliability:
    """Compares probability and truth in equal bins of [0, 1].

    Args:
        counts: Counts of :func:`binned`, int64 (3, bins).
    """
    pixels, crack, parts = counts
    some = pixels > 0
    return Reliability(
        probability=parts[some] * UNIT / pixels[some],
        share=crack[some] / pixels[some],
        pixels=pixels[some],
        lower=(np.arange(len(pixels)) / len(pixels))[some],
    )


def calibration_error(curve: Reliability) -> float:
    """Expected calibration error, sum over bins of n_b / N |share_b - probability_b|, in [0, 1].

    It is taken of the probability of crack, not of the likelier class. Nearly all pixels of a
    photograph are surely background. So it is small even where the probabilities along cracks
    are wrong: look at the curve too. It is 0 without any pixel.

    References:
        Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3.
    """
    gaps = np.abs(curve.share - curve.probability)
    return float(np.sum(curve.pixels * gaps) / max(curve.pixels.sum(), 1))
