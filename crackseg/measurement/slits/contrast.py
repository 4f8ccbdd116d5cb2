"""Contrast of cracks: how much darker than the surface they are, where they are wide enough.

The profiles of a crack that are wider than :data:`SHOWN_FROM` blurs, and so far apart that none
shares pixels with the next, are fitted at one contrast after another; the one at which they fit
best together is the crack's. Narrow ones fit at any: a crack that is narrow everywhere has no known
one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.measurement.graph import BoolArray, FloatArray, IntArray
from crackseg.measurement.profiles import ALONG, Stations
from crackseg.measurement.slits.blur import Blur, WeakFit, fit_slits, noise_together

# Contrast of a crack that is nowhere wide enough to show it: one that is deep is nearly black.
ASSUMED, ASSUMED_SPREAD = 0.9, 0.1
# Width in blurs from which on a profile shows its contrast.
SHOWN_FROM = 1.8
# Integral of the probability, in pixels, that such a profile has at the least.
_LEAST_MASK = 2.0
# Standard deviations by which they must be wider.
SURELY = 1.64
# Profiles that must show it, and their least share of what all say: beside joints and stones,
# narrow ones seem wide.
_SHOWN_BY, _SHOWN_SHARE = 2, 0.3
TRIED = np.geomspace(0.06, 1.05, 12)
# Misfit above the least one from which on a contrast is not possible: 3e-7 times as likely.
_OUT_OF_THE_QUESTION = 30.0
# A contrast that is known to less than this share is not known.
_KNOWN_WITHIN = 0.15
# Contrast changes along a crack by at least this share.
_LEAST_SPREAD = 0.08
# As good as no freedom.
_FIXED = 1e-3


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Contrasts of the cracks of a photograph.

    Attributes:
        value: Contrast of each crack, as a share of the surface's light, (N,).
        spread: Uncertainty of it, (N,).
        known: Whether it was seen, and not assumed, (N,).
    """

    value: FloatArray
    spread: FloatArray
    known: BoolArray


def find_contrasts(weak: Sequence[WeakFit], where: Stations, blur: Blur) -> Contrasts:
    """Finds the contrast of each crack.

    Args:
        weak: Profiles of a photograph, fitted without knowledge of the contrast.
        where: Their stations.
        blur: Blur of the photograph.
    """
    count = int(where.crack.max()) + 1
    apart = [one.only(np.nonzero(one.profiles.station % ALONG == 0)[0]) for one in weak]
    shown = [one.only(np.nonzero(_is_wide(one, blur))[0]) for one in apart]
    number = _number(shown, where, count)
    sure = _sureness(shown, where, count) >= _SHOWN_SHARE * _sureness(apart, where, count)
    enough = sure & (number >= _SHOWN_BY)

    def cost_at(contrast: float, wanted: BoolArray) -> FloatArray:
        """Misfit of the wanted cracks at a contrast, infinite for others, (count,)."""
        total = np.where(wanted, 0.0, np.inf)
        for every in shown:
            one = every.only(np.nonzero(wanted[where.crack[every.profiles.station]])[0])
            crack = where.crack[one.profiles.station]
            noise = noise_together(one.noise, one.profiles, number[crack])
            total += np.bincount(crack, _misfit_at(one, noise, contrast, blur), count)
        return total

    return _from_costs(walked_costs(cost_at, _first_guess(shown, where, count)), enough)


def _is_wide(weak: WeakFit, blur: Blur) -> BoolArray:
    """Whether photograph and mask both say that profiles (N,) show the contrast.

    Of hairlines alone, a photograph does not tell width from blur. Were the blur as great as it may
    be, the width would be less, the faster the less of it is left: a profile's variance is that of
    its blur and of its slit, ``blur**2 + width**2 / 12``.
    """
    greatest = blur.value + SURELY * blur.spread
    left = weak.width**2 - 12 * (greatest**2 - blur.value**2)
    least = np.sqrt(np.maximum(left, 0.0)) - SURELY * weak.error
    return np.asarray((least > SHOWN_FROM * greatest) & (weak.profiles.integral >= _LEAST_MASK))


