"""Profiles across a crack: grey values and probabilities along its normals, averaged along it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates, maximum_filter1d

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.graph import BoolArray, FloatArray, IntArray

# Length along a crack that a profile is the mean of, in pixels.
ALONG = 15
# Stations of which one is measured: a pixel apart, they share most of their profiles.
EVERY = 3
# Pixels of the surface on each side of a crack that say how bright it is.
FLANK = 10.0
# Pixels that the blur of another crack reaches into the surface.
_SKIRT = 2.0
# Least and growing half lengths of profiles, and their largest number of samples on one side.
_LEAST_REACH, _GROWTH, _SAMPLES = 14.0, 1.6, 48
# Profiles that are worked on at a time.
_AT_A_TIME = 4096


@dataclass(frozen=True, eq=False)
class Stations:
    """Places on centrelines where a width is measured, branch after branch.

    Attributes:
        points: Positions x and y, float64 (N, 2).
        normals: Unit vectors across the crack, float64 (N, 2).
        branch: Number of each one's branch, rising, (N,).
        crack: Number of each one's crack, (N,).
        half_width: Half the width of the mask there, in pixels, (N,).
    """

    points: FloatArray
    normals: FloatArray
    branch: IntArray
    crack: IntArray
    half_width: FloatArray

    @property
    def branches(self) -> list[slice]:
        """Where the stations of each branch stand."""
        firsts = np.searchsorted(self.branch, np.arange(self.branch[-1] + 2)).tolist()
        return [slice(first, last) for first, last in pairwise(firsts)]


@dataclass(frozen=True, eq=False)
class Profiles:
    """Mean profiles across cracks.

    Attributes:
        station: Index of the station of each, (N,).
        offsets: Distance of the samples from the centreline, in pixels, (T,).
        grey: Grey values as a share of the surface beside the crack, float64 (N, T).
        weight: Share of a sample that counts, 0 where another crack or no picture is, (N, T).
        integral: Integral of the probability across the crack, in pixels, (N,).
        softness: Integral of p (1 - p), as how blurred the probability's own rims are, (N,).
        centre: Middle of the probability, in pixels from the centreline, (N,).
    """

    station: IntArray
    offsets: FloatArray
    grey: FloatArray
    weight: FloatArray
    integral: FloatArray
    softness: FloatArray
    centre: FloatArray

    def only(self, some: IntArray) -> "Profiles":
        """Some of the profiles, by index."""
        return replace(
            self,
            station=self.station[some],
            grey=self.grey[some],
            weight=self.weight[some],
            integral=self.integral[some],
            softness=self.softness[some],
            centre=self.centre[some],
        )


def stations(lines: Sequence[Centreline], distance: npt.NDArray[np.float32]) -> Stations:
    """Places stations on centrelines.

    Args:
        lines: At least one centreline.
        distance: Distance to the nearest pixel that is no crack, float32 (H, W).
    """
    points = np.concatenate([line.points for line in lines])
    tangents = np.concatenate([line.tangents for line in lines])
    counts = [len(line.points) for line in lines]
    half = map_coordinates(distance, points.T[::-1], np.float64, order=1, mode="nearest")
    return Stations(
        points=points,
        normals=np.stack([-tangents[:, 1], tangents[:, 0]], axis=1),
        branch=np.repeat(np.arange(len(lines)), counts),
        crack=np.repeat([line.group for line in lines], counts),
        half_width=np.maximum(half, 0.5),
    )


def profiles(
    where: Stations,
    grey: npt.NDArray[np.uint8],
    probability: npt.NDArray[np.float32],
    threshold: float,
    measured: BoolArray,
) -> Iterator[Profiles]:
    """Takes profiles, some thousand at a time.

    Args:
        where: Stations.
        grey: Photograph, uint8 (H, W).
        probability: Probability of crack, float32 (H, W).
        threshold: Probability above which there is crack.
        measured: Stations that a profile is wanted for, bool (N,).
    """
    widest = np.zeros(where.branch[-1] + 1)
    np.maximum.at(widest, where.branch, where.half_width)
    reach = widest + FLANK + 2
    size = np.maximum(np.ceil(np.log(reach / _LEAST_REACH) / np.log(_GROWTH)), 0)[where.branch]
    for one in np.unique(size[measured]):
        offsets = _offsets(_LEAST_REACH * _GROWTH**one)
        alike = np.nonzero(size == one)[0]
        for start in range(0, len(alike), _AT_A_TIME):
            wanted = alike[start : start + _AT_A_TIME]
            wanted = wanted[measured[wanted]]
            if len(wanted):
                yield _profiles(where, wanted, offsets, grey, probability, threshold)


def _offsets(reach: float) -> FloatArray:
    step = max(0.5, reach / _SAMPLES)
    count = int(reach / step)
    return np.asarray(np.arange(-count, count + 1) * step, np.float64)


def _profiles(
    where: Stations,
    wanted: IntArray,
    offsets: FloatArray,
    grey: npt.NDArray[np.uint8],
    probability: npt.NDArray[np.float32],
    threshold: float,
) -> Profiles:
    window = _Window.around(where.branch, wanted)
    used = window.used
    places = where.points[used, None] + offsets[None, :, None] * where.normals[used, None]
    height, width = grey.shape
    x, y = places[..., 0], places[..., 1]
    inside = (x >= 0) & (y >= 0) & (x <= width - 1) & (y <= height - 1)
    crack = np.where(inside, _sampled(probability, places), 0.0)
    own = _around_middle(crack > threshold, where.half_width[used], offsets)
    near = np.abs(offsets) <= _half_span(own, offsets)[:, None] + FLANK
    other = _widened((crack > threshold) & ~own, offsets)
    counts = (inside & near & (own | ~other)).astype(np.float64)
    weight = window.mean(counts)
    values = window.mean(counts * _sampled(grey, places)) / np.maximum(weight, 1e-9)
    mean_crack = window.mean(crack)
    near_middle = _around_middle(
        mean_crack > min(0.02, threshold / 2), where.half_width[wanted], offsets
    )
    share = np.where(near_middle, mean_crack, 0.0)
    step = offsets[1] - offsets[0]
    integral = share.sum(axis=1) * step
    flank = weight * ~_around_middle(mean_crack > threshold, where.half_width[wanted], offsets)
    surface = (flank * values).sum(axis=1) / np.maximum(flank.sum(axis=1), 1e-9)
    surface = np.maximum(surface, 1.0)
    return Profiles(
        station=wanted,
        offsets=offsets,
        grey=values / surface[:, None],
        weight=weight,
        integral=integral,
        softness=(share * (1 - share)).sum(axis=1) * step,
        centre=(share * offsets).sum(axis=1) * step / np.maximum(integral, 1e-9),
    )


def _sampled(
    picture: npt.NDArray[np.uint8] | npt.NDArray[np.float32], at: FloatArray
) -> FloatArray:
    """Values (N, T) between the pixels at positions (N, T, 2)."""
    values = map_coordinates(picture, [at[..., 1], at[..., 0]], np.float32, order=1, mode="nearest")
    return np.asarray(values, np.float64)


def _around_middle(crack: BoolArray, half_width: FloatArray, offsets: FloatArray) -> BoolArray:
    """The run of samples (N, T) of crack around the middle, which itself always counts."""
    middle = len(offsets) // 2
    near = crack | (np.abs(offsets) <= np.minimum(half_width, 1.0)[:, None])
    right = np.logical_and.accumulate(near[:, middle:], axis=1)
    left = np.logical_and.accumulate(near[:, middle::-1], axis=1)[:, ::-1]
    return np.concatenate([left[:, :-1], right], axis=1)


def _widened(crack: BoolArray, offsets: FloatArray) -> BoolArray:
    """Samples (N, T) within :data:`_SKIRT` of crack: its blur reaches so far."""
    reach = round(_SKIRT / (offsets[1] - offsets[0]))
    return np.asarray(maximum_filter1d(crack, 2 * reach + 1, axis=1, mode="constant"), np.bool_)


def _half_span(own: BoolArray, offsets: FloatArray) -> FloatArray:
    """Distance (N,) from the middle to the farther end of each run."""
    return np.asarray(np.max(np.where(own, np.abs(offsets), 0.0), axis=1))


@dataclass(frozen=True, eq=False)
class _Window:
    """Stations beside each other on one branch, of which a mean is taken.

    Attributes:
        used: Indices of all stations that any mean needs, rising, (M,).
        first: First of each mean's, counted among those, (N,).
        last: One after its last, (N,).
    """

    used: IntArray
    first: IntArray
    last: IntArray

    @classmethod
    def around(cls, branch: IntArray, wanted: IntArray) -> "_Window":
        reach = ALONG // 2
        first = np.maximum(wanted - reach, np.searchsorted(branch, branch[wanted], "left"))
        last = np.minimum(wanted + reach + 1, np.searchsorted(branch, branch[wanted], "right"))
        used = np.zeros(len(branch) + 1, np.int64)
        np.add.at(used, first, 1)
        np.add.at(used, last, -1)
        indices = np.nonzero(np.cumsum(used)[:-1] > 0)[0]
        return cls(indices, np.searchsorted(indices, first), np.searchsorted(indices, last))

    def mean(self, values: FloatArray) -> FloatArray:
        """Means (N, T) of values (M, T)."""
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
        count = (self.last - self.first)[:, None]
        return np.asarray((sums[self.last] - sums[self.first]) / count)
