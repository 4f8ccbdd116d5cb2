"""LabelMe's shapes become masks."""

import base64
import io
import re
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.formats.labelme import parse_labelme
from crackseg.data.annotations.shapes import AnnotationFile
from crackseg.errors import UnreadableImageError

SIZE = (40, 60)
SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15]]
PATH = Path("walls/wall1.json")


def shape(points: object, kind: str | None = "polygon", label: str = "crack", **more: Any) -> dict:
    return {"label": label, "points": points, "shape_type": kind, **more}


def sheet(*shapes: dict, **document: Any) -> AnnotationFile:
    parsed = parse_labelme(PATH, {"shapes": list(shapes), **document})
    assert parsed is not None
    return parsed


def square() -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[5:15, 10:20] = 255
    return mask


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("polygon", SQUARE),
        (None, SQUARE),
        ("rectangle", [[10, 5], [20, 15]]),
        ("rectangle", [[20, 15], [10, 5]]),
        ("rectangle", SQUARE),
        ("oriented_rectangle", SQUARE),
        ("rotation", SQUARE),
        ("quadrilateral", SQUARE),
    ],
)
def test_areas_are_filled(kind: str | None, points: object) -> None:
    drawn = sheet(shape(points, kind)).draw(None, None, SIZE)
    assert drawn.dtype == np.uint8
    assert np.array_equal(drawn, square())


@pytest.mark.parametrize(
    ("kind", "points", "area"),
    [
        ("circle", [[30, 20], [30, 10]], 314),
        ("line", [[5, 20], [55, 20]], 157),
        ("linestrip", [[5, 20], [30, 20], [55, 20]], 157),
    ],
)
def test_circles_and_lines_are_drawn(kind: str, points: object, area: int) -> None:
    drawn = sheet(shape(points, kind)).draw(None, None, SIZE)
    assert np.unique(drawn).tolist() == [0, 255]
    assert (drawn > 0).sum() == pytest.approx(area, rel=0.04)
    assert drawn[20, 30] == 255


def encoded(painted: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(painted).save(file, format="PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_a_painted_mask_is_put_in_its_place(dtype: type) -> None:
    painted = np.random.default_rng(0).random((10, 10)) > 0.5
    stored = shape([[10, 5], [19, 14]], "mask", mask=encoded(painted.astype(dtype)))
    expected = np.zeros(SIZE, bool)
    expected[5:15, 10:20] = painted
    assert np.array_equal(sheet(stored).draw(None, None, SIZE) > 0, expected)


def test_shapes_of_other_labels_are_left_out() -> None:
    parsed = sheet(
        shape(SQUARE, label="Crack_1"),
        shape([[30, 20], [50, 20], [50, 35]], label="stain"),
        shape([[30, 20]], "point", label="note"),
    )
    assert parsed.use.labels == {"Crack_1", "stain", "note"}
    assert np.array_equal(parsed.draw(None, None, SIZE), square())
    assert parsed.draw(None, {"stain"}, SIZE)[21, 45] == 255
    assert not parsed.draw(None, {"stain"}, SIZE)[5:15, 10:20].any()


def test_a_file_without_shapes_says_that_there_is_no_crack() -> None:
    assert not sheet().draw(None, None, SIZE).any()


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (shape(SQUARE[:2]), "it has 2 points and needs 3"),
        (shape([]), "it has 0 points and needs 3"),
        (shape(None), "its points are no pairs of x and y"),
        (shape([[1, 1], [9, None], [9, 9]]), "its points are no pairs of x and y"),
        (shape([[1, 1]], "point"), "a point has no area"),
        (shape([[10, 5], [19, 14]], "mask"), "its mask cannot be decoded"),
        (shape([[10, 5], [19, 14]], "mask", mask="AAAA"), "its mask cannot be decoded"),
    ],
)
def test_a_stray_shape_is_skipped_and_named(broken: dict, reason: str) -> None:
    parsed = sheet(shape(SQUARE), broken)
    line = f"{PATH}: shape 2 (crack) cannot be drawn: {reason}"
    assert parsed.photographs[None].skipped({"crack"}) == [line]
    assert np.array_equal(parsed.draw(None, None, SIZE), square())
    with pytest.raises(UnreadableImageError, match=r"shape 1 .crack. cannot be drawn"):
        sheet(broken).draw(None, None, SIZE)