def _number(weak: Sequence[WeakFit], where: Stations, count: int) -> FloatArray:
    """Number of profiles of each crack, (count,)."""
    total = np.zeros(count)
    for one in weak:
        total += np.bincount(where.crack[one.profiles.station], minlength=count)
    return total


def _sureness(weak: Sequence[WeakFit], where: Stations, count: int) -> FloatArray:
    """What the profiles of each crack say together of its width, (count,)."""
    total = np.zeros(count)
    for one in weak:
        total += np.bincount(where.crack[one.profiles.station], one.error**-2.0, count)
    return total


def _first_guess(weak: Sequence[WeakFit], where: Stations, count: int) -> IntArray:
    """Row of :data:`TRIED` that is nearest to what the profiles of each crack say, (count,)."""
    contrast = np.zeros(count)
    for one in weak:
        weighted = one.parameters[:, 2] * one.error**-2.0
        contrast += np.bincount(where.crack[one.profiles.station], weighted, count)
    contrast /= np.maximum(_sureness(weak, where, count), 1e-9)
    return np.asarray(np.abs(TRIED[:, None] - contrast).argmin(axis=0), np.int64)


def walked_costs(cost_at: Callable[[float, BoolArray], FloatArray], start: IntArray) -> FloatArray:
    """Misfits of each crack, (tried contrasts, cracks), walked from a start as far as it matters.

    Beyond contrasts that are out of the question nothing is fitted: the misfit there is the
    greatest of those of the crack that were.
    """
    costs = np.full((len(TRIED), len(start)), np.inf)
    for row, contrast in enumerate(TRIED):
        wanted = (start == row) | ((start < row) & _may_be(costs, row - 1))
        costs[row] = cost_at(float(contrast), wanted)
    for row in range(len(TRIED) - 2, -1, -1):
        further = (start > row) & _may_be(costs, row + 1)
        costs[row] = np.minimum(costs[row], cost_at(float(TRIED[row]), further))
    highest = np.max(costs, axis=0, where=np.isfinite(costs), initial=0.0)
    return np.asarray(np.minimum(costs, highest), np.float64)


def _may_be(costs: FloatArray, row: int) -> BoolArray:
    """Whether a contrast that was tried is not out of the question, for each crack."""
    return np.asarray(costs[row] < costs.min(axis=0) + _OUT_OF_THE_QUESTION)


def _misfit_at(weak: WeakFit, noise: FloatArray, contrast: float, blur: Blur) -> FloatArray:
    count = len(noise)
    value, spread = np.full(count, contrast), np.full(count, _FIXED)
    start = weak.parameters.copy()
    start[:, 2] = contrast
    return fit_slits(weak.profiles, blur.value, value, spread, noise, start).misfit


def _from_costs(cost: FloatArray, enough: BoolArray) -> Contrasts:
    """Mean and spread of contrasts whose logarithms are all as likely before."""
    fine = np.geomspace(TRIED[0], TRIED[-1], 400)
    curves = [np.interp(np.log(fine), np.log(TRIED), one) for one in cost.T]
    likely = np.exp(-0.5 * (np.array(curves) - np.min(curves, axis=1, keepdims=True)))
    likely /= likely.sum(axis=1, keepdims=True)
    mean = likely @ fine
    spread = np.sqrt(np.maximum(likely @ fine**2 - mean**2, 0))
    known = enough & (spread < _KNOWN_WITHIN * mean)
    spread = np.hypot(spread, _LEAST_SPREAD * mean)
    return Contrasts(
        value=np.where(known, mean, ASSUMED),
        spread=np.where(known, spread, ASSUMED_SPREAD),
        known=known,
    )


def contrast_of_one(weak: WeakFit, blur: Blur) -> Contrasts:
    """The contrast of a crack of one profile: seen where that is wide, else assumed.

    The blur is that of many photographs, found where their cracks are wide: a little uncertain, but
    no hairline's.
    """
    least = weak.width - SURELY * np.hypot(weak.error, weak.by_blur * blur.spread)
    shown = bool(least[0] > SHOWN_FROM * blur.value)
    # Its own profile says more of it than this, where it is wide.
    return Contrasts(np.array([ASSUMED]), np.array([ASSUMED_SPREAD]), np.array([shown]))
