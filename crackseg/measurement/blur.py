"""Blur of a photograph, found where its cracks are wide enough to show their edges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.measurement.graph import FloatArray, IntArray
from crackseg.measurement.profiles import Profiles
from crackseg.measurement.slit import Prior, Slits, fit

# Blur of photographs, in pixels: a lognormal prior, and the values that are tried.
_EXPECTED, _SPREAD = 1.0, 0.3
_TRIED = np.geomspace(0.55, 3.0, 10)
# Least uncertainty of a blur that was found, as a share of it: it is not the same everywhere.
_LEAST_SPREAD = 0.04
# A weak prior of the contrast, before that of the crack is known.
_ANY_CONTRAST, _ANY_SPREAD = 0.7, 0.5
# Noise is common to samples that are closer than a pixel or within one grain of the surface: the
# variance of a sum is that many times greater than without.
_COMMON = 3.0
_LEAST_NOISE = 0.004
_FIRST_NOISE = 0.05
# Profiles beside each other share most of their pixels, so that fewer of them count.
_SHARED = 8.0
# No blur is quite normal and no slit quite even. This share of a profile's depth is not random, and
# does not average out over many profiles.
_INEXACT = 0.01


@dataclass(frozen=True)
class Blur:
    """Blur of a photograph.

    Attributes:
        value: Standard deviation in pixels, of lens, pixels and reading between them together.
        spread: Uncertainty of it, in pixels.
    """

    value: float
    spread: float


def find_blur(some: Sequence[Profiles]) -> Blur:
    """Finds the blur at which slits fit best, and a lognormal prior.

    Args:
        some: Profiles of a photograph; none give the prior.
    """
    cost = ((np.log(_TRIED) - np.log(_EXPECTED)) / _SPREAD) ** 2
    together = max(sum(len(found.grey) for found in some) / _SHARED, 1.0)
    for found in some:
        cost += _misfits(found, together).sum(axis=1) / _SHARED
    best = int(np.clip(np.argmin(cost), 1, len(_TRIED) - 2))
    before, least, after = cost[best - 1 : best + 2]
    step = np.log(_TRIED[1] / _TRIED[0])
    curvature = max(before - 2 * least + after, 1e-6) / step**2
    shift = np.clip((before - after) / (2 * step * curvature), -step, step)
    value = float(_TRIED[best] * np.exp(shift))
    return Blur(value, value * float(np.hypot(np.sqrt(2 / curvature), _LEAST_SPREAD)))


def _misfits(found: Profiles, together: float) -> FloatArray:
    """Misfits (blurs, N) of profiles at each blur that is tried, over their least noise."""
    count = len(found.grey)
    prior = Prior(np.full(count, _ANY_CONTRAST), np.full(count, _ANY_SPREAD))
    slits = [fit_slits(found, np.full(count, blur), prior) for blur in _TRIED]
    squares = np.array([(found.weight * one.residual**2).sum(axis=1) for one in slits])
    noise = np.min([noise_of(one, found) for one in slits], axis=0)
    return np.asarray(squares / noise_together(noise, found, together) ** 2)


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
    found: Profiles, blur: FloatArray, prior: Prior, noise: FloatArray | None = None
) -> Slits:
    """Fits slits to profiles, from where the probability has its rims.

    Args:
        found: Profiles.
        blur: Blur of each in pixels, (N,).
        prior: What is known of the contrast.
        noise: Noise of each, as a share of the surface's light, (N,); None is rough.
    """
    half = np.maximum(found.integral, 0.8) / 2
    start = np.stack([found.centre - half, found.centre + half], axis=1)
    noise = np.full(len(found.grey), _FIRST_NOISE) if noise is None else noise
    return fit(found.offsets, found.grey, found.weight, blur, noise, prior, start)


def noise_of(slits: Slits, found: Profiles) -> FloatArray:
    """Noise (N,) of samples, as if they were independent, from what slits leave over."""
    count = np.maximum(found.weight.sum(axis=1), 6.0)
    variance = (found.weight * slits.residual**2).sum(axis=1) / count
    return np.asarray(np.sqrt(_COMMON * np.maximum(variance, _LEAST_NOISE**2)))


@dataclass(frozen=True, eq=False)
class WeakFit:
    """Profiles, and what they say without any knowledge of the contrast.

    Attributes:
        profiles: Profiles.
        noise: Noise of each, as if samples were independent, (N,).
        width: Width of each in pixels, (N,).
    """

    profiles: Profiles
    noise: FloatArray
    width: FloatArray

    def only(self, some: IntArray) -> "WeakFit":
        """Some of them, by index."""
        return WeakFit(self.profiles.only(some), self.noise[some], self.width[some])


def weakly_fitted(found: Profiles, blur: Blur) -> WeakFit:
    """Fits slits of any contrast, for the noise of each profile."""
    count = len(found.grey)
    prior = Prior(np.full(count, _ANY_CONTRAST), np.full(count, _ANY_SPREAD))
    slits = fit_slits(found, np.full(count, blur.value), prior)
    return WeakFit(found, noise_of(slits, found), slits.width)
