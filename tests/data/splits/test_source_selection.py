"""Sources take part or stay out by name."""

import logging
from dataclasses import replace

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.manifest import Row
from crackseg.data.splits.source_selection import known_source, select_sources
from crackseg.errors import DatasetError

STEMS = ("CFD_1", "CFD_2", "DeepCrack_11111", "a_0_1", "11111", "holiday")


@pytest.fixture
def rows() -> list[Row]:
    """The second 11111 is DeepCrack's too, as a near duplicate tells."""
    pairs = [Pair(stem, f"i/{stem}.jpg", f"m/{stem}.png") for stem in STEMS]
    return describe(pairs, duplicates=[(2, 4)])


def stems(rows: list[Row]) -> list[str]:
    return [row.stem for row in rows]


def test_all_take_part_where_nothing_is_said(rows: list[Row]) -> None:
    assert select_sources(rows) == rows


def test_only_some_take_part_in_whatever_case(rows: list[Row]) -> None:
    assert stems(select_sources(rows, ["cfd", "MASONRY"])) == ["CFD_1", "CFD_2", "a_0_1"]


def test_case_counts_where_two_names_differ_in_nothing_else(rows: list[Row]) -> None:
    both = [*rows, replace(rows[0], source="Uav"), replace(rows[0], source="UAV")]
    assert known_source("data.shares", "UAV", both) == "UAV"
    assert known_source("data.shares", "Uav", both) == "Uav"
    with pytest.raises(DatasetError, match="'uav' may be UAV or Uav; write it as one of them"):
        known_source("data.shares", "uav", both)


def test_what_is_left_out_takes_its_near_duplicates_with_it(
    rows: list[Row], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "crackseg"):
        kept = select_sources(rows, without=["deepcrack"])
    assert stems(kept) == ["CFD_1", "CFD_2", "a_0_1", "holiday"]
    assert caplog.messages == [
        "1 photographs whose names tell no source stay in, although sources are left out: "
        "i/holiday.jpg"
    ]


def test_sources_and_without_sources_at_once(rows: list[Row]) -> None:
    assert stems(select_sources(rows, ["CFD", "masonry"], ["CFD"])) == ["a_0_1"]


@pytest.mark.parametrize(
    ("only", "without", "setting"),
    [(["DeepCrak"], [], "data.sources"), (None, ["DeepCrak"], "data.without_sources")],
)
def test_an_unknown_name_is_told_with_the_nearest(
    rows: list[Row], only: list[str] | None, without: list[str], setting: str
) -> None:
    with pytest.raises(DatasetError) as caught:
        select_sources(rows, only, without)
    assert str(caught.value) == (
        f"{setting}: no photograph here is from a source 'DeepCrak'; the sources are CFD, "
        "DeepCrack, masonry (did you mean DeepCrack?)"
    )


def test_a_source_that_is_not_there_is_refused_even_to_be_left_out(rows: list[Row]) -> None:
    with pytest.raises(DatasetError) as caught:
        select_sources(rows, without=["GAPS384"])
    assert str(caught.value) == (
        "data.without_sources: no photograph here is from a source 'GAPS384'; the sources are "
        "CFD, DeepCrack, masonry"
    )
    with pytest.raises(DatasetError, match=r"the sources are told by no name$"):
        select_sources(rows[-1:], without=["CFD"])


@pytest.mark.parametrize(("only", "without"), [(["CFD"], ["CFD"]), ([], [])])
def test_sources_that_leave_no_photograph_are_refused(
    rows: list[Row], only: list[str], without: list[str]
) -> None:
    with pytest.raises(DatasetError) as caught:
        select_sources(rows, only, without)
    assert str(caught.value) == (
        "data.sources and data.without_sources leave none of the 6 pairs; take a source more, or "
        "leave one less out"
    )
