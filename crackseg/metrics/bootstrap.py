"""How far a figure would move with other photographs.

Crops and near duplicates of one photograph are not independent, so whole photograph groups are
drawn, with replacement, and a figure is computed anew from the sum of what was counted in the
images of those drawn, or, where no sums tell it, from those images. Intervals are percentiles of
1,000 draws (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
LEVEL = 0.95

Sums = npt.NDArray[np.int64] | npt.NDArray[np.float64]
# From the columns' sums over images, (columns,), to figures by name.
Statistic = Callable[[npt.NDArray[Any]], Mapping[str, float]]

# Resamples at a time, so that memory stays small whatever their number.
_BATCH = 50


class Interval(NamedTuple):
    """A figure and its 95 % interval; None where fewer than two groups leave nothing to draw."""

    value: float
    low: float | None
    high: float | None


class Difference(NamedTuple):
    """Second run less first, the 95 % interval, and whether 0 lies outside of it.

    Where there is no interval nothing is beyond noise.
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
    """Figures with their intervals.

    Args:
        sums: (images, columns), what was counted in each image.
        groups: of each image; the images of a group are drawn together.
        statistic: computes figures from the columns' sums over images.
        seed: of the draw, which depends on nothing else than the groups' number and names.
        resamples: how many.
    """
    drawn = map(statistic, resampled(sums, groups, seed, resamples))
    return _intervals(statistic(sums.sum(axis=0)), drawn, groups)


def bootstrap_images(
    groups: Sequence[str],
    statistic: Callable[[npt.NDArray[np.int64]], Mapping[str, float]],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> dict[str, Interval]:
    """The same for figures that no sums tell, such as percentiles.

    Args:
        groups: of each image, as for :func:`bootstrap`.
        statistic: computes figures from how often each image is drawn, int64 (images,).
        seed: as for :func:`bootstrap`.
        resamples: how many.
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
    """How two runs differ on the same images, of which each draw takes the same for both.

    Args:
        first: (images, columns) of the baseline.
        second: (images, columns) of the other run, the images in the same order.
        groups: as for :func:`bootstrap`.
        statistic: as for :func:`bootstrap`.
        seed: as for :func:`bootstrap`.
        resamples: how many.

    Raises:
        ValueError: shapes that differ.
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
    """The columns' sums over the images of each draw of groups.

    Args:
        sums: (images, columns).
        groups: of each image.
        seed: of the draw.
        resamples: how many.

    Returns:
        float64 (resamples, columns).

    Raises:
        ValueError: not a group for every image.
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
    """What :func:`mean_statistic` takes means from: figures of images, and a 1 for each image."""
    return np.array([[*row.values(), 1.0] for row in rows])


def mean_statistic(names: Iterable[str]) -> Statistic:
    """Means over images of figures, to be computed from :func:`mean_sums`."""
    kept = tuple(names)
    return lambda sums: dict(zip(kept, (sums[:-1] / sums[-1]).tolist(), strict=True))


def _times_drawn(groups: int, seed: int, resamples: int) -> Iterator[npt.NDArray[np.int64]]:
    """How often each group is drawn in each resample, some at a time: int64 (some, groups)."""
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
