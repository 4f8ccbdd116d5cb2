"""Leaks are counted from the manifest alone, and what is unknown is never taken for safe."""

import json
from dataclasses import replace

import pytest

from crackseg.data.splits.leakage import Leaks, SubsetOverlap, find_leaks, find_leaks_by_source
from crackseg.data.splits.manifest import Manifest, Row


def row(number: int, subset: str, photograph: str, group: str = "", source: str = "") -> Row:
    image = f"i/{number}.jpg"
    return Row(
        str(number), image, f"m/{number}", source, photograph, group or photograph or image, subset
    )


def manifest_of(*rows: tuple[str, ...]) -> Manifest:
    return Manifest(tuple(row(number, *one) for number, one in enumerate(rows)))


def test_crops_of_a_training_photograph_are_shared() -> None:
    leaks = find_leaks(
        manifest_of(("train", "a"), ("val", "a"), ("val", "b"), ("test", "a"), ("test", "a"))
    )
    assert leaks == Leaks(val=SubsetOverlap(2, 1, 0), test=SubsetOverlap(2, 2, 0))


def test_near_duplicates_of_training_are_shared_whatever_their_names_tell() -> None:
    leaks = find_leaks(
        manifest_of(("train", "a", "a"), ("val", "b", "a"), ("test", "", "a"), ("test", "", ""))
    )
    assert leaks == Leaks(val=SubsetOverlap(1, 1, 0), test=SubsetOverlap(2, 1, 1))


def test_a_photograph_is_shared_even_if_the_groups_of_a_manifest_deny_it() -> None:
    leaks = find_leaks(manifest_of(("train", "a", "one"), ("test", "a", "two")))
    assert leaks.test == SubsetOverlap(1, 1, 0)


def test_unknown_photographs_do_not_match_each_other_and_are_not_safe() -> None:
    leaks = find_leaks(manifest_of(("train", ""), ("val", ""), ("test", ""), ("test", "b")))
    assert leaks == Leaks(
        val=SubsetOverlap(1, 0, 1), test=SubsetOverlap(2, 0, 1), training_unknown=1
    )
    assert not leaks.is_clean


def test_what_a_near_duplicate_s_name_tells_is_known() -> None:
    leaks = find_leaks(manifest_of(("train", "a"), ("test", "b", "b"), ("test", "", "b")))
    assert leaks == Leaks(val=SubsetOverlap(0, 0, 0), test=SubsetOverlap(2, 0, 0))
    assert leaks.is_clean


def test_where_nothing_is_judged_nothing_leaks() -> None:
    leaks = find_leaks(Manifest(manifest_of(("train", "")).rows, uncompared=1))
    assert leaks.is_clean
    assert leaks.summary() == "no leak: there are no val and no test items"


def test_validation_and_test_may_share_with_each_other() -> None:
    assert find_leaks(manifest_of(("train", "a"), ("val", "b"), ("test", "b"))).is_clean


def test_by_source_all_of_training_counts() -> None:
    leaks = find_leaks_by_source(
        manifest_of(
            ("train", "a", "", "CFD"),
            ("val", "b", "a", "masonry"),
            ("test", "c", "", "CFD"),
            ("test", "", "", ""),
            ("train", "d", "", "Ceramic"),
        )
    )
    assert list(leaks) == ["", "CFD", "masonry"]
    assert leaks["masonry"] == Leaks(val=SubsetOverlap(1, 1, 0), test=SubsetOverlap(0, 0, 0))
    assert leaks["CFD"] == Leaks(val=SubsetOverlap(0, 0, 0), test=SubsetOverlap(1, 0, 0))
    assert leaks[""].test == SubsetOverlap(1, 0, 1)


