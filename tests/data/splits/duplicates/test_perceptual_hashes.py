"""Which pairs hashes propose: among few photographs each with each, among many by tables."""

import numpy as np
import pytest

from crackseg.data.splits.duplicates import perceptual_hashes
from crackseg.data.splits.duplicates.clusters import clusters
from crackseg.data.splits.duplicates.perceptual_hashes import (
    TURNS,
    BoolArray,
    hashes_of,
    proposed,
    turned,
)

UPRIGHT = TURNS[0]


def drawn(count: int, seed: int = 0) -> BoolArray:
    return np.random.default_rng(seed).random((count, 16, 16)) < 0.5


def with_flips(hashes: BoolArray, count: int, seed: int = 1) -> BoolArray:
    """The hashes with so many of the 256 bits changed."""
    generator = np.random.default_rng(seed)
    changed = hashes.reshape(len(hashes), -1).copy()
    for one in changed:
        one[generator.choice(256, count, replace=False)] ^= True
    return changed.reshape(hashes.shape)


def met(hashes: BoolArray, turn: perceptual_hashes.Turn) -> set[tuple[int, int]]:
    return {(one, other) for pairs in proposed(hashes, turn) for one, other in pairs.T.tolist()}


@pytest.fixture(params=[20_000, 0], ids=["each with each", "by tables"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(perceptual_hashes, "EACH_WITH_EACH", request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("flips", [0, 10, 20])
def test_hashes_that_differ_in_few_bits_are_proposed_and_no_others(flips: int) -> None:
    hashes = drawn(200)
    both = np.concatenate([hashes, with_flips(hashes, flips)])
    assert met(both, UPRIGHT) == {(one, one + 200) for one in range(200)}


@pytest.mark.usefixtures("way")
def test_hashes_that_differ_in_too_many_bits_are_not_proposed() -> None:
    hashes = drawn(200)
    assert not met(np.concatenate([hashes, with_flips(hashes, 91)]), UPRIGHT)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("turn", TURNS)
def test_the_second_of_two_may_be_turned(turn: perceptual_hashes.Turn) -> None:
    generator = np.random.default_rng(0)
    pictures = generator.integers(0, 256, (40, 64, 64)).astype(np.uint8)
    # Laid flat again by the same turn: the inverse of one that transposes turns the other way.
    undone = next(
        one for one in TURNS if np.array_equal(turned(turned(pictures[0], one), turn), pictures[0])
    )
    others = np.stack([turned(one, undone) for one in pictures])
    hashes = hashes_of(np.concatenate([pictures, others]))
    assert {(one, one + 40) for one in range(40)} <= met(hashes, turn)


@pytest.mark.parametrize("at_once", [7, 1 << 22], ids=["in portions", "at once"])
def test_of_hashes_that_share_all_keys_each_meets_some_others(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(perceptual_hashes, "EACH_WITH_EACH", 0)
    monkeypatch.setattr(perceptual_hashes, "_PAIRS_AT_ONCE", at_once)
    # As the frames of one scene: all pairs of them would be 11,175.
    frames = np.repeat(drawn(1), 150, axis=0)
    assert clusters([*met(frames, UPRIGHT)]) == [tuple(range(150))]
    proposals = sum(pairs.shape[1] for pairs in proposed(frames, UPRIGHT))
    # Of each table 64 others at most.
    assert proposals <= 128 * 64 * 150