@pytest.mark.parametrize("left", [55, -3])
def test_a_mask_that_reaches_beyond_the_photograph_is_named(left: int) -> None:
    painted = encoded(np.ones((10, 10), bool))
    beyond = shape([[left, 5], [left + 9, 14]], "mask", mask=painted)
    with pytest.raises(UnreadableImageError) as caught:
        sheet(shape(SQUARE), beyond).draw(None, None, SIZE)
    assert str(caught.value) == (
        f"{PATH}: shape 2 (crack) cannot be drawn: its mask reaches beyond the photograph"
    )


def test_a_mask_of_more_pixels_than_the_photograph_is_not_decoded() -> None:
    """A short text may hold any number of pixels."""
    large = shape([[10, 5], [19, 14]], "mask", mask=encoded(np.zeros((3000, 3000), bool)))
    tracemalloc.start()
    parsed = sheet(shape(SQUARE), large, imageHeight=SIZE[0], imageWidth=SIZE[1])
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()
    assert parsed.photographs[None].skipped({"crack"}) == [
        f"{PATH}: shape 2 (crack) cannot be drawn: its mask of 3,000 x 3,000 pixels is larger "
        "than the photograph"
    ]


def test_sizes_that_are_written_as_fractions_are_read() -> None:
    assert sheet(imageHeight=40.0, imageWidth=60.0).photographs[None].size == SIZE


def test_a_photograph_of_another_size_is_refused() -> None:
    parsed = sheet(shape(SQUARE), imageHeight=60, imageWidth=40)
    with pytest.raises(UnreadableImageError) as caught:
        parsed.draw(None, None, SIZE)
    assert str(caught.value) == (
        f"{PATH}: annotated at 40 x 60 pixels (width x height), but the photograph has 60 x 40; it "
        "was resized or turned afterwards"
    )
    assert np.array_equal(sheet(shape(SQUARE), imageHeight=None).draw(None, None, SIZE), square())


@pytest.mark.parametrize("label", ["", "  "])
def test_a_blank_label_is_none_and_no_absence_of_cracks(label: str) -> None:
    with pytest.raises(UnreadableImageError, match="shape 1 has no label"):
        sheet(shape(SQUARE, label=label))


@pytest.mark.parametrize(
    ("kind", "points"),
    [
        ("circle", [[9, 9], [9, 9]]),
        ("rectangle", [[9, 9], [9, 20]]),
        ("polygon", [[1, 9], [30, 9], [50, 20], [30, 9]]),
    ],
)
def test_a_crack_without_a_pixel_is_no_photograph_without_cracks(
    kind: str, points: list[list[int]]
) -> None:
    with pytest.raises(UnreadableImageError, match=r"shape 1 \(crack\) cannot be drawn: it covers"):
        sheet(shape(points, kind)).draw(None, None, SIZE)
    both = sheet(shape(points, kind), shape(SQUARE)).draw(None, None, SIZE)
    assert np.array_equal(both, square())


@pytest.mark.parametrize("broken", ["crack", {"points": SQUARE}, {"label": 3, "points": SQUARE}])
def test_a_shape_without_a_label_is_named(broken: object) -> None:
    message = re.escape(f"{PATH}: shape 2 has no label")
    with pytest.raises(UnreadableImageError, match=f"^{message}$"):
        parse_labelme(PATH, {"shapes": [shape(SQUARE), broken]})


@pytest.mark.parametrize("document", [{}, {"shapes": 3}, {"images": []}])
def test_other_documents_are_none_of_labelme(document: dict) -> None:
    assert parse_labelme(PATH, document) is None