@pytest.mark.parametrize(
    ("val", "test", "line"),
    [
        (
            (222, 187, 12),
            (223, 190, 15),
            "LEAK: 187 of 222 val and 190 of 223 test items share a photograph or a near "
            "duplicate with training; of 12 and 15 it is unknown",
        ),
        (
            (222, 0, 0),
            (223, 1, 0),
            "LEAK: 0 of 222 val and 1 of 223 test items share a photograph or a near duplicate "
            "with training",
        ),
        (
            (9, 2, 3),
            (0, 0, 0),
            "LEAK: 2 of 9 val items share a photograph or a near duplicate with training; of 3 it "
            "is unknown",
        ),
        (
            (9, 2, 0),
            (9, 0, 1),
            "LEAK: 2 of 9 val and 0 of 9 test items share a photograph or a near duplicate with "
            "training; of 0 and 1 it is unknown",
        ),
        (
            (222, 0, 150),
            (223, 0, 0),
            "UNKNOWN: of 150 of 222 val and 0 of 223 test items the photograph is not known, and "
            "any of them may leak",
        ),
        (
            (222, 0, 0),
            (223, 0, 0),
            "no leak: none of 222 val and 223 test items shares a photograph or a near duplicate "
            "with training",
        ),
        ((0, 0, 0), (0, 0, 0), "no leak: there are no val and no test items"),
    ],
)
def test_one_line_says_it(val: tuple[int, int, int], test: tuple[int, int, int], line: str) -> None:
    leaks = Leaks(SubsetOverlap(*val), SubsetOverlap(*test))
    assert leaks.summary() == line
    assert leaks.is_clean == line.startswith("no leak")


def test_leaks_are_kept_as_plain_numbers() -> None:
    leaks = Leaks(SubsetOverlap(9, 2, 3), SubsetOverlap(8, 0, 1))
    told = json.loads(json.dumps(leaks.as_dict()))
    assert told == {
        "val": {"total": 9, "shared": 2, "unknown": 3},
        "test": {"total": 8, "shared": 0, "unknown": 1},
        "training_unknown": 0,
        "uncompared": 0,
        "begun_from": "",
    }


def test_training_of_unknown_photographs_makes_nothing_safe() -> None:
    leaks = Leaks(SubsetOverlap(9, 0, 0), SubsetOverlap(8, 0, 0), training_unknown=5)
    assert leaks.summary() == (
        "UNKNOWN: of 5 training items the photograph is not known, and any val or test item may "
        "share it"
    )
    assert not leaks.is_clean


@pytest.mark.parametrize(
    ("shared", "line"),
    [
        (
            0,
            "UNKNOWN: by their names none of 9 val and 8 test items shares a photograph with "
            "training, but 4 items were not compared for near duplicates",
        ),
        (
            2,
            "LEAK: 0 of 9 val and 2 of 8 test items share a photograph or a near duplicate with "
            "training; 4 items were not compared for near duplicates",
        ),
    ],
)
def test_what_was_not_compared_is_not_safe(shared: int, line: str) -> None:
    leaks = Leaks(SubsetOverlap(9, 0, 0), SubsetOverlap(8, shared, 0), uncompared=4)
    assert leaks.summary() == line
    assert not leaks.is_clean


@pytest.mark.parametrize(
    "leaks",
    [
        Leaks(SubsetOverlap(9, 0, 0), SubsetOverlap(8, 0, 0)),
        Leaks(SubsetOverlap(9, 0, 1), SubsetOverlap(8, 0, 0)),
        Leaks(SubsetOverlap(9, 2, 0), SubsetOverlap(8, 0, 0)),
    ],
)
def test_an_earlier_network_of_other_subsets_leaves_nothing_clean(leaks: Leaks) -> None:
    begun = replace(leaks, begun_from="best.ckpt")
    assert not begun.is_clean
    before, after = leaks.summary(), begun.summary()
    assert after.startswith("LEAK: " if before.startswith("LEAK: ") else "UNKNOWN: ")
    assert before.partition(": ")[2] in after
    assert after.endswith(
        "; best.ckpt, which it began from, was trained on other subsets, and may know any of them"
    )
