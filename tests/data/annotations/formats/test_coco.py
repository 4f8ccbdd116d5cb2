"""COCO's annotations become masks."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from crackseg.data.annotations.formats.coco import parse_coco
from crackseg.data.annotations.shapes import AnnotationFile
from crackseg.errors import DatasetError, UnreadableImageError

SIZE = (40, 60)
SQUARE = [10, 5, 20, 5, 20, 15, 10, 15]
TRIANGLE = [30, 20, 50, 20, 50, 35]
PATH = Path("walls/annotations.json")


def document(*segmentations: object, category: int = 1) -> dict[str, Any]:
    """All annotations belong to a.jpg; b.jpg has none."""
    return {
        "images": [
            {"id": 7, "file_name": "a.jpg", "height": 40, "width": 60},
            {"id": 8, "file_name": "b.jpg"},
        ],
        "categories": [{"id": 1, "name": "crack"}, {"id": 2, "name": "stain"}],
        "annotations": [
            {"id": 10 + n, "image_id": 7, "category_id": category, "segmentation": segmentation}
            for n, segmentation in enumerate(segmentations)
        ],
    }


def parsed(content: dict[str, Any]) -> AnnotationFile:
    coco = parse_coco(PATH, content)
    assert coco is not None
    return coco


def square() -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[5:15, 10:20] = 255
    return mask


def runs(compressed: bool) -> dict[str, Any]:
    if compressed:
        code = coco_mask.encode(np.asfortranarray(square()))
        return {"size": list(SIZE), "counts": code["counts"].decode()}
    flat = (square() > 0).ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    return {"size": list(SIZE), "counts": np.diff([0, *changes, flat.size]).tolist()}


@pytest.mark.parametrize("segmentation", [[SQUARE], runs(True), runs(False)])
def test_polygons_and_run_lengths_give_the_same_mask(segmentation: object) -> None:
    drawn = parsed(document(segmentation)).draw("a.jpg", None, SIZE)
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, square())


def test_all_polygons_of_all_annotations_are_joined() -> None:
    drawn = parsed(document([SQUARE, TRIANGLE], runs(False))).draw("a.jpg", None, SIZE)
    assert np.array_equal(drawn[:20], square()[:20])
    assert (drawn[20:] > 0).sum() == pytest.approx(150, rel=0.1)


def test_an_image_without_annotations_has_no_crack() -> None:
    assert parsed(document([SQUARE])).draw("b.jpg", None, (5, 6)).tolist() == [[0] * 6] * 5


def test_annotations_of_other_categories_are_left_out() -> None:
    assert not parsed(document([TRIANGLE], category=2)).draw("a.jpg", None, SIZE).any()


def test_the_only_category_is_the_crack() -> None:
    content = document([SQUARE])
    content["categories"] = [{"id": 1, "name": "defect"}]
    assert np.array_equal(parsed(content).draw("a.jpg", None, SIZE), square())


def test_several_categories_of_which_none_is_a_crack_are_refused() -> None:
    content = document([SQUARE])
    content["categories"][0]["name"] = "defect"
    content["annotations"].append({**content["annotations"][0], "id": 99, "category_id": 2})
    with pytest.raises(DatasetError, match=re.escape(f"{PATH}: none of its 2 labels")):
        parsed(content).draw("a.jpg", None, SIZE)


def test_a_category_above_the_others_without_annotations_is_no_label() -> None:
    content = document([SQUARE])
    content["categories"] = [
        {"id": 0, "name": "wall-cracks-x1y2", "supercategory": "none"},
        {"id": 1, "name": "fissure", "supercategory": "wall-cracks-x1y2"},
    ]
    assert parsed(content).use.labels == {"fissure"}
    assert np.array_equal(parsed(content).draw("a.jpg", None, SIZE), square())


def test_a_category_that_is_its_own_supercategory_is_a_label() -> None:
    content = document([SQUARE])
    content["categories"] = [{"id": 1, "name": "crack", "supercategory": "crack"}]
    assert np.array_equal(parsed(content).draw("a.jpg", None, SIZE), square())


@pytest.mark.parametrize(
    "segmentation", [SQUARE, [[[10, 5], [20, 5], [20, 15], [10, 15]]], [runs(True)], [runs(False)]]
)
def test_what_has_one_meaning_only_is_drawn(segmentation: object) -> None:
    assert np.array_equal(parsed(document(segmentation)).draw("a.jpg", None, SIZE), square())


def test_sizes_that_are_written_as_texts_are_read() -> None:
    content = document([SQUARE])
    content["images"][0] |= {"height": "40", "width": "60"}
    assert parsed(content).photographs["a.jpg"].size == SIZE


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ([], "it has a box at most, and no outline"),
        (None, "it has a box at most, and no outline"),
        ("crack", "its segmentation is neither polygons nor a run-length code"),
        ([SQUARE[:-1]], "its polygons are no lists of x1, y1, x2, y2, ..."),
        # Four numbers are a box to COCO's tools.
        ([SQUARE[:4]], "it has 2 points and needs 3"),
        ([SQUARE[:2]], "it has 1 points and needs 3"),
        ({"size": [40, 60], "counts": None}, "its run-length code is damaged"),
        ({"size": [40, 60], "counts": ["a"]}, "its run-length code is damaged"),
        ({"size": [40, None], "counts": [2400]}, "its run-length code is of size [40, None]"),
        ({"size": [0, 0], "counts": []}, "its run-length code is of size [0, 0]"),
        ({"size": [], "counts": [2400]}, "its run-length code is of size []"),
    ],
)
def test_an_annotation_without_a_meaning_is_skipped_and_named(
    segmentation: object, reason: str
) -> None:
    coco = parsed(document([SQUARE], segmentation))
    annotated = coco.photographs["a.jpg"]
    line = f"{PATH}, image a.jpg: annotation 11 (crack) cannot be drawn: {reason}"
    assert annotated.skipped({"crack"}) == [line]
    assert annotated.skipped({"stain"}) == []
    assert np.array_equal(coco.draw("a.jpg", None, SIZE), square())


def test_a_part_without_a_meaning_is_skipped_and_named() -> None:
    coco = parsed(document([SQUARE, [5, 5, 9, 9]]))
    assert coco.photographs["a.jpg"].skipped({"crack"}) == [
        f"{PATH}, image a.jpg: annotation 10, part 2 (crack) cannot be drawn: it has 2 points and "
        "needs 3"
    ]
    assert np.array_equal(coco.draw("a.jpg", None, SIZE), square())


def test_a_photograph_of_whose_cracks_none_can_be_drawn_is_unreadable() -> None:
    coco = parsed(document([]))
    assert coco.photographs["a.jpg"].skipped({"crack"}) == []
    with pytest.raises(UnreadableImageError, match=r"annotation 10 .crack. cannot be drawn"):
        coco.draw("a.jpg", None, SIZE)


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ([[1, 2, 3, 4, 900, 6]], "its point (900, 6) lies far outside of the photograph"),
        ({"size": [60, 40], "counts": "abc"}, "its run-length code is of size [60, 40]"),
        ({"size": [40, 60], "counts": [5]}, "its run-length code is damaged"),
        ({"size": [40, 60], "counts": "damaged"}, "its run-length code is damaged"),
    ],
)
def test_an_annotation_that_does_not_fit_is_named(segmentation: object, reason: str) -> None:
    coco = parsed(document([SQUARE], segmentation))
    with pytest.raises(UnreadableImageError) as caught:
        coco.draw("a.jpg", None, SIZE)
    assert str(caught.value) == (
        f"{PATH}, image a.jpg: annotation 11 (crack) cannot be drawn: {reason}"
    )


def test_a_photograph_of_another_size_is_refused() -> None:
    message = re.escape(f"{PATH}, image a.jpg: annotated at 60 x 40 pixels (width x height), but")
    with pytest.raises(UnreadableImageError, match=f"^{message}"):
        parsed(document([SQUARE])).draw("a.jpg", None, (60, 40))


def test_an_image_that_is_not_listed_is_named() -> None:
    message = re.escape(f"{PATH}: it lists no image 'c.jpg'")
    with pytest.raises(UnreadableImageError, match=f"^{message}$"):
        parsed(document([SQUARE])).draw("c.jpg", None, SIZE)


@pytest.mark.parametrize(
    ("part", "key"),
    [
        ("images", "id"),
        ("images", "file_name"),
        ("annotations", "image_id"),
        ("annotations", "category_id"),
        ("categories", "name"),
    ],
)
def test_an_entry_that_lacks_something_is_named(part: str, key: str) -> None:
    content = document([SQUARE])
    content[part].append({name: one for name, one in content[part][0].items() if name != key})
    with pytest.raises(DatasetError) as caught:
        parse_coco(PATH, content)
    assert str(caught.value) == (
        f"{PATH}: cannot be read as COCO annotations (entry {len(content[part])} of '{part}' has "
        f"no '{key}')"
    )


def test_a_category_without_a_name_is_none() -> None:
    content = document([SQUARE])
    content["categories"][0]["name"] = ""
    with pytest.raises(DatasetError, match="entry 1 of 'categories' has no 'name'"):
        parse_coco(PATH, content)


def test_an_image_that_is_listed_twice_is_named() -> None:
    content = document([SQUARE])
    content["images"].append({"id": 9, "file_name": "a.jpg"})
    with pytest.raises(DatasetError, match=r"1 images are listed more than once.*: a\.jpg$"):
        parse_coco(PATH, content)


@pytest.mark.parametrize(("part", "twice"), [("images", 7), ("categories", 1)])
def test_an_id_that_means_two_things_is_refused(part: str, twice: int) -> None:
    """As where files were put together: annotations were drawn on both photographs."""
    content = document([SQUARE])
    content[part][1]["id"] = twice
    message = (
        f"{PATH}: 1 ids are each of several {part}, so it is not known which annotations are "
        f"theirs: {twice}; where files were put together, number the {part} anew, and the "
        "annotations with them"
    )
    with pytest.raises(DatasetError, match=f"^{re.escape(message)}$"):
        parse_coco(PATH, content)


def test_a_category_that_stands_there_twice_is_one() -> None:
    content = document([SQUARE])
    content["categories"].append({"id": 1, "name": "crack", "supercategory": "damage"})
    assert np.array_equal(parsed(content).draw("a.jpg", None, SIZE), square())


@pytest.mark.parametrize("size", [[40.0, 60.0], ["40", "60"]])
def test_sizes_of_run_lengths_are_read_as_other_sizes_are(size: list[object]) -> None:
    drawn = parsed(document({**runs(True), "size": size})).draw("a.jpg", None, SIZE)
    assert np.array_equal(drawn, square())


@pytest.mark.parametrize("size", [0, "0"])
def test_a_size_that_is_none_is_not_known(size: object) -> None:
    content = document([SQUARE])
    content["images"][0] |= {"height": size, "width": size}
    assert parsed(content).photographs["a.jpg"].size is None


def captions() -> dict[str, Any]:
    content = document()
    content["annotations"] = [{"id": 1, "image_id": 7, "caption": "a wall"}]
    return content


@pytest.mark.parametrize(
    "content", [{}, {"images": [], "annotations": []}, {"shapes": []}, captions()]
)
def test_other_documents_are_none_of_coco(content: dict[str, Any]) -> None:
    assert parse_coco(PATH, content) is None


@pytest.mark.parametrize(("key", "value"), [("image_id", "1"), ("category_id", 99)])
def test_annotations_of_nothing_in_the_file_are_refused(key: str, value: object) -> None:
    content = document([1, 1, 5, 1, 5, 5])
    content["annotations"][0][key] = value
    with pytest.raises(DatasetError, match="1 annotations are of an image or a category that is"):
        parsed(content)


BOX = [10, 5, 10, 10]


def with_boxes(*segmentations: object, boxes: list[list[float]]) -> dict[str, Any]:
    content = document(*segmentations)
    for entry, box in zip(content["annotations"], boxes, strict=True):
        entry["bbox"] = box
    return content


def by_rows(code: dict[str, Any]) -> dict[str, Any]:
    """The same mask in runs along rows, as some programs write it."""
    flat = (square() > 0).ravel()
    changes = np.flatnonzero(np.diff(flat)) + 1
    return {"size": code["size"], "counts": np.diff([0, *changes, flat.size]).tolist()}


TURNED = [SQUARE[n + 1 - 2 * (n % 2)] for n in range(len(SQUARE))]


@pytest.mark.parametrize("wrong", [[TURNED], by_rows(runs(False))])
def test_outlines_with_x_and_y_exchanged_are_refused_by_their_boxes(wrong: object) -> None:
    content = with_boxes(wrong, wrong, boxes=[BOX, BOX])
    with pytest.raises(DatasetError, match="x and y of its outlines are exchanged, as 2 of 2"):
        parsed(content)


@pytest.mark.parametrize(
    ("outlines", "boxes"),
    [
        ([[SQUARE], [SQUARE]], [BOX, [0.0, 0.0, 3.0, 3.0]]),
        ([runs(True), runs(True)], [BOX, [0.0, 0.0, 3.0, 3.0]]),
        ([runs(False), runs(False)], [BOX, [0.0, 0.0, 3.0, 3.0]]),
        # As many fit as do not; one alone; boxes that are none.
        ([[SQUARE], [SQUARE], [TURNED]], [BOX, BOX, BOX]),
        ([[TURNED]], [BOX]),
        ([[TURNED], [TURNED]], [[], ["a", 1, 2, 3]]),
    ],
)
def test_boxes_that_fit_or_say_nothing_are_no_reason_to_refuse(
    outlines: list[object], boxes: list[list[float]]
) -> None:
    without = parsed(document(*outlines)).draw("a.jpg", None, SIZE)
    found = parsed(with_boxes(*outlines, boxes=boxes)).draw("a.jpg", None, SIZE)
    assert found.any()
    assert np.array_equal(found, without)
