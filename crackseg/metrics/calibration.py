"""Whether of the pixels that are crack with probability p a share p is crack."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.metrics.histogram import BINS, UNIT, Counts, ProbabilityHistogram

# Fifteen, as most print, do not divide 4,096.
BINS_SHOWN = 16


class Reliability(NamedTuple):
    """Data of a reliability diagram, one entry a bin that holds pixels.

    Attributes:
        probability: float64, mean probability of crack.
        share: float64, share of pixels that are crack.
        pixels: int64, how many pixels.
        lower: float64, the bin's lower edge.
    """

    probability: npt.NDArray[np.float64]
    share: npt.NDArray[np.float64]
    pixels: npt.NDArray[np.int64]
    lower: npt.NDArray[np.float64]


def binned(histogram: ProbabilityHistogram, bins: int = BINS_SHOWN) -> Counts:
    """What :func:`reliability` is computed from; of several images their sum.

    Args:
        histogram: of an image or a data set.
        bins: a divisor of 4,096, all of the same width in [0, 1].

    Returns:
        int64 (3, bins): pixels, crack pixels, the sum of the probabilities in units of 2 ** -24.

    Raises:
        ValueError: a number of bins that does not divide 4,096.
    """
    if bins < 1 or BINS % bins:
        raise ValueError(f"{bins} bins do not divide the {BINS} that were counted")
    fine = np.stack([histogram.bins.sum(axis=0), histogram.bins[1], histogram.parts])
    counts: Counts = fine.reshape(3, bins, -1).sum(axis=2)
    return counts


def reliability(counts: Counts) -> Reliability:
    """Compares probability and truth in equal bins of [0, 1].

    Args:
        counts: (3, bins), see :func:`binned`.
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

    Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, equation 3, for the
    probability of crack and not of the likelier class. Nearly all pixels of a photograph are
    surely background, so that it is small even where the probabilities along cracks are wrong:
    look at the curve too. 0 without any pixel.
    """
    gaps = np.abs(curve.share - curve.probability)
    return float(np.sum(curve.pixels * gaps) / max(curve.pixels.sum(), 1))
