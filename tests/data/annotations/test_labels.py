"""Which labels mean a crack."""

from pathlib import Path

import pytest

from crackseg.data.annotations.labels import crack_labels, means_crack
from crackseg.errors import DatasetError


@pytest.mark.parametrize(
    "label", ["crack", "Cracks", "CRACK", "hairline-crack", "crack_wide", "longitudinal crack"]
)
def test_a_label_that_speaks_of_cracks(label: str) -> None:
    assert means_crack(label)


@pytest.mark.parametrize(
    "label",
    ["no crack", "noncrack", "non_crack", "uncracked", "crack-free", "without cracks", "spalling"],
)
def test_a_label_that_speaks_of_none(label: str) -> None:
    assert not means_crack(label)


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ({"stain", "crack", "Crack_wide"}, {"crack", "Crack_wide"}),
        ({"crack", "noncrack"}, {"crack"}),
        ({"fissure"}, {"fissure"}),
        (set(), set()),
    ],
)
def test_labels_of_cracks_come_first_then_the_only_one(labels: set[str], chosen: set[str]) -> None:
    assert crack_labels(labels, "here") == chosen


def test_several_labels_of_which_none_speaks_of_cracks_are_named() -> None:
    with pytest.raises(DatasetError) as caught:
        crack_labels({"stain", "fissure"}, Path("walls"))
    assert str(caught.value) == (
        "walls: none of its 2 labels speaks of a crack (fissure, stain), so it is not known which "
        "means one; rename that label so that the word crack is in it"
    )


def test_a_lone_label_that_denies_cracks_is_none() -> None:
    assert crack_labels(["no crack"], "here") == frozenset()
