"""Which folders belong to each other by their names, and which hold masks of other classes."""

from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import find_pairs
from tests.data.discovery.test_pairs import pairs_of, put


@pytest.mark.parametrize(
    ("photographs", "masks"),
    [
        ("cfd_image", "cfd_gt"),
        ("CrackImages", "CrackMasks"),
        ("Crack Images", "Crack Labels"),
        ("images", "masks_crack"),
        ("images", "cracks-mask"),
        ("Site_images-2", "Site_masks-2"),
        ("rgb", "rgb_ground_truth"),
        ("wall 3", "wall 3 mask"),
        ("input", "target"),
        ("train/inputs", "train/targets"),
        ("images", "BW"),
    ],
)
def test_folders_whose_names_differ_by_a_word_for_masks(
    tmp_path: Path, photographs: str, masks: str
) -> None:
    put(tmp_path, f"{photographs}/x.jpg", f"{masks}/x.png")
    assert pairs_of(tmp_path) == [("x", f"{photographs}/x.jpg", f"{masks}/x.png")]


@pytest.mark.parametrize(
    ("photographs", "others"),
    [
        ("images", "rust_masks"),
        ("cfd_image", "crk_gt"),
        ("rgb", "rgb_pred"),
        ("site", "site_2_gt"),
    ],
)
def test_masks_of_something_else_are_not_taken_for_cracks(
    tmp_path: Path, photographs: str, others: str
) -> None:
    put(tmp_path, "images/y.jpg", "masks/y.png", f"{photographs}/x.jpg", f"{others}/x.png")
    assert pairs_of(tmp_path) == [("y", "images/y.jpg", "masks/y.png")]


def test_folders_of_several_data_sets_belong_to_each_other_by_the_rest_of_their_names(
    tmp_path: Path,
) -> None:
    put(tmp_path, "cfd_image/1.jpg", "cfd_gt/1.png", "crk_image/1.jpg", "crk_gt/1.png")
    assert pairs_of(tmp_path) == [
        ("1", "cfd_image/1.jpg", "cfd_gt/1.png"),
        ("1", "crk_image/1.jpg", "crk_gt/1.png"),
    ]


def test_of_folders_for_classes_that_of_cracks_is_read_and_the_others_are_told(
    tmp_path: Path,
) -> None:
    put(tmp_path, "images/x.jpg", "masks/crack/x.png", "masks/rust/x.png")
    put(tmp_path, "images/y.jpg", "masks/rust/y.png")
    found = find_pairs(tmp_path, "crack_free")
    assert [(pair.image, pair.mask) for pair in found.pairs] == [
        ("images/x.jpg", "masks/crack/x.png")
    ]
    # Whoever marked its rust may have forgotten its cracks.
    assert found.images_without_mask == ("images/y.jpg",)
    assert any(
        note.startswith("2 masks lie beside a folder of masks that is named after cracks")
        and "masks/rust/x.png" in note
        for note in found.notes
    )


def test_folders_that_say_which_photographs_have_cracks_are_no_classes(tmp_path: Path) -> None:
    for folder in ("crack", "noncrack"):
        put(tmp_path, f"images/{folder}/1.jpg", f"masks/{folder}/1.png")
    assert pairs_of(tmp_path) == [
        ("1", "images/crack/1.jpg", "masks/crack/1.png"),
        ("1", "images/noncrack/1.jpg", "masks/noncrack/1.png"),
    ]
    put(tmp_path, "images/2.jpg", "masks/whole/2.png")
    assert ("2", "images/2.jpg", "masks/whole/2.png") in pairs_of(tmp_path)


def test_masks_of_several_classes_in_one_folder(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "masks/x_crack.png", "masks/x_rust.png")
    assert pairs_of(tmp_path) == [("x", "images/x.jpg", "masks/x_crack.png")]


def test_a_closer_photograph_of_a_crack_is_no_mask(tmp_path: Path) -> None:
    put(tmp_path, "images/pier.jpg", "images/pier_crack.jpg", "masks/pier.png")
    put(tmp_path, "masks/pier_crack.png")
    assert pairs_of(tmp_path) == [
        ("pier", "images/pier.jpg", "masks/pier.png"),
        ("pier_crack", "images/pier_crack.jpg", "masks/pier_crack.png"),
    ]
