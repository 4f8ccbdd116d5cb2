"""One door to what is crack on a photograph, whatever says so."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.ground_truth import (
    read_truth,
    read_truth_and_kind,
    reference,
    split_reference,
    truth_file,
)
from crackseg.errors import UnreadableImageError

SIZE = (20, 30)
SQUARE = [[10, 5], [20, 5], [20, 15], [10, 15]]


@pytest.mark.parametrize(
    ("reference", "file", "entry"),
    [
        ("masks/x.png", "masks/x.png", None),
        ("masks/wall#1.png", "masks/wall#1.png", None),
        ("masks/wall.json.png", "masks/wall.json.png", None),
        ("x.json", "x.json", None),
        ("x#1.JSON", "x#1.JSON", None),
        ("x.json#fissure", "x.json", "fissure"),
        ("x.json#", "x.json", ""),
        ("all.json#images/wall#1.jpg", "all.json", "images/wall#1.jpg"),
        ("all.json#a\nb.json", "all.json", "a\nb.json"),
    ],
)
def test_a_reference_is_a_file_and_an_entry(reference: str, file: str, entry: str | None) -> None:
    assert split_reference(reference)[:3] == (file, None, entry)
    assert truth_file(reference) == file


@pytest.mark.parametrize(
    ("file", "labels", "entry", "written"),
    [
        ("x.json", {"fissure"}, None, "x.json?fissure"),
        ("x.json", set(), None, "x.json?"),
        ("a.json", {"joint", "a/b|c#d?e%f"}, "x?.jpg", "a.json?a%2Fb%7Cc%23d%3Fe%25f|joint#x?.jpg"),
        ("labels/x.txt", {"crack"}, None, "labels/x.txt?crack"),
        ("SegmentationClass/x.png", {"crack"}, None, "SegmentationClass/x.png?crack"),
        ("masks/what?.png", None, None, "masks/what?.png"),
    ],
)
def test_labels_stand_in_a_reference(
    file: str, labels: set[str] | None, entry: str | None, written: str
) -> None:
    assert reference(Path(file), entry, labels) == written
    assert split_reference(written)[:3] == (file, labels, entry)


def test_an_empty_reference_is_a_photograph_without_cracks(tmp_path: Path) -> None:
    assert truth_file("") is None
    truth, kind = read_truth_and_kind(tmp_path, "", SIZE)
    assert kind is None
    assert truth.dtype == np.uint8
    assert np.array_equal(truth, np.zeros(SIZE, np.uint8))


def test_an_image_is_read_at_its_own_size_and_its_kind_is_known(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 1], [0, 0]], np.uint8)).save(tmp_path / "x.png")
    truth, kind = read_truth_and_kind(tmp_path, "x.png", SIZE)
    assert kind == "zero_one"
    assert truth.tolist() == [[0, 255], [0, 0]]


def write_labelme(root: Path, *labels: str) -> None:
    shapes = [{"label": label, "points": SQUARE, "shape_type": "polygon"} for label in labels]
    (root / "x.json").write_text(json.dumps({"shapes": shapes}))


def write_coco(root: Path) -> None:
    document = {
        "images": [{"id": 1, "file_name": "a/x#1.jpg"}],
        "categories": [{"id": 1, "name": "crack"}],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [np.ravel(SQUARE).tolist()]}
        ],
    }
    (root / "all.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("labels", "reference"),
    [
        (("crack", "stain"), "x.json"),
        (("fissure",), "x.json?fissure"),
        # As earlier versions wrote it.
        (("fissure",), "x.json#fissure"),
        ((), "all.json#a/x#1.jpg"),
        ((), "all.json?crack|stain#a/x#1.jpg"),
    ],
)
def test_annotations_are_drawn_at_the_size_of_the_photograph(
    tmp_path: Path, labels: tuple[str, ...], reference: str
) -> None:
    write_labelme(tmp_path, *labels)
    write_coco(tmp_path)
    truth, kind = read_truth_and_kind(tmp_path, reference, SIZE)
    assert kind is None
    assert truth.shape == SIZE
    assert (truth[5:15, 10:20] == 255).all()
    assert truth.sum() == 255 * 100
    assert np.array_equal(read_truth(tmp_path, reference, SIZE), truth)


def test_labels_that_are_no_cracks_leave_the_photograph_without(tmp_path: Path) -> None:
    write_labelme(tmp_path, "stain")
    assert not read_truth(tmp_path, "x.json", SIZE).any()


def test_a_file_about_something_else_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"camera": "phone"}')
    message = re.escape(f"{tmp_path / 'x.json'}: holds no annotations of a known format")
    with pytest.raises(UnreadableImageError, match=f"^{message}$"):
        read_truth(tmp_path, "x.json", SIZE)


@pytest.mark.parametrize("reference", ["gone.png", "gone.json", "gone.json#x.jpg"])
def test_a_missing_file_is_named(tmp_path: Path, reference: str) -> None:
    path = tmp_path / reference.partition("#")[0]
    with pytest.raises(UnreadableImageError) as caught:
        read_truth(tmp_path, reference, SIZE)
    assert str(caught.value) == f"{path}: there is no such file"


def test_an_entry_that_is_not_listed_is_named(tmp_path: Path) -> None:
    write_coco(tmp_path)
    message = re.escape(f"{tmp_path / 'all.json'}: it lists no image 'y.jpg'")
    with pytest.raises(UnreadableImageError, match=f"^{message}$"):
        read_truth(tmp_path, "all.json#y.jpg", SIZE)
