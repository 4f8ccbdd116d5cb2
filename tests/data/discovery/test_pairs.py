"""Photographs and masks are paired by name in every layout that users hold."""

import filecmp
import logging
import os
import shutil
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Inventory, Pair, find_pairs, find_pairs_below
from crackseg.errors import DatasetError, DatasetNotFoundError

IMAGES_1 = "Final-Dataset-Vol1/Images"
IMAGES_2 = "Final-Dataset-Vol2/Images-2"
MASKS = "Final-Dataset-Vol1/Final_Masks/Masks"
HEADS = "Final-Dataset-Vol1/Final_Masks/Heads"


def put(root: Path, *names: str) -> Path:
    """Writes files whose content, their own name, differs; nothing here opens them as images."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def pairs_of(root: Path) -> list[tuple[str, str, str]]:
    return [tuple(pair) for pair in find_pairs(root).pairs]


def test_v4_has_images_in_two_volumes_and_masks_in_one(tmp_path: Path) -> None:
    put(tmp_path, f"{IMAGES_1}/a_0_10.png", f"{IMAGES_2}/CFD_001.png")
    put(tmp_path, f"{MASKS}/CFD_001.png", f"{MASKS}/a_0_10.png")
    put(tmp_path, f"{HEADS}/CFD_001.png", f"{HEADS}/a_0_10.png")
    (tmp_path / "Final-Dataset-Vol1/Final_Masks/train.txt").write_text("a_0_10")
    inventory = find_pairs(tmp_path)
    assert inventory == Inventory(
        root=tmp_path,
        pairs=(
            Pair("CFD_001", f"{IMAGES_2}/CFD_001.png", f"{MASKS}/CFD_001.png"),
            Pair("a_0_10", f"{IMAGES_1}/a_0_10.png", f"{MASKS}/a_0_10.png"),
        ),
    )


def test_a_volume_nested_into_itself(tmp_path: Path) -> None:
    one, two = "Final-Dataset-Vol1", "Final-Dataset-Vol2"
    put(tmp_path, f"{one}/{IMAGES_1}/x.png", f"{two}/{IMAGES_2}/y.png")
    put(tmp_path, f"{one}/{MASKS}/x.png", f"{one}/{MASKS}/y.png", f"{one}/{HEADS}/y.png")
    assert pairs_of(tmp_path) == [
        ("x", f"{one}/{IMAGES_1}/x.png", f"{one}/{MASKS}/x.png"),
        ("y", f"{two}/{IMAGES_2}/y.png", f"{one}/{MASKS}/y.png"),
    ]


def test_images_beside_masks_with_other_suffixes(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "images/y.jpeg", "images/z.webp")
    put(tmp_path, "masks/x.png", "masks/y.bmp", "masks/z.tif")
    assert pairs_of(tmp_path) == [
        ("x", "images/x.jpg", "masks/x.png"),
        ("y", "images/y.jpeg", "masks/y.bmp"),
        ("z", "images/z.webp", "masks/z.tif"),
    ]


def test_the_same_stems_in_several_subsets_are_paired_within_theirs(tmp_path: Path) -> None:
    subsets = ("train", "val", "test")
    for subset in subsets:
        put(tmp_path, f"{subset}/images/1.png", f"{subset}/masks/1.png")
    expected = [("1", f"{subset}/images/1.png", f"{subset}/masks/1.png") for subset in subsets]
    assert pairs_of(tmp_path) == sorted(expected)


def test_subsets_below_the_folders_of_images_and_masks(tmp_path: Path) -> None:
    put(
        tmp_path, "images/train/1.jpg", "images/test/1.jpg", "masks/train/1.png", "masks/test/1.png"
    )
    assert pairs_of(tmp_path) == [
        ("1", "images/test/1.jpg", "masks/test/1.png"),
        ("1", "images/train/1.jpg", "masks/train/1.png"),
    ]


def test_deepcracks_own_layout(tmp_path: Path) -> None:
    put(tmp_path, "train_img/7-1.jpg", "train_lab/7-1.png", "test_img/7-1.jpg", "test_lab/7-1.png")
    assert pairs_of(tmp_path) == [
        ("7-1", "test_img/7-1.jpg", "test_lab/7-1.png"),
        ("7-1", "train_img/7-1.jpg", "train_lab/7-1.png"),
    ]
    assert [pair.subset for pair in find_pairs(tmp_path).pairs] == ["test", "train"]


@pytest.mark.parametrize("folder", ["labels", "label", "ground_truth", "GroundTruth", "gt"])
def test_other_names_for_the_folder_of_masks(tmp_path: Path, folder: str) -> None:
    put(tmp_path, "images/x.jpg", f"{folder}/x.png")
    assert pairs_of(tmp_path) == [("x", "images/x.jpg", f"{folder}/x.png")]


@pytest.mark.parametrize(
    ("image", "mask", "subset"),
    [
        ("train/images/x.jpg", "train/masks/x.png", "train"),
        ("images/validation/x.jpg", "gt/val/x.png", "val"),
        ("test/x.jpg", "test/x_mask.png", "test"),
        ("images/x.jpg", "masks/x.png", ""),
        # Named like its photograph, an annotation says nothing of a subset.
        ("images/test_1.jpg", "labels/test_1.json", ""),
    ],
)
def test_a_ready_split_is_known_from_the_folders(
    tmp_path: Path, image: str, mask: str, subset: str
) -> None:
    put(tmp_path, image)
    put(tmp_path, mask)
    (pair,) = find_pairs(tmp_path).pairs
    assert (pair.image, pair.mask, pair.subset) == (image, mask, subset)


def test_a_mask_of_another_subset_is_no_partner(tmp_path: Path) -> None:
    put(tmp_path, "train/images/1.png", "train/masks/1.png", "train/images/2.png")
    put(tmp_path, "test/masks/2.png")
    inventory = find_pairs(tmp_path)
    assert [pair.stem for pair in inventory.pairs] == ["1"]
    assert inventory.images_without_mask == ("train/images/2.png",)
    assert inventory.masks_without_image == ("test/masks/2.png",)


def test_images_and_masks_side_by_side(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "x_mask.png", "deeper/y.JPG", "deeper/y_MASK.PNG")
    assert pairs_of(tmp_path) == [
        ("x", "x.jpg", "x_mask.png"),
        ("y", "deeper/y.JPG", "deeper/y_MASK.PNG"),
    ]


def test_masks_with_the_ending_in_a_folder_of_their_own(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "masks/x_mask.png", "images/y.jpg", "masks/y.png")
    assert pairs_of(tmp_path) == [
        ("x", "images/x.jpg", "masks/x_mask.png"),
        ("y", "images/y.jpg", "masks/y.png"),
    ]


def test_masks_with_the_ending_beside_a_folder_of_images(tmp_path: Path) -> None:
    put(tmp_path, "images/x.jpg", "x_mask.png")
    assert pairs_of(tmp_path) == [("x", "images/x.jpg", "x_mask.png")]


def test_upper_case_folders_and_suffixes(tmp_path: Path) -> None:
    put(
        tmp_path,
        "TRAIN/IMAGES/x.JPG",
        "TRAIN/MASKS/x.PNG",
        "Test/Image 2/x.TIFF",
        "Test/Mask/x.Png",
    )
    assert pairs_of(tmp_path) == [
        ("x", "TRAIN/IMAGES/x.JPG", "TRAIN/MASKS/x.PNG"),
        ("x", "Test/Image 2/x.TIFF", "Test/Mask/x.Png"),
    ]


def test_a_root_whose_own_path_speaks_of_masks_and_heads(tmp_path: Path) -> None:
    root = put(tmp_path / ".hidden" / "heads" / "masks", "images/x.png", "masks/x.png")
    assert pairs_of(root) == [("x", "images/x.png", "masks/x.png")]


def test_heads_are_no_masks_even_where_they_alone_hold_the_names(tmp_path: Path) -> None:
    put(tmp_path, f"{IMAGES_1}/x.png", f"{IMAGES_1}/y.png", f"{MASKS}/x.png")
    put(tmp_path, f"{HEADS}/x.png", f"{HEADS}/y.png", f"{HEADS}/z.png", f"{HEADS}/y_mask.png")
    inventory = find_pairs(tmp_path)
    assert inventory.pairs == (Pair("x", f"{IMAGES_1}/x.png", f"{MASKS}/x.png"),)
    assert inventory.images_without_mask == (f"{IMAGES_1}/y.png",)
    assert inventory.masks_without_image == ()


def test_heads_alone_make_no_data_set(tmp_path: Path) -> None:
    put(tmp_path, f"{IMAGES_1}/x.png", f"{HEADS}/x.png")
    with pytest.raises(DatasetNotFoundError, match="1 images and 0 masks, but no pair"):
        find_pairs(tmp_path)


def test_masks_below_heads_are_not_read_either(tmp_path: Path) -> None:
    put(tmp_path, "images/x.png", "Heads/masks/x.png")
    with pytest.raises(DatasetNotFoundError):
        find_pairs(tmp_path)


def test_names_pair_where_sorted_lists_would_not(tmp_path: Path) -> None:
    # With their suffixes the images sort 1-a, 1, 10, 2 and the masks 10, 1-a, 1, 3.
    put(tmp_path, "images/1.png", "images/10.png", "images/1-a.jpg", "images/2.png")
    put(tmp_path, "masks/1_mask.png", "masks/10.tif", "masks/1-a_mask.png", "masks/3.png")
    assert pairs_of(tmp_path) == [
        ("1", "images/1.png", "masks/1_mask.png"),
        ("1-a", "images/1-a.jpg", "masks/1-a_mask.png"),
        ("10", "images/10.png", "masks/10.tif"),
    ]


def test_the_order_of_writing_does_not_matter(tmp_path: Path) -> None:
    names = [f"{folder}/{stem}.png" for folder in ("images", "masks") for stem in "zbcay"]
    forward = put(tmp_path / "forward", *names)
    backward = put(tmp_path / "backward", *reversed(names))
    assert pairs_of(forward) == pairs_of(backward)
    assert [stem for stem, _, _ in pairs_of(forward)] == list("abcyz")


def test_orphans_are_known_by_name_on_both_sides(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "images/b.png", "images/d.png", "masks/b.png", "masks/c.png")
    inventory = find_pairs(tmp_path)
    assert inventory.pairs == (Pair("b", "images/b.png", "masks/b.png"),)
    assert inventory.images_without_mask == ("images/a.png", "images/d.png")
    assert inventory.masks_without_image == ("masks/c.png",)


def test_a_figure_outside_of_the_image_folders_is_no_photograph(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "masks/a.png", "teaser.png", "docs/figure.jpg")
    inventory = find_pairs(tmp_path)
    assert [pair.stem for pair in inventory.pairs] == ["a"]
    assert inventory.images_without_mask == ()


def test_a_figure_in_a_folder_of_images_hides_no_pairs_elsewhere(tmp_path: Path) -> None:
    put(tmp_path, "x.jpg", "x_mask.png", "y.jpg", "docs/images/figure.png")
    inventory = find_pairs(tmp_path)
    assert inventory.pairs == (Pair("x", "x.jpg", "x_mask.png"),)
    assert inventory.images_without_mask == ("docs/images/figure.png",)


def test_a_smaller_copy_outside_of_the_image_folders_is_no_second_photograph(
    tmp_path: Path,
) -> None:
    put(tmp_path, "images/x.jpg", "thumbnails/x.jpg", "masks/x.png")
    assert pairs_of(tmp_path) == [("x", "images/x.jpg", "masks/x.png")]


def test_files_that_are_no_images_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "masks/a.png", "images/Thumbs.db", "masks/b.txt", "images/b.txt")
    (tmp_path / "images" / "folder.png").mkdir()
    inventory = find_pairs(tmp_path)
    assert [pair.stem for pair in inventory.pairs] == ["a"]
    assert inventory.images_without_mask == inventory.masks_without_image == ()


def test_hidden_files_and_those_of_macos_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "masks/a.png")
    put(tmp_path, "images/._a.png", "masks/._a.png", ".trash/images/a.png", "images/.b.png")
    put(tmp_path, "__MACOSX/images/a.png", "__MACOSX/masks/a.png", "__MACOSX/images/c.png")
    inventory = find_pairs(tmp_path)
    assert inventory.pairs == (Pair("a", "images/a.png", "masks/a.png"),)
    assert inventory.images_without_mask == inventory.masks_without_image == ()


def test_the_same_archive_unzipped_twice_counts_once(tmp_path: Path) -> None:
    put(tmp_path, f"{IMAGES_1}/x.png", f"{MASKS}/x.png", f"{IMAGES_2}/y.png", f"{MASKS}/y.png")
    shutil.copytree(tmp_path / "Final-Dataset-Vol1", tmp_path / "Final-Dataset-Vol1 (1)")
    inventory = find_pairs(tmp_path)
    assert [pair.stem for pair in inventory.pairs] == ["x", "y"]
    assert inventory.images_without_mask == inventory.masks_without_image == ()


@pytest.mark.parametrize(
    ("partner", "first", "second"),
    [
        (f"{MASKS}/x.png", f"{IMAGES_1}/x.png", f"{IMAGES_2}/x.png"),
        ("masks/x.png", "images/x.jpg", "images/x.png"),
        ("images/x.png", "masks/x.bmp", "masks/x.png"),
        ("images/x.png", "copy/masks/x.png", "masks/x_mask.png"),
    ],
)
def test_two_different_files_of_one_name_are_refused_and_both_are_named(
    tmp_path: Path, partner: str, first: str, second: str
) -> None:
    put(tmp_path, partner, first, second)
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: {first} and {second} have the same name but differ, so it is not known "
        "which belongs to the mask; remove or rename one, or name the folders of two data sets "
        "apart, as data.root=[FOLDER,FOLDER]"
    )


NAME_IT = (
    "Name the folder that holds photographs and masks; train.py takes it as data.root=..., or "
    "trains on built-in photographs with data=synthetic"
)


def assert_says_what_to_do(message: str, root: Path) -> None:
    assert message.startswith(f"{root}: no data set here (")
    layouts = ("Final_Masks/Masks", "images/", "masks/", "labels/", "gt/", "{train,val,test}")
    for looked_for in (*layouts, "_lab/", "X_mask.png", "X.json", "COCO"):
        assert looked_for in message
    assert message.endswith(f". {NAME_IT}")


def test_a_missing_root_is_named_with_what_to_do(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(DatasetNotFoundError) as caught:
        find_pairs(gone)
    assert str(caught.value) == f"{gone}: no data set here (there is no such folder). {NAME_IT}"


def test_a_root_that_is_a_file_is_named(tmp_path: Path) -> None:
    put(tmp_path, "archive.zip")
    with pytest.raises(DatasetNotFoundError) as caught:
        find_pairs(tmp_path / "archive.zip")
    assert str(caught.value).endswith(f" (it is a file, not a folder). {NAME_IT}")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), "0 images and 0 masks, but no pair"),
        (("images/x.png", "images/y.png"), "2 images and 0 masks, but no pair"),
        (("images/x.png", "masks/y.png", "masks/z.png"), "1 images and 2 masks, but no pair"),
        (("train/images/x.png", "test/masks/x.png"), "1 images and 1 masks, but no pair"),
    ],
)
def test_without_a_single_pair_it_says_what_it_found(
    tmp_path: Path, names: tuple[str, ...], found: str
) -> None:
    put(tmp_path, *names)
    with pytest.raises(DatasetNotFoundError) as caught:
        find_pairs(tmp_path)
    assert found in str(caught.value)
    assert_says_what_to_do(str(caught.value), tmp_path)


def test_photographs_without_a_mask_are_crack_free_only_where_it_is_said(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "images/b.png", "masks/b.png", "masks/c.png", "figure.png")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.pairs == (
        Pair("a", "images/a.png", ""),
        Pair("b", "images/b.png", "masks/b.png"),
    )
    assert inventory.crack_free == ("images/a.png",)
    assert inventory.images_without_mask == ()
    assert inventory.masks_without_image == ("masks/c.png",)
    assert find_pairs(tmp_path).crack_free == ()


def test_a_data_set_without_any_mask_is_one_only_if_that_is_said(tmp_path: Path) -> None:
    put(tmp_path, "images/a.png", "images/b.png")
    with pytest.raises(DatasetNotFoundError, match="2 images and 0 masks, but no pair") as caught:
        find_pairs(tmp_path)
    assert_says_what_to_do(str(caught.value), tmp_path)
    assert (
        "but no pair). If the 2 images show no cracks, say data.without_mask=crack_free, or to "
        "crackseg data --without-mask crack_free. Looked for "
    ) in str(caught.value)
    assert len(find_pairs(tmp_path, "crack_free").crack_free) == 2


def test_several_roots_are_paired_one_by_one_and_joined(tmp_path: Path) -> None:
    one = put(tmp_path / "one", "images/x.jpg", "masks/x.png", "masks/lonely.png")
    two = put(tmp_path / "deep" / "two", "train_img/x.jpg", "train_lab/x.png", "train_img/a.jpg")
    expected = Inventory(
        root=tmp_path,
        pairs=(
            Pair("x", "deep/two/train_img/x.jpg", "deep/two/train_lab/x.png"),
            Pair("x", "one/images/x.jpg", "one/masks/x.png"),
        ),
        images_without_mask=("deep/two/train_img/a.jpg",),
        masks_without_image=("one/masks/lonely.png",),
    )
    assert find_pairs_below([one, two]) == find_pairs_below([two, one]) == expected
    assert find_pairs_below([one]) == find_pairs(one)


def test_relative_roots_have_a_relative_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, *(f"data/{root}/images/x.jpg" for root in "ab"))
    put(tmp_path, *(f"data/{root}/masks/x.png" for root in "ab"))
    monkeypatch.chdir(tmp_path)
    assert find_pairs_below([Path("data/a"), Path("data/b")]).root == Path("data")
    monkeypatch.chdir(tmp_path / "data" / "a")
    joined = find_pairs_below([Path("../a"), Path("../b")])
    assert joined.root == Path("..")
    assert [pair.image for pair in joined.pairs] == ["a/images/x.jpg", "b/images/x.jpg"]


def test_what_the_roots_are_called_decides_nothing_but_the_subset(tmp_path: Path) -> None:
    roots = [
        put(tmp_path / name, "x.jpg", "x_mask.png", "Heads/y_mask.png")
        for name in ("train", "masks", ".hidden")
    ]
    pairs = find_pairs_below(roots).pairs
    assert [(pair.image, pair.subset) for pair in pairs] == [
        (".hidden/x.jpg", ""),
        ("masks/x.jpg", ""),
        ("train/x.jpg", "train"),
    ]


@pytest.mark.parametrize("second", ["one", "one/images", "two/../one", "link"])
def test_roots_that_overlap_are_refused(tmp_path: Path, second: str) -> None:
    put(tmp_path, "one/images/x.jpg", "one/masks/x.png", "two/images/x.jpg", "two/masks/x.png")
    (tmp_path / "link").symlink_to(tmp_path / "one")
    for roots in ([tmp_path / "one", tmp_path / second], [tmp_path / second, tmp_path / "one"]):
        with pytest.raises(DatasetError, match=r"^data\.root: ") as caught:
            find_pairs_below(roots)
        assert all(str(root) in str(caught.value) for root in roots)
        assert str(caught.value).endswith("name each folder once")


def test_a_root_without_pairs_is_named(tmp_path: Path) -> None:
    one = put(tmp_path / "one", "images/x.jpg", "masks/x.png")
    two = put(tmp_path / "two", "images/x.jpg")
    with pytest.raises(DatasetNotFoundError) as caught:
        find_pairs_below([one, two])
    assert "1 images and 0 masks, but no pair" in str(caught.value)
    assert_says_what_to_do(str(caught.value), two)
    with pytest.raises(DatasetNotFoundError, match="there is no such folder"):
        find_pairs_below([one, tmp_path / "gone"])


def test_a_root_may_hold_crack_free_photographs_alone(tmp_path: Path) -> None:
    one = put(tmp_path / "one", "images/x.jpg", "masks/x.png")
    two = put(tmp_path / "two", "x.jpg")
    assert find_pairs_below([one, two], "crack_free").pairs == (
        Pair("x", "one/images/x.jpg", "one/masks/x.png"),
        Pair("x", "two/x.jpg", ""),
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DatasetNotFoundError, match="0 images and 0 masks") as caught:
        find_pairs_below([one, empty], "crack_free")
    assert_says_what_to_do(str(caught.value), empty)
    three = put(tmp_path / "three", "y.jpg")
    assert len(find_pairs_below([two, three], "crack_free").crack_free) == 2


def test_what_is_left_out_is_logged_by_count_and_name(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    orphans = tuple(f"images/{index}.png" for index in range(7))
    taken = (Pair("c", "images/c.png", ""), Pair("d", "images/d.png", "masks/d.png"))
    Inventory(Path(), taken, orphans, ("masks/m.png",), ("images/u.png",)).warn_of_left_out()
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    assert [record.getMessage() for record in caplog.records] == [
        "7 images without a mask, left out: images/0.png, images/1.png, images/2.png, "
        "images/3.png, images/4.png and 2 more",
        "1 images without a mask, taken as crack-free: images/c.png",
        "1 masks without an image, left out: masks/m.png",
        "1 unreadable files, left out with their pairs: images/u.png",
    ]


def test_nothing_is_logged_where_nothing_is_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    Inventory(Path(), (Pair("a", "images/a.png", "masks/a.png"),)).warn_of_left_out()
    assert caplog.records == []


def test_a_name_that_no_list_can_hold_is_refused(tmp_path: Path) -> None:
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "wall.png").touch()
    # One that is left out anyway.
    (tmp_path / "images" / os.fsdecode(b"stra\xdfe.png")).touch()
    assert len(find_pairs(tmp_path).pairs) == 1
    for folder in ("images", "masks"):
        (tmp_path / folder / os.fsdecode(b"br\xfccke.png")).touch()
    with pytest.raises(DatasetError) as caught:
        find_pairs(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: 2 names of files are not UTF-8, so that no list can name them: "
        "images/br\\udcfccke.png, masks/br\\udcfccke.png; rename them"
    )


def test_masks_that_are_numbered_from_another_number_are_told(tmp_path: Path) -> None:
    put(tmp_path, *(f"images/img_{n}.jpg" for n in (1, 2, 3, 4)))
    put(tmp_path, *(f"masks/img_{n}.png" for n in (0, 1, 2, 3)))
    inventory = find_pairs(tmp_path)
    assert len(inventory.pairs) == 3
    [note] = inventory.notes
    assert note.startswith("photographs are numbered from 1 to 4 and masks from 0 to 3, as where")
    (tmp_path / "images/img_7.jpg").touch()
    (tmp_path / "masks/img_7.png").touch()
    assert find_pairs(tmp_path).notes == ()


def test_files_of_one_name_in_many_folders_are_not_compared_each_with_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    compare = filecmp.cmp
    monkeypatch.setattr(
        filecmp, "cmp", lambda *of, **how: compared.append(of) or compare(*of, **how)
    )
    for number in range(100, 200):
        put(tmp_path, f"s{number}/image.jpg", f"s{number}/mask.png")
    put(tmp_path, "copy/s100/image.jpg", "copy/s100/mask.png")
    for name in ("image.jpg", "mask.png"):
        shutil.copy(tmp_path / "s100" / name, tmp_path / "copy/s100" / name)
    assert len(find_pairs(tmp_path).pairs) == 100
    assert len(compared) < 10
