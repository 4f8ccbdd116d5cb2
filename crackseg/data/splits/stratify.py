"""Divides rows by whole groups into subsets of similar composition."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from crackseg.data.splits.local_search import FloatArray, GroupBalance, IntArray
from crackseg.data.splits.manifest import SUBSETS, Row
from crackseg.data.splits.numbered_series import Blocks, in_guard_bands
from crackseg.errors import DatasetError

BoolArray = npt.NDArray[np.bool_]

# Number of starts of the search; the best result is taken. With many groups one is enough, as every
# start ends near the goal.
_ATTEMPTS = 8
# Weight of a subset's count against its composition. It is small at first, since otherwise no
# group could change its subset any more, and larger than all else at the end.
_COUNT_WEIGHTS = (20, 500)
# More groups than these are divided part by part at first: the time grows with the square.
_GROUPS_AT_ONCE = 10_000
# Number of levels of crack by which the pairs of a source are distinguished.
_LEVELS = 4


def divide_groups(
    rows: Sequence[Row],
    crack_pixels: Sequence[float],
    wanted: tuple[int, int, int],
    seed: int,
    blocks: Mapping[str, Blocks],
) -> list[Row]:
    """Assigns every group to a subset and leaves out the guard bands.

    A group larger than validation and test together goes to training.

    Args:
        rows: Rows, in an order that depends on nothing but themselves.
        crack_pixels: Share of crack of each row, in [0, 1].
        wanted: Wanted numbers of pairs in train, val and test.
        seed: Seed of the search.
        blocks: Rules by source.

    Raises:
        DatasetError: A subset that should have pairs would get none.
    """
    names, group = np.unique([row.group for row in rows], return_inverse=True)
    fits = _fitting(np.bincount(group), wanted)
    measures = _measures(rows, np.array(crack_pixels, np.float64))
    # Rows that stay wherever the neighbouring runs go.
    certain = ~_banned(rows, blocks, names[group].tolist())
    holdings = _sums(measures[certain], group[certain], len(names))[fits]
    balances = [_balance(holdings, measures, wanted, weight) for weight in _COUNT_WEIGHTS]

    def attempt(generator: np.random.Generator) -> tuple[float, IntArray, BoolArray]:
        subsets = np.zeros(len(names), np.int64)
        subsets[fits] = _search(balances, generator)
        subset = subsets[group]
        kept = ~_banned(rows, blocks, [SUBSETS[index] for index in subset])
        held = _sums(measures[kept], subset[kept], len(SUBSETS))
        return round(balances[-1].loss(held), 6), subset, kept

    starts = _ATTEMPTS if len(holdings) <= _GROUPS_AT_ONCE else 1
    attempts = map(attempt, np.random.default_rng(seed).spawn(starts))
    _, subset, kept = min(attempts, key=itemgetter(0))
    divided = zip(rows, subset, kept, strict=True)
    return [replace(row, subset=SUBSETS[index]) for row, index, keep in divided if keep]


def _fitting(sizes: IntArray, wanted: tuple[int, int, int]) -> BoolArray:
    """Whether each group may go to validation or test; both need at least one that fits."""
    fits = sizes <= wanted[1] + wanted[2]
    needed = sum(count > 0 for count in wanted[1:])
    if fits.sum() < needed or len(sizes) <= needed:
        raise DatasetError(
            f"{sizes.sum()} pairs make only {len(sizes)} groups of a photograph with its near "
            f"duplicates, the largest of {sizes.max()}, of which {fits.sum()} are no larger than "
            f"the {wanted[1] + wanted[2]} pairs that validation and test are to have; give these "
            "more with data.counts, add photographs, or take data.split=random and mind what it "
            "leaks"
        )
    return fits


def _balance(
    holdings: FloatArray, measures: FloatArray, wanted: tuple[int, int, int], count_weight: float
) -> GroupBalance:
    """A balance in which every subset wants its part of all measures; training takes the rest."""
    goal = np.outer(np.array(wanted) / len(measures), measures.sum(axis=0))
    weights = 1 / np.maximum(goal, 1)
    weights[:, 0] *= count_weight
    weights[0] = 0
    return GroupBalance(holdings, goal, weights)


def _search(balances: Sequence[GroupBalance], generator: np.random.Generator) -> IntArray:
    """Improves a random start by one balance after the other; with many groups, part by part."""
    count = len(balances[0].holdings)
    if count <= _GROUPS_AT_ONCE:
        subsets = balances[0].start(generator)
    else:
        subsets = np.empty(count, np.int64)
        for part in np.array_split(generator.permutation(count), -(-count // _GROUPS_AT_ONCE)):
            subsets[part] = _search([balance.part(part) for balance in balances], generator)
    for balance in balances:
        balance.mend(subsets, generator)
    return subsets


def _measures(rows: Sequence[Row], crack_pixels: FloatArray) -> FloatArray:
    """Measures that subsets should have in equal parts, (rows, measures).

    The columns of a row are 1 for the count, its crack in units of the mean, 1 for its source, and
    1 for its source's level of crack.
    """
    sources = np.array([row.source for row in rows])
    columns = [np.ones(len(rows)), crack_pixels / max(float(crack_pixels.mean()), 1e-12)]
    for source in np.unique(sources):
        is_source = sources == source
        shares = crack_pixels[is_source]
        bounds = np.unique(np.quantile(shares, np.arange(1, _LEVELS) / _LEVELS))
        level = np.where(is_source, np.searchsorted(bounds, crack_pixels), -1)
        columns.append(is_source.astype(np.float64))
        columns.extend((level == at).astype(np.float64) for at in range(len(bounds) + 1))
    return np.stack(columns, axis=1)


def _sums(measures: FloatArray, into: IntArray, count: int) -> FloatArray:
    """Sums of the measures over the rows of each group, (count, measures)."""
    sums = np.zeros((count, measures.shape[1]))
    np.add.at(sums, into, measures)
    return sums


def _banned(rows: Sequence[Row], blocks: Mapping[str, Blocks], labels: Sequence[str]) -> BoolArray:
    return np.array(in_guard_bands(rows, blocks, labels), np.bool_)
