"""Blur of a photograph, found where its cracks are wide enough to show their edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from crackseg.measurement.graph import FloatArray, IntArray
from crackseg.measurement.profiles import Profiles
from crackseg.measurement.slits.slit import Prior, Slits, fit

# Blur of photographs, in pixels: a lognormal prior, the values that are tried first, and the number
# of those between the neighbours of the best one.
_EXPECTED, _SPREAD = 1.0, 0.3
TRIED = np.geomspace(0.55, 2.6, 9)
_BETWEEN = 3
# Blurs of which one is so near that what slits leave over is noise.
_ROUGH = (0.75, 1.05, 1.5)
# Least uncertainty of a blur that was found, as a share of it: it is not the same everywhere.
_LEAST_SPREAD = 0.04
# A weak prior of the contrast, before that of the crack is known.
_ANY_CONTRAST, _ANY_SPREAD = 0.7, 0.5
# Noise is common to samples within one grain of the surface, of up to so many pixels: the variance
# of a sum is greater than without, by a factor in these bounds. What a fit takes away is put back.
_GRAIN, _COMMON, _FITTED_AWAY = 6.0, (1.5, 15.0), 1.3
_LEAST_NOISE = 0.0025
# Pixels beside a mask that the blur of its crack reaches.
_RIM = 3.0
_FIRST_NOISE = 0.05
# Contrasts that are tried for a crack, which changes by about that share along it.
_CONTRASTS = np.geomspace(0.07, 1.0, 8)
_ALONG = 0.15
# Edges of a slit lie within about this many pixels, and this share of the mask's half width, of the
# mask's.
_MASK_EDGE, _MASK_EDGE_SHARE = 3.0, 1.0
# No blur is quite normal and no slit quite even. This share of a profile's depth is not random, and
# does not average out over many profiles.
_INEXACT = 0.006


@dataclass(frozen=True)
class Blur:
    """Blur of a photograph.

    Attributes:
        value: Standard deviation in pixels, of lens, pixels and reading between them together.
        spread: Uncertainty of it, in pixels.
    """

    value: float
    spread: float


def find_blur(some: Sequence[Profiles], crack: IntArray) -> Blur:
    """Finds the blur at which the slits of a photograph fit best, and a lognormal prior.

    Args:
        some: Profiles that share no pixels; none give the prior.
        crack: Number of the crack of each of the photograph's stations.
    """
    cracks = int(crack.max(initial=0)) + 1
    together = max(sum(len(found.grey) for found in some), 1)

    def cost(blurs: FloatArray) -> FloatArray:
        costs = np.zeros((len(blurs), cracks))
        for found in some:
            costs += blur_costs(found, crack[found.station], cracks, together, blurs)
        return np.asarray(costs.sum(axis=1))

    coarse = cost(TRIED)
    best = int(np.clip(np.argmin(coarse), 1, len(TRIED) - 2))
    between = np.geomspace(TRIED[best - 1], TRIED[best + 1], _BETWEEN + 2)[1:-1]
    blurs, once = np.unique(np.concatenate([TRIED, between]).round(6), return_index=True)
    return likely_blur(blurs, np.concatenate([coarse, cost(between)])[once])


def likely_blur(blurs: FloatArray, cost: FloatArray) -> Blur:
    """The blur that the costs (N,) of rising blurs that were tried make likely, and a prior."""
    cost = cost + ((np.log(blurs) - np.log(_EXPECTED)) / _SPREAD) ** 2
    fine = np.linspace(np.log(blurs[0]), np.log(blurs[-1]), 800)
    between = PchipInterpolator(np.log(blurs), cost)(fine)
    likely = np.exp(-0.5 * (between - between.min()))
    likely /= likely.sum()
    mean = float(likely @ fine)
    spread = float(np.sqrt(likely @ (fine - mean) ** 2))
    return Blur(float(np.exp(mean)), float(np.exp(mean) * np.hypot(spread, _LEAST_SPREAD)))


def blur_costs(
    found: Profiles, crack: IntArray, cracks: int, together: int, blurs: FloatArray
) -> FloatArray:
    """How little each crack fits each blur, (blurs, cracks).

    At each, a crack has the one contrast at which it fits best. Were that free for each profile,
    the sharpest blur would win, whose slits are the freest to follow the noise.

    Args:
        found: Profiles.
        crack: Number of the crack of each, (N,).
        cracks: Number of cracks.
        together: Number of profiles that have one blur.
        blurs: Blurs that are tried.
    """
    # At a wrong blur, what is left over is not noise.
    noise = np.min([noise_of(weak_slits(found, one), found) for one in _ROUGH], axis=0)
    noise = noise_together(noise, found, together)

    costs = np.empty((len(blurs), cracks))
    for row, blur in enumerate(blurs.tolist()):
        tried = _misfits(found, crack, noise, blur, np.repeat(_CONTRASTS[:, None], cracks, axis=1))
        best = _misfits(found, crack, noise, blur, _best_contrast(tried)[None])
        costs[row] = np.minimum(best[0], tried.min(axis=0))
    return costs


def _misfits(
    found: Profiles, crack: IntArray, noise: FloatArray, blur: float, contrasts: FloatArray
) -> FloatArray:
    """Misfits (C, cracks) at one blur and some contrasts (C, cracks), all fitted at once."""
    count, cracks = contrasts.shape
    every = np.tile(np.arange(len(crack)), count)
    value = contrasts[:, crack].ravel()
    slits = fit_slits(found.only(every), blur, value, _ALONG * value, noise[every])
    place = np.repeat(np.arange(count) * cracks, len(crack)) + crack[every]
    return np.asarray(np.bincount(place, slits.misfit, count * cracks).reshape(count, cracks))


def _best_contrast(misfits: FloatArray) -> FloatArray:
    """Contrasts (cracks,) between those that are tried, by a parabola through the best three."""
    at = np.clip(misfits.argmin(axis=0), 1, len(misfits) - 2)[None]
    before, here, after = (np.take_along_axis(misfits, at + step, axis=0)[0] for step in (-1, 0, 1))
    curvature = np.maximum(before - 2 * here + after, 1e-9)
    shift = np.clip((before - after) / (2 * curvature), -1, 1)
    step = np.log(_CONTRASTS[1] / _CONTRASTS[0])
    return np.asarray(_CONTRASTS[at[0]] * np.exp(shift * step))


def noise_together(noise: FloatArray, found: Profiles, together: float | FloatArray) -> FloatArray:
    """Noise (N,) of profiles of which some are fitted together, so that what is common counts.

    Args:
        noise: Noise of each alone, (N,).
        found: Profiles.
        together: Number of independent profiles fitted together.
    """
    depth = 1 - np.min(np.where(found.weight > 0, found.grey, 1.0), axis=1)
    return np.asarray(np.hypot(noise, np.sqrt(together) * _INEXACT * depth))


def fit_slits(
    found: Profiles,
    blur: float,
    contrast: FloatArray,
    spread: FloatArray,
    noise: FloatArray | None = None,
    start: FloatArray | None = None,
) -> Slits:
    """Fits slits to profiles, whose edges are somewhere near those of the mask.

    Args:
        found: Profiles.
        blur: Blur in pixels.
        contrast: What is known of the contrast: mean of each, (N,).
        spread: Standard deviation of it, (N,).
        noise: Noise of each, as a share of the surface's light, (N,); None is rough.
        start: Parameters (N, 5) of another fit of the same profiles, to begin with.
    """
    half = np.maximum(found.integral, 0.8) / 2
    edges = np.stack([found.centre - half, found.centre + half], axis=1)
    prior = Prior(contrast, spread, edges, _MASK_EDGE + _MASK_EDGE_SHARE * half)
    noise = np.full(len(half), _FIRST_NOISE) if noise is None else noise
    blurs = np.full(len(half), blur)
    return fit(found.offsets, found.grey, found.weight, blurs, noise, prior, start)


def weak_slits(
    found: Profiles,
    blur: float,
    noise: FloatArray | None = None,
    start: FloatArray | None = None,
) -> Slits:
    """Fits slits of any contrast."""
    count = len(found.grey)
    contrast, spread = np.full(count, _ANY_CONTRAST), np.full(count, _ANY_SPREAD)
    return fit_slits(found, blur, contrast, spread, noise, start)


def noise_of(slits: Slits, found: Profiles) -> FloatArray:
    """Noise (N,) of samples, as if they were independent, from what slits leave over."""
    count = np.maximum(found.weight.sum(axis=1), 6.0)
    variance = (found.weight * slits.residual**2).sum(axis=1) / count
    common = _common(slits.residual * _beside(found), found.offsets[1] - found.offsets[0])
    return np.asarray(np.sqrt(common * np.maximum(variance, _LEAST_NOISE**2)))


def _beside(found: Profiles) -> FloatArray:
    """Weights (N, T) of the samples beside cracks, where no slit leaves anything over."""
    away = np.abs(found.offsets - found.centre[:, None])
    return np.where(away > found.integral[:, None] / 2 + _RIM, found.weight, 0.0)


def _common(residual: FloatArray, step: float) -> float:
    """How many times greater the variance of a sum is than of independent samples.

    It is one and twice the sum of the autocorrelation, as long as that is above 0.
    """
    total = max(float((residual**2).sum()), 1e-12)
    shares: list[float] = []
    for lag in range(1, int(_GRAIN / step) + 1):
        share = float((residual[:, lag:] * residual[:, :-lag]).sum()) / total
        if share <= 0:
            break
        shares.append(share)
    return float(np.clip(_FITTED_AWAY * (1 + 2 * sum(shares)), *_COMMON))


@dataclass(frozen=True, eq=False)
class WeakFit:
    """Profiles, and what they say without any knowledge of the contrast.

    Attributes:
        profiles: Profiles.
        noise: Noise of each, as if samples were independent, (N,).
        parameters: Those of the slits, (N, 5): further fits begin with them.
        width: Width of each in pixels, (N,).
        error: Standard deviation of it, (N,).
        by_blur: Change of it for a change of the blur, (N,).
    """

    profiles: Profiles
    noise: FloatArray
    parameters: FloatArray
    width: FloatArray
    error: FloatArray
    by_blur: FloatArray

    def only(self, some: IntArray) -> "WeakFit":
        """Some of them, by index."""
        parts = (self.noise, self.parameters, self.width, self.error, self.by_blur)
        picked = (one[some] for one in parts)
        return WeakFit(self.profiles.only(some), *picked)


def weakly_fitted(found: Profiles, blur: Blur) -> WeakFit:
    """Fits slits of any contrast, for the noise of each profile."""
    rough = weak_slits(found, blur.value)
    noise = noise_of(rough, found)
    slits = weak_slits(found, blur.value, noise, rough.parameters)
    errors = slits.width_error, slits.width_by_blur
    return WeakFit(found, noise, slits.parameters, slits.width, *errors)
