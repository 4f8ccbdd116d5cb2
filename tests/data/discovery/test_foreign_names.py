"""Names that say a mask, that hide an annotation, or that other systems do not take."""

import json
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import WithoutMask, find_pairs
from crackseg.errors import DatasetNotFoundError
from tests.helpers.data_sets import save_mask, save_photograph


@pytest.mark.parametrize(
    "name",
    [
        *("x-mask", "x.mask", "x_masks", "mask_x", "GT-x", "x_ground_truth", "x_binary"),
        *("x.jpg_mask", "label_x"),
    ],
)
def test_a_picture_named_after_a_photograph_is_its_mask(tmp_path: Path, name: str) -> None:
    save_photograph(tmp_path / "x.jpg")
    save_mask(tmp_path / f"{name}.png")
    inventory = find_pairs(tmp_path, "crack_free")
    assert [(pair.image, pair.mask) for pair in inventory.pairs] == [("x.jpg", f"{name}.png")]


def test_masks_may_have_their_word_first_in_their_own_folder(tmp_path: Path) -> None:
    save_photograph(tmp_path / "images" / "img_001.jpg")
    save_mask(tmp_path / "masks" / "mask_img_001.png")
    assert find_pairs(tmp_path).pairs[0].mask == "masks/mask_img_001.png"


def test_a_word_for_masks_without_such_a_photograph_says_nothing(tmp_path: Path) -> None:
    save_photograph(tmp_path / "wall_binary.jpg")
    assert len(find_pairs(tmp_path, "crack_free").pairs) == 1


@pytest.mark.parametrize(
    ("image", "annotation"),
    [
        ("imagesTr/a_0000.png", "labelsTr/a.nii.gz"),
        ("images/a.png", "labels/a.nii.gz"),
        ("JPEGImages/a.jpg", "SegmentationObject/a.png"),
    ],
)
def test_volumes_and_pictures_of_objects_keep_a_photograph_from_being_crack_free(
    tmp_path: Path, image: str, annotation: str
) -> None:
    save_photograph(tmp_path / image)
    save_mask(tmp_path / "any.png")
    (tmp_path / annotation).parent.mkdir(exist_ok=True)
    (tmp_path / "any.png").rename(tmp_path / annotation)
    with pytest.raises(DatasetNotFoundError) as error:
        find_pairs(tmp_path, "crack_free")
    assert "1 files may hold the annotations of 1 photographs" in str(error.value)
    assert annotation in str(error.value)
    assert "say data.without_mask" not in str(error.value)


def test_addresses_in_listings_may_ask_for_something(tmp_path: Path) -> None:
    save_photograph(tmp_path / "wall.jpg")
    entry = {"id": 1, "width": 30, "height": 20, "file_name": "https://host/p/wall.jpg?token=1"}
    outline = [[10, 5, 25, 5, 25, 10, 10, 10]]
    crack = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": outline, "iscrowd": 0}
    document = {
        "images": [entry],
        "annotations": [crack],
        "categories": [{"id": 1, "name": "crack"}],
    }
    (tmp_path / "result.json").write_text(json.dumps(document))
    assert [pair.image for pair in find_pairs(tmp_path).pairs] == ["wall.jpg"]


def test_a_mask_in_another_place_is_not_of_a_photograph_that_a_listing_describes(
    tmp_path: Path,
) -> None:
    test_addresses_in_listings_may_ask_for_something(tmp_path / "one")
    save_photograph(tmp_path / "two" / "images" / "wall.jpg")
    save_mask(tmp_path / "two" / "masks" / "wall.png")
    masks = {pair.image: pair.mask for pair in find_pairs(tmp_path).pairs}
    assert masks["two/images/wall.jpg"] == "two/masks/wall.png"
    assert masks["one/wall.jpg"].startswith("one/result.json#")


def test_names_that_other_systems_do_not_take_are_said(tmp_path: Path) -> None:
    for name in ("A", "a", "CON", "fine"):
        save_photograph(tmp_path / f"{name}.jpg")
        save_mask(tmp_path / f"{name}_mask.png")
    if len(list(tmp_path.iterdir())) < 8:
        pytest.skip("this system does not take such names either")
    alike, reserved = find_pairs(tmp_path).remarks
    assert alike.startswith("2 names of photographs differ in upper and lower case alone")
    assert alike.endswith("A.jpg, a.jpg")
    assert reserved.startswith("1 photographs have names that Windows does not take")
    assert reserved.endswith(": CON.jpg")


@pytest.mark.parametrize(
    ("image", "truth", "others"),
    [
        ("x.png", "x_mask.png", ["x_watershed_mask.png", "x_color_mask.png"]),
        ("x.png", "x_mask.png", ["x_mask_1.png", "x_mask_soft.png", "x_overlay.png", "x_pred.png"]),
        ("images/x.png", "masks/x.png", ["masks/x_watershed.png", "masks_binary/x.png"]),
        ("images/x.png", "masks/x_mask.png", ["masks/x_color_mask.png", "predictions/x.png"]),
    ],
)
def test_the_mask_is_what_has_the_photographs_name_and_one_word(
    tmp_path: Path, image: str, truth: str, others: list[str]
) -> None:
    save_photograph(tmp_path / image)
    for name in (truth, *others):
        save_mask(tmp_path / name)
    inventory = find_pairs(tmp_path, "crack_free")
    assert [(pair.image, pair.mask) for pair in inventory.pairs] == [(image, truth)]
    assert inventory.masks_without_image == ()
    assert inventory.remarks == (
        f"{len(others)} pictures are about photographs that have a mask, left out (the mask is the "
        "one with the photograph's name, or with its name and one word for masks): "
        f"{', '.join(sorted(others))}",
    )


@pytest.mark.parametrize("without_mask", ["leave_out", "crack_free"])
@pytest.mark.parametrize(
    ("image", "others"),
    [
        ("x.png", ["x_watershed_mask.png"]),
        ("x.png", ["x_mask_0.png", "x_mask_1.png"]),
        ("x.png", ["x_mask1.png"]),
        ("images/x.png", ["masks/x_left_mask.png", "masks/x_right_mask.png"]),
        ("images/x.png", ["masks/x_rust.png"]),
        ("img/x.png", ["masks_human/x.png", "masks_machine/x.png"]),
        ("original_images/x.jpg", ["label_images_semantic/x.png", "RGB_color_image_masks/x.png"]),
    ],
)
def test_a_photograph_with_pictures_that_may_be_its_mask_is_not_crack_free(
    tmp_path: Path, image: str, others: list[str], without_mask: WithoutMask
) -> None:
    save_photograph(tmp_path / image)
    for name in others:
        save_mask(tmp_path / name)
    with pytest.raises(DatasetNotFoundError, match="files may hold the annotations of 1 photo"):
        find_pairs(tmp_path, without_mask)


@pytest.mark.parametrize("other", ["wall_2.jpg", "wall_wet.jpg", "walls_mask_factory.jpg"])
def test_photographs_whose_names_begin_alike_stay_photographs(tmp_path: Path, other: str) -> None:
    save_photograph(tmp_path / "wall.jpg")
    save_photograph(tmp_path / other)
    assert len(find_pairs(tmp_path, "crack_free").pairs) == 2
