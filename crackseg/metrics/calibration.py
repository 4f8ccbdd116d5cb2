"""Calibration: of the pixels with probability p of crack, a share p should be crack."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.metrics.histogram import BINS, UNIT, Counts, ProbabilityHistogram
from crackseg.system.limits import Limits

# Most papers print fifteen, but fifteen does not divide 4,096.
BINS_SHOWN = 16
# Logits at which pixels are counted for a scaling, and the probabilities that they stand for, which
# float32 tells apart.
# Background may lie far below, and crack hardly above 12: float32 tells no larger shares from 1.
_LOGITS = np.arange(-512, 97) / 8
SCALING_THRESHOLDS: tuple[float, ...] = tuple((1 / (1 + np.exp(-_LOGITS))).tolist())
# A scaling outside has found nothing that depends on the logit, or a network without any doubt.
SLOPE_LIMITS = Limits(0.05, 20)
_MOST_STEPS = 100


class PlattScaling(NamedTuple):
    """Logits ``slope * z + intercept`` that replace a network's logits z; their order stays."""

    slope: float
    intercept: float


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


def platt_scaling(counts: Counts) -> PlattScaling | None:
    """Finds the logits under which the truth is likeliest, with the slope and intercept free.

    Args:
        counts: True and false positives, false and true negatives at each of
            :data:`SCALING_THRESHOLDS`, int64 (their number, 4).

    Returns:
        The scaling; None where the pixels do not tell of one, as where there is no crack.

    References:
        Platt, "Probabilistic outputs for support vector machines", 1999, also for the targets that
        keep it finite; Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    """
    hits, alarms, misses, rejections = counts.astype(np.float64).T
    whole = np.array([hits[0] + misses[0], alarms[0] + rejections[0]])
    exceeding = np.column_stack([whole, [hits, alarms], [0, 0]])
    crack, background = -np.diff(exceeding, axis=1)
    wanted = crack * (whole[0] + 1) / (whole[0] + 2) + background / (whole[1] + 2)
    slope, intercept = _likeliest(crack + background, wanted)
    return PlattScaling(slope, intercept) if SLOPE_LIMITS.hold(slope) else None


def _likeliest(
    pixels: npt.NDArray[np.float64], wanted: npt.NDArray[np.float64]
) -> tuple[float, float]:
    """Logistic regression on the bins between the logits: Newton's method with shorter steps.

    Args:
        pixels: Number of pixels in each bin.
        wanted: Number of them that should be crack.
    """
    width = _LOGITS[1] - _LOGITS[0]
    middles = np.append(_LOGITS, _LOGITS[-1] + width) - width / 2
    inputs = np.stack([middles, np.ones_like(middles)])

    def loss(scaling: npt.NDArray[np.float64]) -> float:
        logits = scaling @ inputs
        return float(np.sum(pixels * np.logaddexp(0, logits) - wanted * logits))

    found = np.array([1.0, 0.0])
    for _ in range(_MOST_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(found @ inputs, -500, 500)))
        gradient = inputs @ (pixels * probability - wanted)
        curvature = (inputs * pixels * probability * (1 - probability)) @ inputs.T
        step = np.linalg.lstsq(curvature, gradient)[0]
        # Far from the solution a whole step can lead away from it.
        while loss(found - step) > loss(found):
            step = step / 2
        found = found - step
        if np.abs(step).max() < 1e-9:
            break
    return float(found[0]), float(found[1])
