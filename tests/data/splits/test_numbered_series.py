"""Runs of numbers stand for photographs, and guard bands keep their ends out."""

import re

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.numbered_series import Blocks, in_guard_bands
from crackseg.errors import DatasetError


@pytest.mark.parametrize(
    ("number", "run", "name"),
    [
        (0, 0, "CRACK500_1-64"),
        (1, 0, "CRACK500_1-64"),
        (64, 0, "CRACK500_1-64"),
        (65, 1, "CRACK500_65-128"),
        (1639, 25, "CRACK500_1601-1664"),
    ],
)
def test_runs_go_by_the_number(number: int, run: int, name: str) -> None:
    blocks = Blocks(64, 16)
    assert blocks.run(number) == run
    assert blocks.name("CRACK500", run) == name


@pytest.mark.parametrize(
    ("guard", "before", "after"),
    [(0, [], []), (1, [10], []), (2, [10], [11]), (3, [9, 10], [11]), (4, [9, 10], [11, 12])],
)
def test_half_of_the_guard_lies_on_each_side(
    guard: int, before: list[int], after: list[int]
) -> None:
    blocks = Blocks(10, guard)
    neighbours = {number: blocks.guarded_neighbour(number) for number in range(6, 16)}
    assert [number for number, run in neighbours.items() if run == 1] == before
    assert [number for number, run in neighbours.items() if run == 0] == after


def test_a_guard_takes_nothing_from_the_middle_of_a_run() -> None:
    blocks = Blocks(4, 3)
    assert [blocks.guarded_neighbour(number) for number in (5, 6, 7, 8)] == [0, None, 2, 2]


@pytest.mark.parametrize(("size", "guard"), [(0, 0), (-1, -2), (8, 8), (8, 9), (8, -1)])
def test_blocks_that_would_leave_out_whole_runs_are_refused(size: int, guard: int) -> None:
    message = (
        f"data.blocks: size {size} and guard {guard}; the size is 1 or more, and the guard 0 or "
        "more and less than the size, or whole runs would be left out"
    )
    with pytest.raises(DatasetError, match=f"^{re.escape(message)}$"):
        Blocks(size, guard)


def banned(numbers: range | list[int], blocks: Blocks, labels: dict[int, str]) -> list[int]:
    """The numbers in guard bands; labels by run."""
    stems = [f"CRACK500_{number:05d}" for number in numbers]
    pairs = [Pair(stem, f"i/{stem}.jpg", f"m/{stem}.png") for stem in stems]
    rows = describe(pairs, {"CRACK500": blocks})
    of_rows = [labels[blocks.run(number)] for number in numbers]
    found = in_guard_bands(rows, {"crack500": blocks}, of_rows)
    return [number for number, inside in zip(numbers, found, strict=True) if inside]


def test_a_band_lies_only_between_runs_of_different_labels() -> None:
    labels = {0: "train", 1: "train", 2: "test", 3: "train"}
    assert banned(range(1, 41), Blocks(10, 4), labels) == [19, 20, 21, 22, 29, 30, 31, 32]


def test_a_missing_run_is_guard_enough() -> None:
    numbers = [*range(1, 11), *range(21, 31)]
    assert banned(numbers, Blocks(10, 4), {0: "train", 2: "test"}) == []


def test_gaps_in_a_run_do_not_shift_the_band() -> None:
    numbers = [1, 2, 9, 11, 13, 20]
    assert banned(numbers, Blocks(10, 4), {0: "train", 1: "test"}) == [9, 11]


def test_other_sources_and_other_names_are_in_no_band() -> None:
    stems = ["CRACK500_20160307_164400_1281_721", "CFD_010", "CFD_011", "CRACK500_5"]
    rows = describe([Pair(stem, f"{stem}.jpg", f"{stem}.png") for stem in stems])
    labels = ["train", "train", "test", "test"]
    assert in_guard_bands(rows, {"CRACK500": Blocks(10, 4)}, labels) == [False] * 4
