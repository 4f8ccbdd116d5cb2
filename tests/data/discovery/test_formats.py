"""Annotation formats and layouts that annotators leave are read, or named as not understood."""

import base64
import io
import json
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.discovery.pairs import Inventory, find_pairs, find_pairs_below
from crackseg.errors import DatasetError, DatasetNotFoundError, UnreadableImageError

SIZE = (20, 30)


def photograph(path: Path, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(60, 200, (*SIZE, 3), dtype=np.uint8)
    return picture(path, pixels)


def picture(path: Path, pixels: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def bar() -> np.ndarray:
    """A mask with a crack in the rows 5 to 9 and the columns 10 to 24."""
    mask = np.zeros(SIZE, np.uint8)
    mask[5:10, 10:25] = 255
    return mask


def assert_bar(inventory: Inventory) -> None:
    """Each pair's truth is the crack of :func:`bar`."""
    for pair in inventory.pairs:
        assert np.array_equal(read_truth(inventory.root, pair.mask, SIZE) > 0, bar() > 0), pair


def images(inventory: Inventory) -> list[str]:
    return [pair.image for pair in inventory.pairs]


def test_gif_masks(tmp_path: Path) -> None:
    photograph(tmp_path / "images/x.jpg")
    picture(tmp_path / "masks/x_mask.gif", bar())
    photograph(tmp_path / "y.jpg")
    inventory = find_pairs(tmp_path)
    assert images(inventory) == ["images/x.jpg"]
    assert_bar(inventory)


def put_yolo(root: Path, names: str = "names: ['crack', 'stain']\n") -> None:
    for subset in ("train", "valid"):
        photograph(root / subset / "images/x.jpg")
        labels = root / subset / "labels"
        labels.mkdir()
        corners = "0.333333 0.25 0.833333 0.25 0.833333 0.5 0.333333 0.5"
        (labels / "x.txt").write_text(f"0 {corners}\n1 0 0 0.1 0 0.1 0.1\n")
    photograph(root / "train/images/empty.jpg", 1)
    (root / "train/labels/empty.txt").write_text("")
    (root / "data.yaml").write_text(f"train: ../train/images\n{names}")
    (root / "README.txt").write_text("a data set\n")


def test_yolo_segments_with_the_names_of_their_classes(tmp_path: Path) -> None:
    put_yolo(tmp_path)
    inventory = find_pairs(tmp_path, "crack_free")
    assert [pair.mask for pair in inventory.pairs] == [
        "train/labels/empty.txt",
        "train/labels/x.txt",
        "valid/labels/x.txt",
    ]
    assert inventory.crack_labels == {"crack"}
    assert inventory.said_labels == (
        "labels that count as crack: crack; all else is background: stain (data.crack_labels says "
        "otherwise)"
    )
    assert not read_truth(tmp_path, "train/labels/empty.txt", SIZE).any()
    assert np.array_equal(read_truth(tmp_path, "train/labels/x.txt", SIZE), bar())


def test_yolo_segments_whose_classes_have_no_names_are_asked_about(tmp_path: Path) -> None:
    put_yolo(tmp_path, "")
    with pytest.raises(DatasetError, match=r"none of its 2 labels .*\(class 0, class 1\)"):
        find_pairs(tmp_path)
    inventory = find_pairs(tmp_path, "leave_out", ["class 0"])
    assert inventory.pairs[1].mask == "train/labels/x.txt?class 0"
    assert np.array_equal(read_truth(tmp_path, inventory.pairs[1].mask, SIZE), bar())


def test_yolo_boxes_are_no_cracks_that_can_be_drawn(tmp_path: Path) -> None:
    photograph(tmp_path / "images/x.jpg")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/x.txt").write_text("0 0.5 0.5 0.1 0.1\n")
    (tmp_path / "classes.txt").write_text("crack\n")
    with pytest.raises(Exception, match=r"line 1 \(crack\) cannot be drawn: it is a box, and has"):
        read_truth(tmp_path, find_pairs(tmp_path).pairs[0].mask, SIZE)


def test_a_mask_comes_before_yolo_segments_of_its_photograph(tmp_path: Path) -> None:
    put_yolo(tmp_path)
    picture(tmp_path / "train/masks/x.png", bar())
    assert "train/masks/x.png" in [pair.mask for pair in find_pairs(tmp_path).pairs]


def put_supervisely(root: Path, *objects: dict) -> None:
    photograph(root / "ds0/img/x.jpg")
    (root / "ds0/ann").mkdir()
    (root / "meta.json").write_text('{"classes": [{"title": "crack"}], "tags": []}')
    document = {"size": {"height": SIZE[0], "width": SIZE[1]}, "objects": list(objects), "tags": []}
    (root / "ds0/ann/x.jpg.json").write_text(json.dumps(document))


def bitmap() -> dict:
    file = io.BytesIO()
    Image.fromarray(np.full((5, 15), 255, np.uint8)).convert("1").save(file, "PNG")
    data = base64.b64encode(zlib.compress(file.getvalue())).decode()
    return {"geometryType": "bitmap", "bitmap": {"data": data, "origin": [10, 5]}}


def exterior(kind: str, corners: list[list[int]], *holes: list[list[int]]) -> dict:
    return {"geometryType": kind, "points": {"exterior": corners, "interior": list(holes)}}


@pytest.mark.parametrize(
    "shape",
    [
        bitmap(),
        exterior("polygon", [[10, 5], [25, 5], [25, 10], [10, 10]]),
        exterior("rectangle", [[10, 5], [25, 10]]),
        exterior(
            "polygon",
            [[10, 5], [25, 5], [25, 15], [10, 15]],
            [[10, 10], [25, 10], [25, 15], [10, 15]],
        ),
    ],
)
def test_supervisely(tmp_path: Path, shape: dict) -> None:
    put_supervisely(tmp_path, {**shape, "classTitle": "crack"}, {**bitmap(), "classTitle": "stain"})
    inventory = find_pairs(tmp_path)
    assert [pair.mask for pair in inventory.pairs] == ["ds0/ann/x.jpg.json"]
    assert_bar(inventory)


def test_pascal_vocs_folders_with_a_map_of_labels(tmp_path: Path) -> None:
    photograph(tmp_path / "JPEGImages/x.jpg")
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[bar() > 0] = (0, 0, 90)
    colours[:2] = (200, 200, 200)
    picture(tmp_path / "SegmentationClass/x.png", colours)
    picture(tmp_path / "SegmentationObject/x.png", colours)
    lines = ["# label:color_rgb:parts:actions", "background:0,0,0::", "crack:0,0,90::"]
    (tmp_path / "labelmap.txt").write_text("\n".join([*lines, "stain:200,200,200::"]))
    inventory = find_pairs(tmp_path)
    assert [pair.mask for pair in inventory.pairs] == ["SegmentationClass/x.png?crack"]
    assert_bar(inventory)


def test_nnunets_folders(tmp_path: Path) -> None:
    for channel in range(3):
        photograph(tmp_path / f"imagesTr/x_{channel:04}.png", channel)
    picture(tmp_path / "labelsTr/x.png", bar() // 255)
    photograph(tmp_path / "imagesTs/y_0000.png", 7)
    picture(tmp_path / "labelsTs/y.png", bar() // 255)
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "crack": 1}}')
    inventory = find_pairs(tmp_path, "crack_free")
    assert images(inventory) == ["imagesTr/x_0000.png", "imagesTs/y_0000.png"]
    assert [pair.mask for pair in inventory.pairs] == [
        "labelsTr/x.png?crack",
        "labelsTs/y.png?crack",
    ]
    assert [pair.subset for pair in inventory.pairs] == ["train", "test"]
    assert_bar(inventory)
    assert inventory.notes[0].startswith("2 further channels of photographs, left out")


@pytest.mark.parametrize(
    ("image", "mask"),
    [
        ("image_7.png", "mask_7.png"),
        ("img7.jpg", "mask7.png"),
        ("7/image.png", "7/mask.png"),
        ("Image_7.jpg", "Mask_7.png"),
        ("IMG_0007.JPG", "mask_0007.png"),
        ("images/image_7.jpg", "masks/mask_7.png"),
        ("JPEGImages/x.jpg", "SegmentationClassPNG/x.png"),
    ],
)
def test_masks_with_another_word_in_the_place_of_the_photographs(
    tmp_path: Path, image: str, mask: str
) -> None:
    for folder in ("a", "b"):
        photograph(tmp_path / folder / image, ord(folder))
        picture(tmp_path / folder / mask, bar())
    inventory = find_pairs(tmp_path, "crack_free")
    assert {(pair.image, pair.mask) for pair in inventory.pairs} == {
        (f"{folder}/{image}", f"{folder}/{mask}") for folder in ("a", "b")
    }
    assert_bar(inventory)


@pytest.mark.parametrize("archive", ["masks.zip", "masks/part1.rar", "crack_labels.tar.gz"])
def test_photographs_beside_masks_that_were_not_unpacked_are_not_crack_free(
    tmp_path: Path, archive: str
) -> None:
    photograph(tmp_path / "images/x.jpg")
    (tmp_path / archive).parent.mkdir(exist_ok=True)
    (tmp_path / archive).write_bytes(b"packed")
    with pytest.raises(DatasetNotFoundError, match=rf"never taken as crack-free: {archive}"):
        find_pairs(tmp_path, "crack_free")


def test_an_archive_that_was_unpacked_says_nothing_of_other_photographs(tmp_path: Path) -> None:
    for name in "xyz":
        photograph(tmp_path / f"images/{name}.jpg", ord(name))
    picture(tmp_path / "masks/x.png", bar())
    (tmp_path / "masks.zip").write_bytes(b"packed")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.crack_free == ("images/y.jpg", "images/z.jpg")
    assert not inventory.not_understood


def test_a_list_of_classes_is_no_annotation_of_a_photograph_of_that_kind(tmp_path: Path) -> None:
    for name in ("image.jpg", "image2.jpg"):
        photograph(tmp_path / name, len(name))
    picture(tmp_path / "image2_mask.png", bar())
    (tmp_path / "labels.txt").write_text("background\ncrack\n")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.crack_free == ("image.jpg",)


@pytest.mark.parametrize("value", [2, 255])
def test_numbers_that_nnunets_list_does_not_name_are_not_background(
    tmp_path: Path, value: int
) -> None:
    photograph(tmp_path / "imagesTr/x_0000.png")
    picture(tmp_path / "labelsTr/x.png", bar() // 255 * np.uint8(value))
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "crack": 1}}')
    [pair] = find_pairs(tmp_path).pairs
    told = rf"75 of its pixels hold {value}, which dataset\.json does not name"
    with pytest.raises(UnreadableImageError, match=told):
        read_truth(tmp_path, pair.mask, SIZE)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_colours_that_a_map_of_labels_does_not_name_are_not_background(
    tmp_path: Path, ending: str
) -> None:
    photograph(tmp_path / "JPEGImages/x.jpg")
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[bar() > 0] = (255, 255, 255) if ending == "png" else (128, 0, 0)
    picture(tmp_path / f"SegmentationClass/x.{ending}", colours)
    (tmp_path / "labelmap.txt").write_text("background:0,0,0::\ncrack:128,0,0::\n")
    [pair] = find_pairs(tmp_path).pairs
    with pytest.raises(UnreadableImageError, match=r"hold #.*which labelmap\.txt does not name"):
        read_truth(tmp_path, pair.mask, SIZE)


def test_black_and_the_colour_of_rims_need_no_name(tmp_path: Path) -> None:
    photograph(tmp_path / "JPEGImages/x.jpg")
    colours = np.zeros((*SIZE, 3), np.uint8)
    colours[bar() > 0] = (128, 0, 0)
    colours[:2] = (224, 224, 192)
    picture(tmp_path / "SegmentationClass/x.png", colours)
    (tmp_path / "labelmap.txt").write_text("crack:128,0,0::\n")
    assert_bar(find_pairs(tmp_path))


@pytest.mark.parametrize("named", ["numbers", "colours"])
def test_pictures_of_classes_are_turned_as_their_photographs_are(
    tmp_path: Path, named: str
) -> None:
    """Masks are, and pictures of classes were not."""
    folder = tmp_path / {"numbers": "labelsTr", "colours": "SegmentationClass"}[named]
    folder.mkdir()
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "crack": 1}}')
    (tmp_path / "labelmap.txt").write_text("crack:128,0,0::\n")
    classes = Image.fromarray(np.rot90(bar() // 255))
    classes.putpalette([0, 0, 0, 128, 0, 0])
    exif = Image.Exif()
    exif[274] = 6
    classes.save(folder / "x.png", exif=exif)
    truth = f"{folder.name}/x.png?crack"
    assert np.array_equal(read_truth(tmp_path, truth, SIZE), bar())


def test_a_picture_of_classes_of_several_pages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "labelsTr").mkdir()
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "crack": 1}}')
    page = Image.fromarray(bar() // 255)
    page.save(tmp_path / "labelsTr/x.tif", save_all=True, append_images=[page])
    with pytest.raises(UnreadableImageError, match=r"x\.tif: .*pages"):
        read_truth(tmp_path, "labelsTr/x.tif?crack", SIZE)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_numbers_of_classes_are_read_at_every_depth(
    tmp_path: Path, dtype: type[np.generic], suffix: str
) -> None:
    (tmp_path / "labelsTr").mkdir()
    (tmp_path / "dataset.json").write_text('{"labels": {"background": 0, "crack": 3}}')
    Image.fromarray((bar() // 85).astype(dtype)).save(tmp_path / f"labelsTr/x.{suffix}")
    assert np.array_equal(read_truth(tmp_path, f"labelsTr/x.{suffix}?crack", SIZE), bar())


@pytest.mark.parametrize("value", ["Infinity", "1e400", "1.5", "null", "{}", "true", '"one"'])
def test_a_class_whose_number_is_none_is_refused(tmp_path: Path, value: str) -> None:
    photograph(tmp_path / "imagesTr/x_0000.png")
    picture(tmp_path / "labelsTr/x.png", bar() // 255)
    (tmp_path / "dataset.json").write_text(f'{{"labels": {{"background": 0, "crack": {value}}}}}')
    with pytest.raises(DatasetError, match=r"dataset\.json: cannot be read as names of classes"):
        find_pairs(tmp_path)


def test_regions_of_nnunet_are_refused_by_their_name(tmp_path: Path) -> None:
    photograph(tmp_path / "imagesTr/x_0000.png")
    picture(tmp_path / "labelsTr/x.png", bar() // 255)
    labels = '{"background": 0, "all": [1, 2], "crack": [2]}'
    (tmp_path / "dataset.json").write_text(f'{{"labels": {labels}}}')
    with pytest.raises(DatasetError, match=r"dataset\.json: all, crack: regions of several"):
        find_pairs(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("x_label.png", "x_gt.PNG", "x_segmentation.png", "x.jpg.png", "x_seg.png"),
        *("x.jpg_label.png", "x.jpg_mask.png", "x_mask.jpg.png"),
    ],
)
def test_endings_of_masks(tmp_path: Path, name: str) -> None:
    photograph(tmp_path / "images/x.jpg")
    picture(tmp_path / "masks" / name, bar())
    assert [pair.mask for pair in find_pairs(tmp_path).pairs] == [f"masks/{name}"]


def test_endings_of_masks_beside_their_photographs(tmp_path: Path) -> None:
    photograph(tmp_path / "x.jpg")
    photograph(tmp_path / "shop_label.jpg", 1)
    picture(tmp_path / "x_gt.png", bar())
    assert [tuple(pair) for pair in find_pairs(tmp_path, "crack_free").pairs] == [
        ("shop_label", "shop_label.jpg", ""),
        ("x", "x.jpg", "x_gt.png"),
    ]


def test_names_that_differ_by_more_than_an_ending_are_shown(tmp_path: Path) -> None:
    photograph(tmp_path / "images/001.jpg")
    picture(tmp_path / "masks/0001.png", bar())
    for without_mask in ("leave_out", "crack_free"):
        with pytest.raises(DatasetNotFoundError) as caught:
            find_pairs(tmp_path, without_mask)
        assert "One of the photographs is images/001.jpg, one of the masks masks/0001.png" in str(
            caught.value
        )
        assert "_mask, _label, _labels, _gt" in str(caught.value)
        assert "crack_free" not in str(caught.value)


def test_what_a_folder_without_pairs_holds_is_said_before_what_it_could_hold(
    tmp_path: Path,
) -> None:
    """Else it is lost behind the list of all layouts."""
    photograph(tmp_path / "Bilder/1.jpg")
    picture(tmp_path / "Masken/1.png", bar())
    with pytest.raises(DatasetNotFoundError) as caught:
        find_pairs(tmp_path)
    said = str(caught.value)
    assert said.index("1 images and 0 masks") < said.index("Name their folder masks")
    assert said.index("Name their folder masks") < said.index("1 files may hold")
    assert "Looked for" not in said


def test_a_picture_of_two_values_beside_a_photograph_is_its_mask(tmp_path: Path) -> None:
    for number in range(2):
        photograph(tmp_path / f"crop/{number}.jpg", number)
        picture(tmp_path / f"crop/{number}.png", bar())
    photograph(tmp_path / "crop/2.jpg", 2)
    picture(tmp_path / "crop/2.gif", bar())
    inventory = find_pairs(tmp_path)
    assert [pair.mask for pair in inventory.pairs] == ["crop/0.png", "crop/1.png", "crop/2.gif"]
    assert inventory.notes == (
        "3 pictures of a few values that stand beside a photograph of their name are taken as its "
        "mask, as crop/0.png",
    )


def test_two_photographs_of_one_name_in_one_folder_are_refused(tmp_path: Path) -> None:
    photograph(tmp_path / "x.jpg", 1)
    photograph(tmp_path / "x.png", 2)
    with pytest.raises(DatasetError, match=r"x\.jpg and x\.png have the same name.*write _mask"):
        find_pairs(tmp_path)


def test_images_and_masks_of_one_folder_belong_together(tmp_path: Path) -> None:
    for number, site in enumerate(("bridge_A", "bridge_B")):
        photograph(tmp_path / site / "images/IMG_1.JPG", number)
        picture(tmp_path / site / "masks/IMG_1.png", np.roll(bar(), number, 0))
    photograph(tmp_path / "bridge_C/images/IMG_1.JPG", 2)
    inventory = find_pairs(tmp_path)
    assert [(pair.image, pair.mask) for pair in inventory.pairs] == [
        (f"{site}/images/IMG_1.JPG", f"{site}/masks/IMG_1.png") for site in ("bridge_A", "bridge_B")
    ]
    assert inventory.images_without_mask == ("bridge_C/images/IMG_1.JPG",)


def test_photographs_without_a_mask_may_share_a_name(tmp_path: Path) -> None:
    photograph(tmp_path / "north/1.jpg", 0)
    photograph(tmp_path / "south/1.jpg", 1)
    assert len(find_pairs(tmp_path, "crack_free").pairs) == 2


def test_names_are_compared_with_their_letters_composed(tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "Brücke_Süd")
    apart = unicodedata.normalize("NFD", composed)
    photograph(tmp_path / f"images/{composed}.jpg")
    picture(tmp_path / f"masks/{apart}.png", bar())
    assert_bar(find_pairs(tmp_path))
    (tmp_path / f"masks/{apart}.png").unlink()
    put_listing(tmp_path, f"{apart}.jpg")
    assert_bar(find_pairs(tmp_path))


def put_listing(root: Path, *file_names: str) -> None:
    document = {
        "images": [{"id": n, "file_name": name} for n, name in enumerate(file_names)],
        "categories": [{"id": 1, "name": "crack"}],
        "annotations": [
            {
                "id": n,
                "image_id": n,
                "category_id": 1,
                "segmentation": [[10, 5, 25, 5, 25, 10, 10, 10]],
            }
            for n in range(len(file_names))
        ],
    }
    (root / "result.json").write_text(json.dumps(document))


@pytest.mark.parametrize(
    "listed",
    [
        "images\\1/x y.jpg",
        "..\\..\\label-studio\\media\\upload\\4\\x y.jpg",
        "images/x%20y.jpg",
        "D:\\photos\\x%20y.jpg",
        "south/x y.jpg",
    ],
)
def test_file_names_of_exports(tmp_path: Path, listed: str) -> None:
    photograph(tmp_path / "images/x y.jpg")
    put_listing(tmp_path, listed)
    inventory = find_pairs(tmp_path)
    assert images(inventory) == ["images/x y.jpg"]
    assert_bar(inventory)


def test_a_last_part_that_several_entries_have_is_no_name(tmp_path: Path) -> None:
    photograph(tmp_path / "images/x.jpg")
    put_listing(tmp_path, "north/x.jpg", "south/x.jpg")
    with pytest.raises(DatasetNotFoundError, match=r"one of the masks result\.json#north/x\.jpg"):
        find_pairs(tmp_path)


def test_file_names_found_by_their_last_part_are_said(tmp_path: Path) -> None:
    photograph(tmp_path / "images/x.jpg")
    put_listing(tmp_path, "south/x.jpg")
    assert find_pairs(tmp_path).notes == (
        "1 file names in result.json were found by their last part alone, as south/x.jpg: "
        "images/x.jpg",
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("via_region_data.json", '{"x.jpg1234": {"filename": "x.jpg", "regions": []}}'),
        ("annotations.xml", '<annotations><image id="0" name="x.jpg"/></annotations>'),
        ("project-1.json", '[{"data": {"image": "/data/upload/1/x.jpg"}}]'),
        ("notes/train.csv", "filename,crack\nimages/x.jpg,1\n"),
        ("list.txt", "images/x.jpg 1\n"),
        ("shapes.geojson", '{"name": "X.JPG"}'),
        ("groundTruth/x.mat", "?"),
        ("all.npz", "?"),
        ("Annotations/x.xml", "<annotation/>"),
        ("labels/x.txt", "crack at the left\n"),
        ("images/x.jpg.json", '{"regions": []}'),
        ("masks/x.ppm", "?"),
        ("masks/x.psd", "?"),
    ],
)
def test_a_photograph_whose_annotations_are_not_understood_is_not_crack_free(
    tmp_path: Path, name: str, content: str
) -> None:
    photograph(tmp_path / "images/x.jpg")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    for without_mask in ("leave_out", "crack_free"):
        with pytest.raises(DatasetNotFoundError) as caught:
            find_pairs(tmp_path, without_mask)
        message = str(caught.value)
        assert "1 files may hold the annotations of 1 photographs without a mask and are not" in (
            message
        )
        assert f": {name}. Read are mask pictures (PNG" in message
        assert "COCO's annotations.json" in message
        assert "without_mask" not in message


def test_photographs_without_annotation_are_crack_free_where_that_is_said(tmp_path: Path) -> None:
    photograph(tmp_path / "images/x.jpg")
    photograph(tmp_path / "images/y.jpg", 1)
    (tmp_path / "images/x.xml").write_text("<annotation/>")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.crack_free == ("images/y.jpg",)
    assert inventory.images_without_mask == ("images/x.jpg",)
    assert inventory.remarks[0].startswith("1 files may hold the annotations of 1 photographs")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("images/x.xmp", "?"),
        ("images/x.jpg.aux.xml", "?"),
        ("x.md", "x.jpg"),
        ("train.txt", "images/x.jpg\n"),
        ("exclude.csv", "image,reason\nimages/x.jpg,blurred\n"),
        ("licences.json", "{}"),
    ],
)
def test_files_about_something_else_leave_a_photograph_crack_free(
    tmp_path: Path, name: str, content: str
) -> None:
    photograph(tmp_path / "images/x.jpg")
    (tmp_path / name).write_text(content)
    assert find_pairs(tmp_path, "crack_free").crack_free == ("images/x.jpg",)


def test_links_in_circles_and_to_nowhere_are_left_out_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photograph(tmp_path / "x.jpg")
    picture(tmp_path / "x_mask.png", bar())
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "l_mask.png").symlink_to("l_mask.png")
    assert images(find_pairs(tmp_path)) == ["x.jpg"]
    assert "links that lead nowhere or in a circle, left out: l_mask.png, round" in caplog.text


