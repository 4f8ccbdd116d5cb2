"""Widths of neighbouring places taken together: a line through them, and how much they scatter.

Stones and joints beside a crack disturb one place more than the next, and no profile by itself
tells. Places further apart than :data:`crackseg.measurement.profiles.ALONG` share no pixels: how
much they disagree shows it.
"""

from dataclasses import dataclass

import numpy as np

from crackseg.measurement.graph import FloatArray, IntArray
from crackseg.measurement.profiles import ALONG, EVERY, Stations

# Pixels on each side of a place that are taken together with it: three independent profiles.
_REACH = 22
# Standard deviation, of the profiles' own noise, above which neighbours are asked, in pixels.
_NOISY = 0.1
# Pixels along a crack that share what neighbours disturb.
TOGETHER = 2 * _REACH + 1
# Scatter over what profiles say of themselves, at the least and at the most; and how much of that
# one place may be.
_SCATTER, _OUTLIER = (1.0, 2.5), 3.0
# Independent places of a crack that tell its scatter.
_ENOUGH = 4


@dataclass(frozen=True, eq=False)
class Places:
    """Places along branches whose widths are compared, :data:`EVERY` stations apart.

    Attributes:
        station: Index of the station of each, rising, (N,).
        branch: Number of each one's branch, rising, (N,).
        crack: Number of each one's crack, (N,).
    """

    station: IntArray
    branch: IntArray
    crack: IntArray

    @classmethod
    def of(cls, station: IntArray, where: Stations) -> "Places":
        """The places at stations (N,) that rise."""
        return cls(station, where.branch[station], where.crack[station])


def scatter(where: Places, width: FloatArray, noise: FloatArray) -> FloatArray:
    """How much more the widths of each one's crack scatter than their noise says, (N,).

    It is taken of second differences, so that a crack may taper.
    """
    before, after = (_at(where, where.station + step) for step in (-ALONG, ALONG))
    both = (before >= 0) & (after >= 0)
    bend = np.where(both, width[before] - 2 * width + width[after], np.nan)
    expected = np.sqrt(noise[before] ** 2 + 4 * noise**2 + noise[after] ** 2)
    share = np.abs(bend) / expected
    factors = np.ones(len(width))
    for crack in np.unique(where.crack[both]):
        own = where.crack == crack
        known = share[own & both]
        if len(known) >= _ENOUGH:
            factors[own] = np.clip(np.sqrt(np.mean(np.minimum(known, _OUTLIER) ** 2)), *_SCATTER)
    return factors


def _at(where: Places, station: IntArray) -> IntArray:
    """Index of the place at each station (N,) of its own branch; -1 where there is none."""
    at = np.minimum(np.searchsorted(where.station, station), len(where.station) - 1)
    found = (where.station[at] == station) & (where.branch[at] == where.branch)
    return np.where(found, at, -1)


def together(where: Places, width: FloatArray, noise: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Widths of lines through neighbouring places, and their noise, where those are noisy.

    Args:
        where: Places.
        width: Width of each in pixels, (N,).
        noise: Standard deviation of it, (N,).
    """
    near, away = _neighbours(where)
    weight = np.where(away <= _REACH, noise[near] ** -2.0, 0.0)
    total = weight.sum(axis=1)
    offset = where.station[near] - where.station[:, None]
    mean_at, mean = ((weight * values).sum(axis=1) / total for values in (offset, width[near]))
    centred = offset - mean_at[:, None]
    spread = np.maximum((weight * centred**2).sum(axis=1) / total, 1.0)
    slope = (weight * centred * width[near]).sum(axis=1) / total / spread
    # Places nearer to each other than a profile is long show the same pixels.
    joined = np.sqrt((1 + mean_at**2 / spread) / total * ALONG / EVERY)
    better = (noise > _NOISY) & (joined < noise)
    return np.where(better, mean - slope * mean_at, width), np.where(better, joined, noise)


def _neighbours(where: Places) -> tuple[IntArray, FloatArray]:
    """Indices (N, K) of the places around each, and how far away they are on its branch."""
    reach = _REACH // EVERY
    steps = np.arange(-reach, reach + 1)
    near = np.arange(len(where.station))[:, None] + steps
    inside = (near >= 0) & (near < len(where.station))
    near = np.clip(near, 0, len(where.station) - 1)
    away = np.abs(where.station[near] - where.station[:, None]).astype(np.float64)
    inside &= where.branch[near] == where.branch[:, None]
    return near, np.where(inside, away, np.inf)
