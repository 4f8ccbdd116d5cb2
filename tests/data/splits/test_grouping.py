"""What belongs together is known before anything is divided."""

import random

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.numbered_series import Blocks
from crackseg.errors import DatasetError


def pairs_of(*stems: str, folder: str = "images") -> list[Pair]:
    return [Pair(stem, f"{folder}/{stem}.jpg", f"masks/{stem}.png") for stem in stems]


def test_a_row_for_each_pair_in_their_order() -> None:
    pairs = pairs_of("DeepCrack_11215-3", "a_0_1", "holiday")
    rows = describe(pairs)
    assert [Pair(row.stem, row.image, row.mask) for row in rows] == pairs
    assert [row.source for row in rows] == ["DeepCrack", "masonry", ""]
    assert [row.photograph for row in rows] == ["DeepCrack_11215", "a_0", ""]
    assert [row.group for row in rows] == ["DeepCrack_11215", "a_0", "images/holiday.jpg"]
    assert {row.subset for row in rows} == {""}


def test_crops_of_one_photograph_are_one_group() -> None:
    rows = describe(pairs_of("a_0_1", "b_0_1", "a_0_2", "a_1_1"))
    assert [row.group for row in rows] == ["a_0", "b_0", "a_0", "a_1"]


def test_one_photograph_in_two_folders_is_one_group() -> None:
    rows = describe([*pairs_of("a_0_1", folder="one"), *pairs_of("a_0_1", "a_0_2", folder="two")])
    assert [row.group for row in rows] == ["a_0"] * 3


def test_near_duplicates_join_whole_photographs_over_others() -> None:
    rows = describe(
        pairs_of("b_1_1", "b_1_2", "a_0_1", "c_0_1", "d_0_1"), duplicates=[(1, 2), (2, 3)]
    )
    assert [row.group for row in rows] == ["a_0", "a_0", "a_0", "a_0", "d_0"]
    assert [row.photograph for row in rows] == ["b_1", "b_1", "a_0", "c_0", "d_0"]


def test_the_same_photographs_under_other_names_are_joined_by_near_duplicates_alone() -> None:
    pairs = pairs_of("DeepCrack_11116-1", "DeepCrack_11116-2", "11116-1", "11117")
    assert len({row.group for row in describe(pairs)}) == 3
    rows = describe(pairs, duplicates=[(0, 2)])
    assert [row.group for row in rows] == ["DeepCrack_11116"] * 3 + ["images/11117.jpg"]
    assert [row.photograph for row in rows] == ["DeepCrack_11116", "DeepCrack_11116", "", ""]


def test_a_group_of_unknown_photographs_is_called_after_its_first_image() -> None:
    rows = describe(pairs_of("z", "y", "x"), duplicates=[(0, 1)])
    assert [row.group for row in rows] == ["images/y.jpg", "images/y.jpg", "images/x.jpg"]


def test_the_order_of_the_pairs_does_not_matter() -> None:
    pairs = pairs_of(*(f"{series}_{i}_{j}" for series in "ab" for i in range(4) for j in range(3)))
    near = [(0, 14), (14, 20), (5, 6)]
    shuffled = pairs.copy()
    random.Random(1).shuffle(shuffled)
    place = {pair: index for index, pair in enumerate(shuffled)}
    moved = [(place[pairs[one]], place[pairs[other]]) for one, other in near]
    by_image = {row.image: row for row in describe(shuffled, duplicates=moved)}
    assert [by_image[pair.image] for pair in pairs] == describe(pairs, duplicates=near)


def test_runs_stand_for_photographs_where_names_are_plain_numbers() -> None:
    stems = ("CRACK500_00001", "CRACK500_00004", "CRACK500_00005", "CFD_001", "CFD_002")
    rows = describe(pairs_of(*stems), {"CRACK500": Blocks(4, 2)})
    photographs = ["CRACK500_1-4", "CRACK500_1-4", "CRACK500_5-8", "CFD_001", "CFD_002"]
    assert [row.photograph for row in rows] == photographs
    assert [row.group for row in rows] == photographs


def test_names_that_tell_their_photograph_keep_it_beside_runs() -> None:
    stems = ("CRACK500_7", "CRACK500_20160307_164400_1281_721")
    rows = describe(pairs_of(*stems), {"crack500": Blocks(4, 2)})
    assert [row.photograph for row in rows] == ["CRACK500_5-8", "CRACK500_20160307_164400"]


def test_a_near_duplicate_joins_runs() -> None:
    stems = [f"CRACK500_{number}" for number in (1, 2, 9)]
    rows = describe(pairs_of(*stems), {"CRACK500": Blocks(4, 2)}, duplicates=[(0, 2)])
    assert {row.group for row in rows} == {"CRACK500_1-4"}


def test_blocks_for_a_source_that_is_not_there_are_refused() -> None:
    with pytest.raises(DatasetError) as caught:
        describe(pairs_of("CRACK500_1", "CFD_1", "x"), {"CRAK500": Blocks(4, 2)})
    assert str(caught.value) == (
        "data.blocks: no photograph here is from a source 'CRAK500'; the sources are CFD, "
        "CRACK500 (did you mean CRACK500?)"
    )


@pytest.mark.parametrize(
    ("stems", "source", "named"),
    [
        (("DeepCrack_11215-3", "DeepCrack_IMG1"), "DeepCrack", "DeepCrack_11215-3, DeepCrack_IMG1"),
        (("CRACK500_7", "CRACK500_7b"), "CRACK500", "CRACK500_7b"),
    ],
)
def test_blocks_for_names_that_are_no_plain_numbers_are_refused(
    stems: tuple[str, ...], source: str, named: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        describe(pairs_of(*stems), {source: Blocks(4, 2)})
    assert str(caught.value) == (
        f"data.blocks: {source} has names that are not {source} and a plain number, so that they "
        f"cannot be cut into runs: {named}"
    )
