"""How far a figure would move with other photographs (bootstrap).

Crops and near duplicates of one photograph are not independent. So whole photograph groups are
drawn, with replacement. The figure is computed again from the summed counts of the drawn images,
or from the images themselves where sums are not enough. Intervals are percentiles of 1,000 draws.

References:
    Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
LEVEL = 0.95

Sums = npt.NDArray[np.int64] | npt.NDArray[np.float64]
# Takes the columns' sums over images, shape (columns,), and returns figures by name.
Statistic = Callable[[npt.NDArray[Any]], Mapping[str, float]]

# Number of resamples at a time, so that memory stays small for any number of them.
_BATCH = 50


class Interval(NamedTuple):
    """A figure and its 95 % interval; the bounds are None where there are fewer than two groups."""

    value: float
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """A figure of the second run less that of the first, and its 95 % interval.

    ``beyond_noise`` says whether 0 lies outside the interval; without an interval it is False.
    """

    value: float
    low: float | None
    high: float | None
    beyond_noise: bool


def bootstrap(
    sums: Sums,
    groups: Sequence[str],
    statistic: Statistic,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Computes figures with their intervals.

    Args:
        sums: Counts of each image, shape (images, columns).
        groups: Group name of each image; the images of a group are drawn together.
        statistic: Function that computes figures from the columns' sums over images.
        seed: Seed of the draws, which depend on nothing else but the number and names of groups.
        resamples: Number of draws.
    """
    drawn = map(statistic, resampled(sums, groups, seed, resamples))
    return _intervals(statistic(sums.sum(axis=0)), drawn, groups)


def bootstrap_images(
    groups: Sequence[str],
    statistic: Callable[[npt.NDArray[np.int64]], Mapping[str, float]],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """Computes figures with their intervals where sums are not enough, such as percentiles.

    Args:
        groups: Group name of each image, as for :func:`bootstrap`.
        statistic: Function that computes figures from the number of times each image is drawn,
            int64 (images,).
        seed: Seed of the draws, as for :func:`bootstrap`.
        resamples: Number of draws.
    """
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    batches = _times_drawn(len(names), seed, resamples)
    drawn = (statistic(times[member]) for batch in batches for times in batch)
    return _intervals(statistic(np.ones(len(groups), np.int64)), drawn, groups)


def paired_bootstrap(
    first: Sums,
    second: Sums,
    groups: Sequence[str],
    statistic: Statistic,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Difference]:
    """Computes how two runs differ on the same images; each draw takes the same images for both.

    Args:
        first: Counts of the baseline, shape (images, columns).
        second: Counts of the other run, same shape, with the images in the same order.
        groups: Group name of each image, as for :func:`bootstrap`.
        statistic: Function that computes figures, as for :func:`bootstrap`.
        seed: Seed of the draws, as for :func:`bootstrap`.
        resamples: Number of draws.

    Raises:
        ValueError: The shapes differ.
    """
    if first.shape != second.shape:
        raise ValueError(f"shapes differ: {first.shape} and {second.shape}")
    runs = (first, second)
    before, after = (statistic(sums.sum(axis=0)) for sums in runs)
    drawn = [_columns(map(statistic, resampled(sums, groups, seed, resamples))) for sums in runs]
    differences = {}
    for name, value in after.items():
        low, high = _bounds(drawn[1][name] - drawn[0][name], groups)
        beyond = low is not None and high is not None and not low <= 0 <= high
        differences[name] = Difference(value - before[name], low, high, beyond)
    return differences


def resampled(
    sums: Sums, groups: Sequence[str], seed: int = 0, resamples: int = RESAMPLES
) -> npt.NDArray[np.float64]:
    """Sums the columns over the images of each draw of groups.

    Args:
        sums: Counts of each image, shape (images, columns).
        groups: Group name of each image.
        seed: Seed of the draws.
        resamples: Number of draws.

    Returns:
        Sums, float64 (resamples, columns).

    Raises:
        ValueError: The number of groups is not the number of images.
    """
    if len(groups) != len(sums):
        raise ValueError(f"{len(sums)} images and {len(groups)} groups")
    names, member = np.unique(np.asarray(groups), return_inverse=True)
    by_group = np.zeros((len(names), sums.shape[1]))
    np.add.at(by_group, member, sums)
    # In float64, which multiplies much faster than int64 and is as exact up to 2 ** 53.
    draws = _times_drawn(len(names), seed, resamples)
    return np.concatenate([times.astype(np.float64) @ by_group for times in draws])


def mean_sums(rows: Sequence[Mapping[str, float]]) -> npt.NDArray[np.float64]:
    """The rows that :func:`mean_statistic` takes: the figures of each image, and a 1 to count it.

    >>> mean_sums([{"dice": 0.25}, {"dice": 0.75}]).tolist()
    [[0.25, 1.0], [0.75, 1.0]]
    """
    return np.array([[*row.values(), 1.0] for row in rows])


def mean_statistic(names: Iterable[str]) -> Statistic:
    """A statistic that gives the mean of each named figure, from the rows of :func:`mean_sums`.

    >>> rows = mean_sums([{"dice": 0.25}, {"dice": 0.75}])
    >>> mean_statistic(["dice"])(rows.sum(axis=0))
    {'dice': 0.5}
    """
    kept = tuple(names)
    return lambda sums: dict(zip(kept, (sums[:-1] / sums[-1]).tolist(), strict=True))


def _times_drawn(groups: int, seed: int, resamples: int) -> Iterator[npt.NDArray[np.int64]]:
    """How often each group is drawn in each resample, in batches: int64 (batch, groups)."""
    generator = np.random.default_rng(seed)
    for start in range(0, resamples, _BATCH):
        drawn = generator.integers(groups, size=(min(_BATCH, resamples - start), groups))
        yield np.stack([np.bincount(row, minlength=groups) for row in drawn])


def _intervals(
    values: Mapping[str, float], drawn: Iterable[Mapping[str, float]], groups: Sequence[str]
) -> dict[str, Interval]:
    columns = _columns(drawn)
    return {
        name: Interval(value, *_bounds(columns[name], groups)) for name, value in values.items()
    }


def _columns(drawn: Iterable[Mapping[str, float]]) -> dict[str, npt.NDArray[np.float64]]:
    rows = list(drawn)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _bounds(
    drawn: npt.NDArray[np.float64], groups: Sequence[str]
) -> tuple[float, float] | tuple[None, None]:
    if len(set(groups)) < 2:
        return None, None
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
