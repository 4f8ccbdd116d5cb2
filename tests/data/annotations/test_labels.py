"""Which labels mean a crack."""

from pathlib import Path

import pytest

from crackseg.data.annotations.labels import (
    LabelUse,
    crack_labels,
    joined_use,
    means_crack,
    refuse_unknown_labels,
)
from crackseg.errors import DatasetError


def all_used(labels: set[str]) -> LabelUse:
    return LabelUse(frozenset(labels), frozenset(labels))


@pytest.mark.parametrize(
    "label",
    [
        *("crack", "Cracks", "CRACK", "hairline-crack", "crack_wide", "longitudinal crack"),
        *(
            "unsealed crack",
            "nonlinear-crack",
            "notched crack",
            "crack_no_spall",
            "crack without rust",
        ),
        *("crack likely", "D00 crack", "antique wall crack", "nocturnal crack"),
    ],
)
def test_a_label_that_speaks_of_cracks(label: str) -> None:
    assert means_crack(label)


@pytest.mark.parametrize(
    "label",
    [
        *("no crack", "noncrack", "non_crack", "uncracked", "crack-free", "without cracks"),
        *("not a crack", "no visible crack", "not_a_real_crack", "without any cracks", "NoCrack"),
        *("fake crack", "false crack", "false-crack", "pseudo_crack", "anti-crack", "anticrack"),
        *("crack-like", "cracklike", "crack_negative", "Crack free", "crackless", "spalling"),
    ],
)
def test_a_label_that_speaks_of_none(label: str) -> None:
    assert not means_crack(label)


@pytest.mark.parametrize(
    ("labels", "chosen"),
    [
        ({"stain", "crack", "Crack_wide"}, {"crack", "Crack_wide"}),
        ({"crack", "noncrack"}, {"crack"}),
        ({"crack", "not a crack", "crack-like"}, {"crack"}),
        ({"fissure"}, {"fissure"}),
        (set(), set()),
    ],
)
def test_labels_of_cracks_come_first_then_the_only_one(labels: set[str], chosen: set[str]) -> None:
    assert crack_labels(all_used(labels), "here") == chosen


def test_several_labels_of_which_none_speaks_of_cracks_are_named() -> None:
    with pytest.raises(DatasetError) as caught:
        crack_labels(all_used({"stain", "fissure"}), Path("walls"))
    assert str(caught.value) == (
        "walls: none of its 2 labels speaks of a crack (fissure, stain), so it is not known which "
        "means one; say it with data.crack_labels=[LABEL] (crackseg data: --crack-labels LABEL)"
    )


def test_a_lone_label_that_denies_cracks_is_none() -> None:
    assert crack_labels(all_used({"no crack"}), "here") == frozenset()


def test_the_only_label_in_use_is_the_crack() -> None:
    use = LabelUse(frozenset({"stain", "fissure"}), frozenset({"fissure"}))
    assert crack_labels(use, "here") == {"fissure"}


def test_labels_that_no_annotation_bears_are_cracks_where_there_is_no_annotation() -> None:
    assert crack_labels(LabelUse(frozenset({"crack", "stain"})), "here") == {"crack"}


def test_a_label_of_cracks_that_no_annotation_bears_is_doubted() -> None:
    use = LabelUse(frozenset({"wall-cracks", "fissure"}), frozenset({"fissure"}))
    with pytest.raises(DatasetError) as caught:
        crack_labels(use, "walls")
    assert str(caught.value) == (
        "walls: no annotation bears the label wall-cracks, and all bear others (fissure), so it is "
        "not known which means a crack; say it with data.crack_labels=[LABEL] (crackseg data: "
        "--crack-labels LABEL)"
    )
    assert crack_labels(use, "walls", ["Fissure"]) == {"fissure"}
    assert crack_labels(use, "walls", ["wall-cracks"]) == {"wall-cracks"}


def test_several_files_speak_one_language() -> None:
    heading = LabelUse(frozenset({"top", "crack"}), frozenset({"crack"}), frozenset({"top"}))
    other = LabelUse(frozenset({"top", "stain"}), frozenset({"stain"}), frozenset({"top"}))
    assert joined_use([heading, other]).labels == {"crack", "stain"}
    assert crack_labels(joined_use([heading, other]), "here") == {"crack"}


def test_labels_that_no_file_has_are_refused() -> None:
    refuse_unknown_labels(["CRACK"], {"crack", "stain"}, "walls")
    with pytest.raises(DatasetError, match=r"has the label rift; the labels are crack, stain$"):
        refuse_unknown_labels(["rift"], {"crack", "stain"}, "walls")
    with pytest.raises(DatasetError, match=r"no annotation file below walls has any label$"):
        refuse_unknown_labels(["rift"], set(), "walls")
