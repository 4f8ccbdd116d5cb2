"""Folder names tell photographs from masks, and subsets, without misreading what lies beside."""

from pathlib import Path

import pytest

from crackseg.data.discovery.layouts import Key, divide, is_read, key, kind, listed_subset, subset


@pytest.mark.parametrize(
    ("folder", "said", "of"),
    [
        ("Images", "image", ""),
        ("Images-2", "image", ""),
        ("train_img", "image", "train"),
        ("test_lab", "label", "test"),
        ("train_images", "image", "train"),
        ("masks-val", "mask", "val"),
        ("Mask", "mask", ""),
        ("labels", "label", ""),
        ("ground_truth", "label", ""),
        ("GroundTruth", "label", ""),
        ("gt", "label", ""),
        ("annotations", "label", ""),
        ("validation", None, "val"),
        ("valid", None, "val"),
        ("train2017", None, "train"),
        # What only sounds like it.
        ("lab", None, ""),
        ("Final_Masks", None, ""),
        ("test_site", None, ""),
        ("train_test", None, ""),
        ("masked", None, ""),
        ("contest", None, ""),
        ("2017", None, ""),
    ],
)
def test_names_of_folders_say_what_lies_in_them(folder: str, said: str | None, of: str) -> None:
    path = Path(folder) / "wall.png"
    assert kind(path) == said
    assert subset(path) == of


def test_the_nearest_folder_that_says_anything_counts() -> None:
    assert kind(Path("masks/north/images/east/x.png")) == "image"
    assert subset(Path("train/a/test/masks/x.png")) == "test"
    assert kind(Path("x_masks.png")) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train/_annotations.coco.json", "train"),
        ("annotations/instances_train2017.json", "train"),
        ("instances_valid.json", "val"),
        ("annotations.json", ""),
        ("train_and_test.json", ""),
        ("latest.json", ""),
    ],
)
def test_the_subset_of_a_file_for_many_photographs(name: str, expected: str) -> None:
    assert listed_subset(Path(name)) == expected


def test_a_photograph_and_its_mask_have_one_key() -> None:
    names = ("valid/images/x.jpg", "val/masks/x.png", "val/x_mask.png", "validation/labels/x.json")
    assert {key(Path(name)) for name in names} == {Key("val", "x")}
    assert key(Path("train_img/7-1.jpg")) == key(Path("train_lab/7-1.png")) == Key("train", "7-1")


@pytest.mark.parametrize("name", ["Heads/x.json", "a/.b/x.png", "a/._x.png", "__MACOSX/x.png"])
def test_names_of_files_and_folders_that_are_never_read(name: str) -> None:
    assert not is_read(Path(name))


def divided(*names: str) -> tuple[list[str], list[str]]:
    photographs, masks, _ = divide(map(Path, names))
    return [str(path) for path in photographs], [str(path) for path in masks]


@pytest.mark.parametrize("folder", ["labels", "label", "ground_truth", "gt", "annotations"])
def test_pictures_in_a_folder_of_labels_are_masks_of_photographs_elsewhere(folder: str) -> None:
    assert divided("images/x.jpg", f"{folder}/x.png") == (["images/x.jpg"], [f"{folder}/x.png"])
    assert divided("x.jpg", f"{folder}/x.png") == (["x.jpg"], [f"{folder}/x.png"])


def test_pictures_in_a_folder_of_labels_are_photographs_where_there_are_no_others() -> None:
    assert divided("annotations/x.jpg", "annotations/x.json") == (["annotations/x.jpg"], [])
    assert divided("gt/x.jpg", "gt/x_mask.png") == (["gt/x.jpg"], ["gt/x_mask.png"])
    assert divided("labels/photos/x.jpg", "labels/masks/x.png") == (
        ["labels/photos/x.jpg"],
        ["labels/masks/x.png"],
    )


def test_pictures_in_a_folder_of_masks_are_never_photographs() -> None:
    assert divided("masks/x.png", "Thumbs.db") == ([], ["masks/x.png"])
