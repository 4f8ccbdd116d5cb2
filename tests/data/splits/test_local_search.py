"""Groups of different sizes fill subsets as far as they can."""

from itertools import product

import numpy as np
import pytest

from crackseg.data.splits.local_search import FloatArray, GroupBalance


def balance(holdings: FloatArray, parts: tuple[float, ...] = (0.8, 0.1, 0.1)) -> GroupBalance:
    """Every subset wants its part of every measure."""
    wanted = np.outer(parts, holdings.sum(axis=0))
    weights = 1 / np.maximum(wanted, 1)
    weights[0] = 0
    return GroupBalance(holdings, wanted, weights)


def divided(task: GroupBalance, generator: np.random.Generator) -> np.ndarray:
    subsets = task.start(generator)
    task.mend(subsets, generator)
    return subsets


def held(holdings: FloatArray, subsets: np.ndarray) -> FloatArray:
    return np.stack([holdings[subsets == at].sum(axis=0) for at in range(3)])


def test_single_items_are_divided_exactly() -> None:
    holdings = np.ones((100, 1))
    subsets = divided(balance(holdings), np.random.default_rng(0))
    assert np.bincount(subsets).tolist() == [80, 10, 10]


@pytest.mark.parametrize("seed", range(5))
def test_uneven_groups_come_as_close_as_trying_all(seed: int) -> None:
    generator = np.random.default_rng(seed)
    holdings = generator.integers(1, 20, (9, 2)).astype(np.float64)
    task = balance(holdings, (0.6, 0.2, 0.2))
    all_ways = (np.array(way) for way in product(range(3), repeat=len(holdings)))
    least = min(task.loss(held(holdings, way)) for way in all_ways if len(set(way.tolist())) == 3)
    starts = np.random.default_rng(seed).spawn(8)
    best = min(task.loss(held(holdings, divided(task, start))) for start in starts)
    assert best <= 1.5 * least


def test_the_measures_beside_the_size_are_balanced_too() -> None:
    generator = np.random.default_rng(1)
    kinds = np.eye(4)[generator.integers(0, 4, 400)]
    holdings = np.column_stack([np.ones(400), kinds])
    subsets = divided(balance(holdings), generator)
    result = held(holdings, subsets)
    assert np.abs(result - balance(holdings).wanted)[1:].max() <= 1


def test_an_end_cannot_be_bettered_by_moving_one_group() -> None:
    generator = np.random.default_rng(2)
    holdings = generator.integers(1, 9, (40, 3)).astype(np.float64)
    task = balance(holdings)
    subsets = divided(task, generator)
    loss = task.loss(held(holdings, subsets))
    for group, to in product(range(40), range(3)):
        other = subsets.copy()
        other[group] = to
        assert task.loss(held(holdings, other)) >= loss - 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_no_subset_stays_empty_that_wants_anything(seed: int) -> None:
    subsets = divided(balance(np.full((5, 1), 6.0)), np.random.default_rng(seed))
    assert sorted(np.bincount(subsets, minlength=3).tolist()) == [1, 1, 3]
    subsets = divided(balance(np.ones((20, 1)), (0.9, 0.1, 0.0)), np.random.default_rng(seed))
    assert np.bincount(subsets, minlength=3).tolist() == [18, 2, 0]


def test_the_generator_decides() -> None:
    holdings = np.ones((50, 1))
    ways = [divided(balance(holdings), np.random.default_rng(at)).tolist() for at in (0, 0, 1)]
    assert ways[0] == ways[1] != ways[2]


def test_a_part_wants_its_share_of_all() -> None:
    holdings = np.random.default_rng(3).integers(1, 9, (40, 3)).astype(np.float64)
    task = balance(holdings)
    part = np.arange(0, 40, 2)
    share = holdings[part, 0].sum() / holdings[:, 0].sum()
    np.testing.assert_allclose(task.part(part).wanted, share * task.wanted)
    # What a part is off by counts as much as it would in the whole, in proportion.
    off = np.full((3, 3), share)
    whole_off = np.ones((3, 3))
    np.testing.assert_allclose(
        task.part(part).loss(task.part(part).wanted + off),
        share * task.loss(task.wanted + whole_off),
    )