def test_labels_that_the_user_names_are_cracks_in_every_root(tmp_path: Path) -> None:
    for root, label in (("one", "fissure"), ("two", "joint")):
        photograph(tmp_path / root / "x.jpg")
        shape = {"label": label, "points": [[10, 5], [25, 5], [25, 10], [10, 10]]}
        stain = {"label": "stain", "points": [[1, 1], [9, 1], [9, 9]]}
        (tmp_path / root / "x.json").write_text(json.dumps({"shapes": [shape, stain]}))
    roots = [tmp_path / "one", tmp_path / "two"]
    inventory = find_pairs_below(roots, "leave_out", ["fissure", "joint"])
    assert [pair.mask for pair in inventory.pairs] == ["one/x.json?fissure", "two/x.json?joint"]
    assert inventory.said_labels.startswith("labels that count as crack: fissure, joint; all else")
    assert_bar(inventory)
    with pytest.raises(DatasetError, match=r"^data\.crack_labels: .* has the label rift; the"):
        find_pairs_below(roots, "leave_out", ["fissure", "joint", "rift"])


def test_a_category_of_cracks_that_nothing_bears_is_asked_about(tmp_path: Path) -> None:
    photograph(tmp_path / "x.jpg")
    put_listing(tmp_path, "x.jpg")
    document = json.loads((tmp_path / "result.json").read_text())
    document["categories"] = [{"id": 0, "name": "cracks"}, {"id": 1, "name": "fissure"}]
    (tmp_path / "result.json").write_text(json.dumps(document))
    with pytest.raises(DatasetError, match=r"no annotation bears the label cracks, and all bear"):
        find_pairs(tmp_path, "crack_free")
    assert_bar(find_pairs(tmp_path, "leave_out", ["fissure"]))
