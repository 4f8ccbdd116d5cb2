"""Divides groups of different sizes so that every subset comes close to its wanted measures.

The choice of groups is a knapsack problem with many measures at once. From a random start, the best
move of one group or the best exchange of two is made, until none helps.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# Exchanges are searched among so many groups of a subset at a time, which limits the time.
_CANDIDATES = 400
# A smaller change of the loss is rounding.
_GAIN = 1e-6


@dataclass(frozen=True)
class GroupBalance:
    """Measures of groups, and measures wanted of subsets; the first subset takes what is left.

    Attributes:
        holdings: Amounts that a group adds to a subset, (groups, measures); the first measure is
            its size.
        wanted: Amounts wanted of each subset, (subsets, measures).
        weights: Weights of the squared distance from the wanted amounts, (subsets, measures). Those
            of the first subset are 0.
    """

    holdings: FloatArray
    wanted: FloatArray
    weights: FloatArray

    def loss(self, held: FloatArray) -> float:
        """Weighted distance of subsets with these amounts, (subsets, measures), from the wanted."""
        return float((self.weights * (held - self.wanted) ** 2).sum())

    @cached_property
    def _squares(self) -> FloatArray:
        """What a group adds to the loss of a subset that has just what it wants."""
        return self.holdings**2 @ self.weights.T

    def part(self, groups: IntArray) -> "GroupBalance":
        """A balance of these groups alone, in which a subset wants their part of its measures."""
        holdings = self.holdings[groups]
        # Of groups in guard bands nothing counts.
        share = max(holdings[:, 0].sum(), 1) / max(self.holdings[:, 0].sum(), 1)
        return GroupBalance(holdings, share * self.wanted, self.weights / share)

    def start(self, generator: np.random.Generator) -> IntArray:
        """Fills one subset after the other with groups in random order, the first subset last.

        If there are enough groups, every other subset that wants anything gets at least one.

        Returns:
            Index of the subset of each group, int64 (groups,).
        """
        order = generator.permutation(len(self.holdings))
        sizes = self.holdings[order, 0]
        wanted = self.wanted[1:, 0]
        filled = np.searchsorted(np.cumsum(wanted), np.cumsum(sizes) - sizes / 2)
        subsets = np.empty(len(order), np.int64)
        subsets[order] = (filled + 1) % len(self.wanted)
        opened = np.flatnonzero(wanted > 0) + 1
        subsets[order[: len(opened)]] = opened
        return subsets

    def mend(self, subsets: IntArray, generator: np.random.Generator) -> None:
        """Improves the subsets in place until no move or exchange lowers the loss.

        Args:
            subsets: Index of the subset of each group, (groups,); no subset becomes empty.
            generator: Generator that draws the groups among which an exchange is searched.
        """
        while self._move(subsets) or self._exchange(subsets, generator):
            pass

    def _costs(self, subsets: IntArray) -> FloatArray:
        """Change of the loss if a group went to a subset, (groups, subsets)."""
        every = np.arange(len(subsets))
        distance = self._held(subsets) - self.wanted
        squares = self._squares
        products = self.holdings @ (self.weights * distance).T
        leaving = (squares - 2 * products)[every, subsets]
        costs = leaving[:, None] + squares + 2 * products
        costs[every, subsets] = np.inf
        return costs

    def _held(self, subsets: IntArray) -> FloatArray:
        return np.stack(
            [self.holdings[subsets == at].sum(axis=0) for at in range(len(self.wanted))]
        )

    def _move(self, subsets: IntArray) -> bool:
        """Makes the best move if one helps; the last group of a subset stays."""
        costs = self._costs(subsets)
        groups = np.bincount(subsets, minlength=len(self.wanted))
        costs[groups[subsets] == 1] = np.inf
        group, to = _lowest(costs)
        if not costs[group, to] < -_GAIN:
            return False
        subsets[group] = to
        return True

    def _exchange(self, subsets: IntArray, generator: np.random.Generator) -> bool:
        """Makes the best exchange of two groups among some candidates if one helps."""
        cost, one, other = min(self._exchanges(subsets, generator), default=(0.0, 0, 0))
        if not cost < -_GAIN:
            return False
        subsets[[one, other]] = subsets[[other, one]]
        return True

    def _exchanges(
        self, subsets: IntArray, generator: np.random.Generator
    ) -> Iterator[tuple[float, int, int]]:
        """The best exchange between each two subsets: its cost and the two groups."""
        costs = self._costs(subsets)
        for first, second in combinations(range(len(self.wanted)), 2):
            ones, others = (
                generator.permutation(np.flatnonzero(subsets == at))[:_CANDIDATES]
                for at in (first, second)
            )
            if not len(ones) or not len(others):
                continue
            # Both moves at once cost the sum of each alone, less what the groups share.
            weights = self.weights[first] + self.weights[second]
            shared = (self.holdings[ones] * weights) @ self.holdings[others].T
            both = costs[ones, second][:, None] + costs[others, first] - 2 * shared
            one, other = _lowest(both)
            yield both[one, other], int(ones[one]), int(others[other])


def _lowest(costs: FloatArray) -> tuple[int, int]:
    """Place of the lowest cost, the first of nearly equal ones.

    Sums differ in their last digits between machines.
    """
    row, column = np.unravel_index(np.round(costs, 6).argmin(), costs.shape)
    return int(row), int(column)
