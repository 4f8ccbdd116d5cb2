"""Which findings spoil a training, and what is to be left out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from crackseg.data.analysis.inspection import Inspection, Unreadable
from crackseg.data.analysis.problems import KINDS, Problem, exclusions, find_problems
from crackseg.data.discovery.pairs import Pair


def values(crack: int = 50, grey: int = 0) -> np.ndarray:
    """Of 1,000 pixels so many are white and so many grey."""
    counted = np.zeros(256, np.int64)
    counted[[0, 128, 255]] = (1000 - crack - grey, grey, crack)
    return counted


def pair(stem: str) -> Pair:
    return Pair(stem, f"images/{stem}.jpg", f"masks/{stem}.png")


def inspection(stem: str, **different: Any) -> Inspection:
    """Nothing is wrong with it but what differs; its photograph is noise of its own."""
    seed = int.from_bytes(str(different.get("image_digest", stem)).encode(), "big")
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64), dtype=np.uint8)
    plain: dict[str, Any] = {
        "pair": pair(stem),
        "image_size": (400, 400),
        "mask_size": (400, 400),
        "mask_kind": "grey",
        "values": values(),
        "sharpest": 255,
        "has_margin": False,
        "contrast": -30.0,
        "image_digest": f"image {stem}",
        "mask_digest": f"mask {stem}",
        "thumbnail": noise,
    }
    return Inspection(**plain | different)


def found(
    *inspected: Inspection | Unreadable, subsets: Mapping[str, str] | None = None
) -> list[tuple[str, str, str]]:
    """Kind, stems and detail of each problem."""
    problems = find_problems(inspected, subsets or {})
    return [(one.kind, " ".join(pair.stem for pair in one.pairs), one.detail) for one in problems]


def test_a_sound_pair_has_no_problem() -> None:
    no_crack = {"values": values(crack=0), "sharpest": 0, "contrast": 0.0, "mask_digest": "empty"}
    assert (
        found(
            inspection("a"),
            inspection("b", values=values(crack=500)),
            inspection("c", values=values(crack=100, grey=250)),
            inspection("thin", values=values(crack=0, grey=10), sharpest=60),
            inspection("noncrack_1", **no_crack),
            inspection("noncrack_2", **no_crack),
        )
        == []
    )


@pytest.mark.parametrize(
    ("different", "kind", "detail"),
    [
        ({"values": values(grey=260)}, "no_mask", "26% of it is grey"),
        (
            {"sharpest": 40},
            "no_mask",
            "no two of its pixels side by side differ by more than 40",
        ),
        (
            {"mask_size": (480, 480)},
            "no_mask",
            "mask 480x480, photograph 400x400, as CrackSeg9k's Heads",
        ),
        ({"mask_size": (200, 300)}, "other_shape", "mask 300x200, photograph 400x400"),
        ({"values": values(crack=950)}, "inverted", "95% of it is crack"),
        (
            {"values": values(crack=600), "contrast": 5.0},
            "inverted",
            "60% of it is crack and brighter than the rest",
        ),
        (
            {"values": values(crack=600)},
            "mostly_crack",
            "60% of it is crack and darker than the rest",
        ),
        # Everything is crack: no brightness to compare with, and no edge.
        (
            {"values": values(crack=1000), "contrast": 0.0, "sharpest": 0},
            "inverted",
            "100% of it is crack",
        ),
        (
            {"values": values(crack=0, grey=1000), "contrast": 0.0, "sharpest": 0},
            "no_mask",
            "100% of it is grey",
        ),
    ],
)
def test_problems_of_one_pair(different: dict[str, Any], kind: str, detail: str) -> None:
    assert found(inspection("a"), inspection("b", **different)) == [(kind, "b", detail)]


def test_a_damaged_file_is_an_error() -> None:
    assert found(Unreadable(pair("a"), "mask is gone"), inspection("b")) == [
        ("unreadable", "a", "mask is gone")
    ]


def test_an_annotation_that_cannot_be_drawn_is_no_damaged_file() -> None:
    assert found(Unreadable(pair("a"), "cannot be drawn", annotated=True)) == [
        ("undrawable", "a", "cannot be drawn")
    ]
    assert "download" not in KINDS["undrawable"].remedy


def test_identical_photographs_are_a_warning_and_the_larger_problem_is_told() -> None:
    same = {"image_digest": "same"}
    assert found(inspection("a", **same), inspection("b", mask_digest="mask a", **same)) == [
        ("identical", "a b", "equal pixel for pixel")
    ]
    assert found(inspection("a", **same), inspection("b", **same)) == [
        ("identical", "a b", "equal pixel for pixel, with masks that differ")
    ]


def test_near_duplicates_join_identical_ones_and_the_largest_comes_first() -> None:
    original = inspection("a")
    darker = inspection("b", thumbnail=original.thumbnail // 2, image_size=(800, 800))
    darker_again = inspection("c", thumbnail=darker.thumbnail, image_digest="image b")
    problems = found(original, inspection("x"), darker, darker_again)
    # Masks of another size than the photograph are another matter.
    assert ("near_duplicates", "b a c", "near duplicates") in problems


@pytest.mark.parametrize(
    ("subsets", "expected"),
    [
        ("train train", ("identical", "a b", "equal pixel for pixel")),
        ("train ", ("identical", "a b", "equal pixel for pixel")),
        ("train test", ("across_subsets", "b a", "equal pixel for pixel in test and train")),
        ("val train", ("across_subsets", "a b", "equal pixel for pixel in train and val")),
        ("val test", ("across_subsets", "b a", "equal pixel for pixel in test and val")),
    ],
)
def test_a_photograph_in_two_subsets_is_an_error_and_stays_in_the_last(
    subsets: str, expected: tuple[str, str, str]
) -> None:
    copies = [inspection(stem, image_digest="same", mask_digest="same") for stem in "ab"]
    of_images = {
        f"images/{stem}.jpg": subset
        for stem, subset in zip("ab", subsets.split(" "), strict=True)
        if subset
    }
    assert found(*copies, subsets=of_images) == [expected]


def test_near_duplicates_across_subsets_are_an_error() -> None:
    original = inspection("a")
    copy = inspection("b", thumbnail=original.thumbnail // 2)
    assert found(original, copy, subsets={"images/a.jpg": "train", "images/b.jpg": "test"}) == [
        ("across_subsets", "b a", "near duplicates in test and train")
    ]


def test_one_mask_for_two_photographs_is_an_error_and_the_better_fit_comes_first() -> None:
    assert found(
        inspection("a", mask_digest="same", contrast=1.0),
        inspection("b", mask_digest="same", contrast=-40.0),
        inspection("c"),
    ) == [("borrowed_mask", "b a", "2 masks equal pixel for pixel")]


def test_problems_come_in_the_order_of_their_kinds() -> None:
    kinds = [
        kind
        for kind, _, _ in found(
            inspection("a", image_digest="same", values=values(crack=600)),
            inspection("b", image_digest="same"),
            inspection("c", values=values(crack=990)),
            inspection("d", mask_size=(9, 9)),
            Unreadable(pair("e"), "photograph is gone"),
        )
    ]
    assert kinds == ["unreadable", "wrong_size", "inverted", "mostly_crack", "identical"]


def test_only_what_spoils_is_left_out_and_of_copies_one_stays() -> None:
    problems = [
        Problem("unreadable", (pair("a"),), "mask is gone"),
        Problem("borrowed_mask", (pair("b"), pair("c")), "2 masks equal pixel for pixel"),
        Problem("mostly_crack", (pair("d"),), "60% of it is crack"),
        # The first of these copies is left out for its mask, so the next one stays.
        Problem("identical", (pair("c"), pair("e"), pair("f")), "equal pixel for pixel"),
        Problem("near_duplicates", (pair("g"), pair("d")), "near duplicates"),
        Problem("across_subsets", (pair("a"), pair("b")), "near duplicates in test and train"),
    ]
    assert exclusions(problems) == {
        "images/a.jpg": "unreadable: mask is gone",
        "images/b.jpg": "borrowed_mask: 2 masks equal pixel for pixel",
        "images/c.jpg": "borrowed_mask: 2 masks equal pixel for pixel",
        "images/f.jpg": "identical: copy of images/e.jpg",
        "images/d.jpg": "near_duplicates: copy of images/g.jpg",
    }
    assert exclusions([]) == {}


def test_errors_are_told_from_warnings() -> None:
    warnings = {kind for kind in KINDS if not Problem(kind, (), "").spoils}
    assert warnings == {
        *("wrong_size", "mostly_crack", "identical", "near_duplicates", "odd_masks", "ready_lists")
    }


def test_without_a_readable_pair_there_is_nothing_more_to_find() -> None:
    assert found() == []
    assert [kind for kind, _, _ in found(Unreadable(pair("a"), "mask is gone"))] == ["unreadable"]


def test_a_figure_with_a_white_margin_is_no_mask() -> None:
    figure = inspection("figure", has_margin=True, mask_size=(480, 480))
    detail = "mask 480x480, photograph 400x300, and its whole rim is crack"
    assert found(replace(figure, image_size=(300, 400))) == [("figure", "figure", detail)]
