"""Annotation files find their photographs in every layout that annotators leave."""

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Inventory, Pair, find_pairs
from crackseg.errors import DatasetError, DatasetNotFoundError, UnreadableImageError


def put(root: Path, *names: str) -> Path:
    """Writes files whose content, their own name, differs."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def put_labelme(root: Path, name: str, *labels: str) -> None:
    put(root, name)
    shapes = [{"label": label, "points": [[1, 1], [9, 1], [9, 9]]} for label in labels]
    (root / name).write_text(json.dumps({"shapes": shapes, "imagePath": name}))


def put_coco(root: Path, name: str, *file_names: str) -> None:
    put(root, name)
    document = {
        "info": {"description": name},
        "images": [{"id": n, "file_name": one} for n, one in enumerate(file_names)],
        "categories": [{"id": 1, "name": "crack"}],
        "annotations": [],
    }
    (root / name).write_text(json.dumps(document))


def pairs_of(root: Path) -> list[tuple[str, str]]:
    return [(image, mask) for _, image, mask in find_pairs(root).pairs]


def test_labelme_beside_the_photographs(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "north/x.jpg", "north/y.1.png", "z.jpg")
    put_labelme(tmp_path, "x.json", "crack", "stain")
    put_labelme(tmp_path, "north/x.json", "Cracks")
    put_labelme(tmp_path, "north/y.1.json", "stain")
    put_labelme(tmp_path, "lonely.json", "crack")
    assert find_pairs(tmp_path) == Inventory(
        tmp_path,
        (
            Pair("x", "north/x.jpg", "north/x.json"),
            Pair("x", "x.jpg", "x.json"),
            Pair("y.1", "north/y.1.png", "north/y.1.json"),
        ),
        images_without_mask=("z.jpg",),
        masks_without_image=("lonely.json",),
        crack_labels=frozenset({"crack", "Cracks"}),
        known_labels=frozenset({"crack", "Cracks", "stain"}),
    )


@pytest.mark.parametrize("folder", ["annotations", "labels", "json"])
def test_labelme_in_a_folder_of_its_own(tmp_path: Path, folder: str) -> None:
    put(tmp_path, "images/x.jpg", "images/y.jpg")
    put_labelme(tmp_path, f"{folder}/x.json", "crack")
    inventory = find_pairs(tmp_path)
    assert inventory.pairs == (Pair("x", "images/x.jpg", f"{folder}/x.json"),)
    assert inventory.images_without_mask == ("images/y.jpg",)


def test_labelme_finds_its_photograph_within_the_subset(tmp_path: Path) -> None:
    put(tmp_path, "images/train/x.jpg", "images/test/x.jpg")
    put_labelme(tmp_path, "labels/train/x.json", "crack")
    put_labelme(tmp_path, "labels/test/x.json", "crack")
    assert pairs_of(tmp_path) == [
        ("images/test/x.jpg", "labels/test/x.json"),
        ("images/train/x.jpg", "labels/train/x.json"),
    ]


def test_photographs_in_the_folder_of_annotations(tmp_path: Path) -> None:
    put(tmp_path, "annotations/x.jpg")
    put_labelme(tmp_path, "annotations/x.json", "crack")
    assert pairs_of(tmp_path) == [("annotations/x.jpg", "annotations/x.json")]


def test_the_only_label_of_all_files_is_written_into_the_reference(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "y.jpg")
    put_labelme(tmp_path, "x.json", "fissure")
    put_labelme(tmp_path, "y.json")
    assert pairs_of(tmp_path) == [("x.jpg", "x.json?fissure"), ("y.jpg", "y.json")]


def test_several_labels_of_all_files_of_which_none_is_a_crack(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "y.jpg")
    put_labelme(tmp_path, "x.json", "fissure")
    put_labelme(tmp_path, "y.json", "stain")
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path)
    assert str(caught.value).startswith(
        f"{tmp_path}: none of its 2 labels speaks of a crack (fissure, stain)"
    )


def test_a_json_file_beside_a_photograph_about_something_else_is_passed_over(
    tmp_path: Path,
) -> None:
    put(tmp_path, "x.jpg", "x_mask.png")
    (tmp_path / "x.json").write_text('{"camera": "phone"}')
    (tmp_path / "list.json").write_text("[1, 2]")
    assert pairs_of(tmp_path) == [("x.jpg", "x_mask.png")]


def test_a_damaged_file_of_one_photograph_is_left_to_be_reported_with_it(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "x.json", "images/y.jpg", "labels/y.json")
    assert pairs_of(tmp_path) == [("x.jpg", "x.json"), ("images/y.jpg", "labels/y.json")]


def test_any_other_damaged_file_stops_it(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "masks/x.png", "annotations.json")
    start = re.escape(f"{tmp_path / 'annotations.json'}: cannot be read as JSON (")
    end = re.escape("; mend it, or move it out of the data set's folder")
    with pytest.raises(UnreadableImageError, match=f"^{start}.*{end}$"):
        find_pairs(tmp_path)


@pytest.mark.parametrize(
    ("json_file", "file_name", "image"),
    [
        ("annotations.json", "x.jpg", "images/x.jpg"),
        ("annotations.json", "x.jpg", "x.jpg"),
        ("annotations.json", "images/x.jpg", "images/x.jpg"),
        ("annotations.json", "images\\x.jpg", "images/x.jpg"),
        ("annotations.json", "./images/x.jpg", "images/x.jpg"),
        ("annotations.json", "my_photos/images/x.jpg", "images/x.jpg"),
        ("annotations.json", "/home/ann/photos/x.jpg", "images/x.jpg"),
        ("annotations.json", "C:\\photos\\x.jpg", "images/x.jpg"),
        ("annotations/instances_default.json", "x.jpg", "images/x.jpg"),
        ("annotations/result.json", "../images/x.jpg", "images/x.jpg"),
        ("labels/coco.json", "north/x.jpg", "images/north/x.jpg"),
        ("north/_annotations.coco.json", "x.jpg", "north/x.jpg"),
    ],
)
def test_coco_finds_its_photographs(
    tmp_path: Path, json_file: str, file_name: str, image: str
) -> None:
    put(tmp_path, image)
    put_coco(tmp_path, json_file, file_name)
    assert pairs_of(tmp_path) == [(image, f"{json_file}#{file_name}")]


@pytest.mark.parametrize("file_name", ["x.png", "y.jpg", "test/x.jpg", ""])
def test_coco_takes_no_other_photograph(tmp_path: Path, file_name: str) -> None:
    put(tmp_path, "train/x.jpg")
    put_coco(tmp_path, "annotations.json", file_name)
    with pytest.raises(DatasetNotFoundError, match="1 images and 1 masks, but no pair"):
        find_pairs(tmp_path)


def test_what_coco_lists_and_is_not_there_is_known_by_name(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "images/z.jpg")
    put_coco(tmp_path, "annotations.json", "x.jpg", "y.jpg")
    inventory = find_pairs(tmp_path)
    assert inventory.images_without_mask == ("images/z.jpg",)
    assert inventory.masks_without_image == ("annotations.json#y.jpg",)


def test_each_subset_with_a_file_of_its_own(tmp_path: Path) -> None:
    for subset in ("train", "valid", "test"):
        put(tmp_path, f"{subset}/x.jpg")
        put_coco(tmp_path, f"{subset}/_annotations.coco.json", "x.jpg")
    assert pairs_of(tmp_path) == [
        (f"{subset}/x.jpg", f"{subset}/_annotations.coco.json#x.jpg")
        for subset in ("test", "train", "valid")
    ]
    assert [pair.subset for pair in find_pairs(tmp_path).pairs] == ["test", "train", "val"]


@pytest.mark.parametrize("images", ["images/train", "train2017", "train/images"])
def test_a_file_for_a_subset_takes_its_photographs_from_that_subset(
    tmp_path: Path, images: str
) -> None:
    put(tmp_path, f"{images}/x.jpg", f"{images.replace('train', 'val')}/x.jpg")
    put_coco(tmp_path, "annotations/instances_train2017.json", "x.jpg", "y.jpg")
    put(tmp_path, f"{images.replace('train', 'val')}/y.jpg")
    inventory = find_pairs(tmp_path)
    assert [pair.image for pair in inventory.pairs] == [f"{images}/x.jpg"]
    assert inventory.masks_without_image == ("annotations/instances_train2017.json#y.jpg",)


def test_the_subset_may_stand_in_the_name_of_the_file_alone(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "images/y.jpg")
    put_coco(tmp_path, "annotations/instances_train.json", "x.jpg")
    put_coco(tmp_path, "annotations/instances_test.json", "y.jpg")
    assert [pair.subset for pair in find_pairs(tmp_path).pairs] == ["train", "test"]


def test_the_nearest_photograph_of_a_name_counts(tmp_path: Path) -> None:
    for site in ("north", "south"):
        put(tmp_path, f"{site}/images/x.jpg")
        put_coco(tmp_path, f"{site}/annotations.json", "x.jpg")
    assert pairs_of(tmp_path) == [
        (f"{site}/images/x.jpg", f"{site}/annotations.json#x.jpg") for site in ("north", "south")
    ]


def test_a_file_name_that_fits_several_photographs_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "north/x.jpg", "south/x.jpg")
    put_coco(tmp_path, "annotations.json", "x.jpg")
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: annotations.json#x.jpg may be north/x.jpg or south/x.jpg; write the folder "
        "into its file_name or rename one"
    )


def test_folders_in_file_names_tell_equal_names_apart(tmp_path: Path) -> None:
    put(tmp_path, "north/x.jpg", "south/x.jpg")
    put_coco(tmp_path, "annotations.json", "north/x.jpg", "south/x.jpg")
    assert [pair.image for pair in find_pairs(tmp_path).pairs] == ["north/x.jpg", "south/x.jpg"]


@pytest.mark.parametrize(
    "truths",
    [
        ("masks/x.png", "labels/x.json"),
        ("masks/x.png", "images/x.json"),
        ("images/x.json", "labels/x.json"),
        ("all.json#x.jpg", "masks/x.png"),
        ("all.json#x.jpg", "images/x.json"),
        ("all.json#x.jpg", "more.json#x.jpg"),
        ("all.json#x.jpg", "all.json#images/x.jpg"),
    ],
)
def test_two_truths_of_one_photograph_are_refused_and_both_are_named(
    tmp_path: Path, truths: Sequence[str]
) -> None:
    put(tmp_path, "images/x.jpg")
    listed: dict[str, list[str]] = {}
    for truth in truths:
        file, _, entry = truth.partition("#")
        if entry:
            listed.setdefault(file, []).append(entry)
        elif file.endswith(".json"):
            put_labelme(tmp_path, file, *(["crack"] * len(file)))
        else:
            put(tmp_path, file)
    for file, entries in listed.items():
        put_coco(tmp_path, file, *entries)
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path}: ")
    assert all(truth in message for truth in truths)
    assert message.endswith(
        " both say what is crack on images/x.jpg; remove one, or move it out of the folder"
    )


def test_the_same_annotations_twice_are_harmless(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg")
    put_coco(tmp_path, "annotations.json", "x.jpg")
    shutil.copy(tmp_path / "annotations.json", tmp_path / "annotations (1).json")
    assert len(find_pairs(tmp_path).pairs) == 1


def test_annotations_below_heads_are_never_read(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "Heads/damaged.json")
    put_labelme(tmp_path, "Heads/x.json", "crack")
    with pytest.raises(DatasetNotFoundError):
        find_pairs(tmp_path)


def test_a_file_that_was_made_for_another_photograph_there_is_said(tmp_path: Path) -> None:
    put(tmp_path, "a.jpg", "b.jpg", "c.jpg", "d.jpg")
    for name, made_for in (
        ("a.json", "b.jpg"),
        ("b.json", "..\\\\photos\\\\b.jpg"),
        ("c.json", "old name.jpg"),
        ("d.json", "d.png"),
    ):
        put_labelme(tmp_path, name, "crack")
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text.replace(f'"{name}"', f'"{made_for}"'))
    inventory = find_pairs(tmp_path)
    assert [mask for _, _, mask in inventory.pairs] == ["a.json", "b.json", "c.json", "d.json"]
    assert [note.partition("; see")[0] for note in inventory.notes] == [
        "1 annotation files were made for another photograph that is there too, as their imagePath "
        "says, and are taken for the one of their own name"
    ]
    assert inventory.notes[0].endswith(": a.json (b.jpg)")
