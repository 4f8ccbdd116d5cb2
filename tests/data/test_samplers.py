"""The order of photographs follows from seed and epoch, whatever the number of processes."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from crackseg.data.samplers import (
    EvaluationBatches,
    TrainingSampler,
    quotas_by_source,
    thin_more_often,
    weights_by_width,
)
from crackseg.errors import DatasetError

LENGTHS = [(12, 4), (13, 4), (1, 1), (7, 1), (3, 4), (1, 3)]


def epoch_of(sampler: TrainingSampler, epoch: int) -> list[tuple[int, int]]:
    sampler.set_epoch(epoch)
    return list(sampler)


class Echo(Dataset[torch.Tensor]):
    """Gives back what it is asked for."""

    def __len__(self) -> int:
        return 13

    def __getitem__(self, item: tuple[int, int]) -> torch.Tensor:
        return torch.tensor(item)


def test_every_photograph_comes_exactly_once_an_epoch() -> None:
    sampler = TrainingSampler(101, seed=0)
    for epoch in range(3):
        drawn = epoch_of(sampler, epoch)
        assert len(drawn) == len(sampler) == 101
        assert sorted(index for index, _ in drawn) == list(range(101))


def test_the_order_and_the_augmentation_change_with_the_epoch() -> None:
    sampler = TrainingSampler(50, seed=0)
    first, second = epoch_of(sampler, 0), epoch_of(sampler, 1)
    assert [index for index, _ in first] != list(range(50))
    assert [index for index, _ in first] != [index for index, _ in second]
    assert all(dict(first)[index] != seed for index, seed in second)


def test_the_order_and_the_augmentation_change_with_the_seed() -> None:
    first, second = list(TrainingSampler(50, seed=0)), list(TrainingSampler(50, seed=1))
    assert [index for index, _ in first] != [index for index, _ in second]
    assert all(dict(first)[index] != seed for index, seed in second)


def test_every_photograph_is_augmented_with_a_seed_of_its_own() -> None:
    seeds = [seed for _, seed in TrainingSampler(200, seed=0)]
    assert len(set(seeds)) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)


def test_an_epoch_is_the_same_however_it_was_come_to() -> None:
    went_through, resumed = TrainingSampler(50, seed=7), TrainingSampler(50, seed=7)
    for epoch in range(3):
        epoch_of(went_through, epoch)
    torch.manual_seed(123)
    assert epoch_of(resumed, 3) == epoch_of(went_through, 3)
    assert list(resumed) == list(resumed)


def test_processes_share_an_epoch_without_overlap() -> None:
    shares = [epoch_of(TrainingSampler(12, 5, rank, 4), 2) for rank in range(4)]
    assert [len(share) for share in shares] == [3] * 4
    drawn = [item for share in shares for item in share]
    assert sorted(drawn) == sorted(epoch_of(TrainingSampler(12, 5), 2))


@pytest.mark.parametrize(("length", "processes"), LENGTHS)
def test_processes_train_on_equally_many_and_miss_none(length: int, processes: int) -> None:
    samplers = [TrainingSampler(length, 5, rank, processes) for rank in range(processes)]
    shares = [list(sampler) for sampler in samplers]
    assert {len(share) for share in shares} == {len(samplers[0])}
    drawn = [index for share in shares for index, _ in share]
    assert set(drawn) == set(range(length))
    assert len(drawn) < length + processes


@pytest.mark.parametrize(("length", "processes"), LENGTHS)
def test_the_seed_of_a_photograph_does_not_depend_on_the_processes(
    length: int, processes: int
) -> None:
    alone = dict(epoch_of(TrainingSampler(length, 5), 3))
    for rank in range(processes):
        share = epoch_of(TrainingSampler(length, 5, rank, processes), 3)
        assert all(alone[index] == seed for index, seed in share)


def test_the_seed_of_a_photograph_does_not_depend_on_the_workers() -> None:
    drawn = []
    for workers in (0, 1, 2):
        sampler = TrainingSampler(13, seed=5)
        sampler.set_epoch(2)
        loader = DataLoader(Echo(), batch_size=4, sampler=sampler, num_workers=workers)
        drawn.append(torch.cat(list(loader)).tolist())
    assert drawn[0] == drawn[1] == drawn[2]
    assert [tuple(item) for item in drawn[0]] == epoch_of(TrainingSampler(13, seed=5), 2)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
@pytest.mark.parametrize(
    ("length", "processes"), [(12, 4), (13, 4), (1, 1), (7, 1), (5, 2), (129, 2)]
)
def test_evaluation_repeats_no_photograph_and_no_process_waits(
    length: int, processes: int, batch_size: int
) -> None:
    shares = [
        list(EvaluationBatches(length, batch_size, rank, processes)) for rank in range(processes)
    ]
    batches = [batch for share in shares for batch in share]
    assert sorted(index for batch in batches for index in batch) == list(range(length))
    assert len({len(share) for share in shares}) == 1
    assert all(batches)
    assert max(len(batch) for batch in batches) <= batch_size + (processes > 1)
    sizes = {
        len(EvaluationBatches(length, batch_size, rank, processes)) for rank in range(processes)
    }
    assert sizes == {len(shares[0])}


def test_evaluation_goes_in_order() -> None:
    assert list(EvaluationBatches(5, 2)) == [[0, 1], [2, 3], [4]]
    assert list(EvaluationBatches(5, 2, rank=1, world_size=2)) == [[1], [3]]


SOURCES = ["dam"] * 2 + ["road"] * 60 + ["wall"] * 38


def shown(epoch: int, shares: dict[str, float], length: int = 100) -> list[int]:
    sampler = TrainingSampler(length, 3, quotas=quotas_by_source(SOURCES, shares, length))
    return [index for index, _ in epoch_of(sampler, epoch)]


def test_shares_divide_an_epoch_among_sources() -> None:
    for epoch in range(3):
        drawn = shown(epoch, {"dam": 0.25, "road": 0.5})
        sources = [SOURCES[index] for index in drawn]
        assert [sources.count(one) for one in ("dam", "road", "wall")] == [25, 50, 25]
        # A photograph comes again only when all others of its source have come.
        assert {drawn.count(index) for index in (0, 1)} == {12, 13}
        assert max(map(drawn.count, drawn[2:])) <= 13
        assert len({index for index in drawn if SOURCES[index] == "road"}) == 50
    quotas = quotas_by_source(SOURCES, {"dam": 0.5}, 100)
    assert len(set(TrainingSampler(100, 3, quotas=quotas))) == 100
    assert shown(0, {"dam": 0.25}) != shown(1, {"dam": 0.25})
    assert shown(1, {"dam": 0.25}) == shown(1, {"dam": 0.25})


def test_rounded_shares_add_up_to_an_epoch() -> None:
    for length in (1, 7, 100, 333):
        drawn = shown(0, {"dam": 0.331, "road": 0.333}, length)
        assert len(drawn) == length


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"dam": 0.4, "road": 0.6}, "they add up to 1 and leave nothing for wall; leave them out"),
        (
            {"dam": 0.2, "road": 0.2, "wall": 0.2},
            "they add up to 0.6 and name all sources; let them add up to 1",
        ),
    ],
)
def test_shares_that_do_not_fit_the_sources_are_refused(
    shares: dict[str, float], message: str
) -> None:
    with pytest.raises(DatasetError, match=message):
        quotas_by_source(SOURCES, shares, 100)


# Of the walls, every second one has a crack a quarter as wide as the others; dams have none.
WIDTHS = np.array([np.nan] * 2 + [8.0] * 60 + [4.0, 16.0] * 19)


def shown_by_width(epoch: int, shares: dict[str, float], length: int = 100) -> list[int]:
    weights = weights_by_width(SOURCES, WIDTHS, 0.5)
    quotas = thin_more_often(quotas_by_source(SOURCES, shares, length), weights, length)
    return [index for index, _ in epoch_of(TrainingSampler(length, 3, quotas=quotas), epoch)]


def test_weights_go_by_the_width_within_a_source() -> None:
    weights = weights_by_width(SOURCES, WIDTHS, 0.5)
    assert weights[:62].tolist() == [1] * 62
    assert weights[62::2] == pytest.approx([4 / 3] * 19)
    assert weights[63::2] == pytest.approx([2 / 3] * 19)
    assert weights_by_width(SOURCES, WIDTHS, 2)[62:64] == pytest.approx([32 / 17, 2 / 17])


@pytest.mark.parametrize("shares", [{}, {"dam": 0.25}, {"dam": 0.02, "wall": 0.38}])
def test_thin_cracks_come_more_often_and_their_source_does_not(shares: dict[str, float]) -> None:
    epochs = [shown_by_width(epoch, shares) for epoch in range(200)]
    assert {len(drawn) for drawn in epochs} == {100}
    counts = np.bincount(np.concatenate(epochs), minlength=100)
    walls = shares.get("wall", 0.38 / 0.98 * (1 - shares.get("dam", 0.02)))
    assert counts[62:].sum() == pytest.approx(100 * 200 * walls, rel=0.01)
    assert counts[62::2].sum() / counts[63::2].sum() == pytest.approx(2, rel=0.02)
    # As evenly as whole numbers allow: no photograph by luck alone.
    assert max(np.bincount(epochs[0], minlength=100)[2:]) <= 2
    if "wall" in shares:
        assert {sum(index >= 62 for index in drawn) for drawn in epochs} == {38}


def test_an_epoch_by_width_follows_from_seed_and_epoch() -> None:
    assert shown_by_width(1, {"dam": 0.25}) == shown_by_width(1, {"dam": 0.25})
    assert shown_by_width(1, {}) != shown_by_width(2, {})
    assert len(shown_by_width(0, {}, 333)) == 333
