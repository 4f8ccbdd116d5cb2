"""Photographs are crack-free only where nothing may hold their annotations."""

import json
import re
from pathlib import Path, PurePath

import pytest

from crackseg.data.discovery.listing import Listing
from crackseg.data.discovery.pairs import Inventory, find_pairs
from crackseg.data.discovery.unknown_files import find_unknown
from crackseg.errors import DatasetError, DatasetNotFoundError
from crackseg.images.heic import HAS_DECODER
from tests.helpers.data_sets import save_mask, save_photograph

SIZE = (20, 30)
PICTURE = "a picture"
PHOTOGRAPHS = ("images/0.jpg", "images/1.jpg")
NAMES = [json.dumps({"source-ref": f"s3://b/{number}.jpg"}) for number in range(2)]


def put(root: Path, photographs: tuple[str, ...], files: dict[str, str]) -> None:
    for name in photographs:
        save_photograph(root / name)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if content == PICTURE:
            save_photograph(root / name)
        else:
            (root / name).write_text(content)


def crack_free(root: Path) -> tuple[str, ...]:
    return find_pairs(root, "crack_free").crack_free


def of_each(form: str) -> dict[str, str]:
    """Files with the names of both photographs."""
    return {form.format(number): "{}" for number in range(2)}


@pytest.mark.parametrize(
    "form",
    [
        *("images/{}.zip", "images/{}_RoiSet.zip", "images/{}_cracks.csv", "images/{}.svg"),
        *("ann/{}.jpg___objects.json", "pts/{}-points.txt", "images/{}.jpg.lines.json"),
        *("masks/{}.avif", "masks/{}.rst", "masks/{}.mp4", "masks/{}.dng", "masks/{}.url"),
        *("masks/.{}.png.icloud", "masks/{}.png.cloudf", "SegmentationObject/{}.png"),
    ],
)
def test_files_with_the_names_of_photographs(tmp_path: Path, form: str) -> None:
    put(tmp_path, PHOTOGRAPHS, of_each(form))
    with pytest.raises(DatasetNotFoundError, match=r"2 files may hold the annotations of 2 photo"):
        find_pairs(tmp_path, "crack_free")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        # Lists and containers.
        ("output.manifest", "\n".join(NAMES)),
        *((f"train.{kind}", "?") for kind in ("record", "tfrecord", "pkl", "npz", "sqlite")),
        *((f"cracks.{kind}", "?") for kind in ("shp", "gpkg", "kml", "geojson", "dxf")),
        *((f"annotations.{kind}", "?") for kind in ("xlsx", "gsheet", "pdf")),
        *(("labels.docx", "?"), ("annotations", "?"), (".annotations.json", "{}")),
        ("export/annotations.pkl", "?"),
        ("video.xml", '<annotations><track><polygon frame="0"/></track></annotations>'),
        ("kili.json", '[{"externalId": "0", "jsonResponse": {"annotations": []}}]'),
        ("min.json", '[{"image": "/data/upload/1/abcd1234-0.jpg", "tag": [{"format": "rle"}]}]'),
        ("results.json", '[{"image_id": 1, "segmentation": {"counts": "x"}}]'),
        ("data.json", '{"0": {"lines": []}, "1": {"lines": []}}'),
        ("train.csv", "image_id,crack\n0,1\n1,0\n"),
        ("train.csv", "filename,subset,crack\n0.jpg,train,1\n1.jpg,train,1\n"),
        # Archives of a folder of masks, and what stands for one.
        *((f"{stem}.zip", "?") for stem in ("SegmentationClass", "ground_truth", "RoiSet", "ann")),
        *((f"{stem}.rar", "?") for stem in ("groundTruth", "Ground Truth (binary)", "crackMasks")),
        *((f"masks.{kind}", "?") for kind in ("tar.bz2", "tar.xz", "tar.zst", "zip.001", "z01")),
        *((f"masks.{kind}", "?") for kind in ("zip.crdownload", "dvc", "lnk", "url", "mp4")),
        *(("masks - Shortcut.lnk", "?"), ("truth/masks.zip", "?"), ("gtFine_trainval.zip", "?")),
        # Pictures that are nobody's.
        ("project-1-at-2024/task-1-annotation-1-by-1-tag-crack-0.png", PICTURE),
        ("masks.tif", PICTURE),
        ("cracks/0.png", PICTURE),
    ],
)
def test_what_may_hold_the_annotations_of_photographs(
    tmp_path: Path, name: str, content: str
) -> None:
    put(tmp_path, PHOTOGRAPHS, {name: content})
    with pytest.raises(DatasetNotFoundError, match=re.escape(name)):
        find_pairs(tmp_path, "crack_free")


def test_a_table_of_some_photographs_says_nothing_of_the_others(tmp_path: Path) -> None:
    put(tmp_path, PHOTOGRAPHS, {"x.json": '[{"image": "/upload/1/abcd1234-0.jpg", "n": 3}]'})
    assert crack_free(tmp_path) == ("images/1.jpg",)


@pytest.mark.parametrize("name", ["masks", ".masks", "crack labels", "annotations/GT"])
def test_empty_hidden_and_lost_folders_of_masks(tmp_path: Path, name: str) -> None:
    put(tmp_path, PHOTOGRAPHS, {})
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(DatasetNotFoundError, match="of 2 photographs without a mask"):
        find_pairs(tmp_path, "crack_free")
    (tmp_path / name).rmdir()
    (tmp_path / name).symlink_to("/nowhere/at/all")
    with pytest.raises(DatasetNotFoundError, match="of 2 photographs without a mask"):
        find_pairs(tmp_path, "crack_free")


def test_superannotates_pictures_beside_photographs_are_no_photographs(tmp_path: Path) -> None:
    put(tmp_path, PHOTOGRAPHS, dict.fromkeys(of_each("images/{}.jpg___fuse.png"), PICTURE))
    with pytest.raises(DatasetNotFoundError, match=r"crack-free: images/0\.jpg___fuse\.png"):
        find_pairs(tmp_path, "crack_free")


def test_cityscapes_pairs_photographs_with_label_ids(tmp_path: Path) -> None:
    for subset in ("train", "val"):
        start = f"{subset}/bonn/bonn_0"
        save_photograph(tmp_path / f"leftImg8bit/{start}_leftImg8bit.png")
        save_mask(tmp_path / f"gtFine/{start}_gtFine_labelIds.png")
        save_photograph(tmp_path / f"gtFine/{start}_gtFine_color.png")
        (tmp_path / f"gtFine/{start}_gtFine_polygons.json").write_text("{}")
    inventory = find_pairs(tmp_path, "crack_free")
    assert [(pair.image, pair.mask, pair.subset) for pair in inventory.pairs] == [
        (
            f"leftImg8bit/{subset}/bonn/bonn_0_leftImg8bit.png",
            f"gtFine/{subset}/bonn/bonn_0_gtFine_labelIds.png",
            subset,
        )
        for subset in ("train", "val")
    ]


def test_photographs_near_masks_that_fit_none_of_them_are_not_crack_free(
    tmp_path: Path,
) -> None:
    put(tmp_path, ("a/images/0.jpg", "b/images/0.jpg"), {})
    save_mask(tmp_path / "a/masks/0.png")
    save_mask(tmp_path / "b/masks/00000.png")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.crack_free == ()
    assert inventory.not_understood == {"b/masks/00000.png": 1}


def test_pictures_in_no_known_folder_are_counted_and_named(tmp_path: Path) -> None:
    put(tmp_path, PHOTOGRAPHS, {"teaser.png": PICTURE, "docs/x.png": PICTURE})
    inventory = find_pairs(tmp_path, "crack_free")
    assert len(inventory.crack_free) == 2
    assert inventory.notes == (
        "2 pictures lie outside of the folders for photographs and masks, left out: docs/x.png, "
        "teaser.png",
    )


def test_photographs_without_a_mask_among_others_are_crack_free(tmp_path: Path) -> None:
    put(tmp_path, PHOTOGRAPHS, {"masks/Thumbs.db": "?", "masks.zip": "?", "small/0.jpg": PICTURE})
    save_mask(tmp_path / "masks/0.png")
    assert crack_free(tmp_path) == ("images/1.jpg",)
    (tmp_path / "masks/1.avif").write_text("?")
    assert crack_free(tmp_path) == ()


def plain(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "?")


DIGEST = "d41d8cd98f00b204e9800998ecf8427e"


@pytest.mark.parametrize(
    ("photographs", "files"),
    [
        pytest.param(
            ("DCIM/100/IMG_1.JPG", "DCIM/100/IMG_2.JPG"),
            plain(
                *("DCIM/100/IMG_1.AAE", "DCIM/100/IMG_1.MP4", "DCIM/100/IMG_1.xmp"),
                *("DCIM/100/IMG_1.HEIC", "DCIM/100/._IMG_1.JPG", "DCIM/.thumbnails/1.jpg"),
            ),
            id="phone",
        ),
        pytest.param(
            ("DJI_0001.JPG", "DJI_0002.JPG"),
            {
                **plain("DJI_0001.SRT", "DJI_0001.DNG", "100_Timestamp.MRK", "FLY1.DAT", "a.LRF"),
                **plain("100_PPKRAW.bin", "100_Rinex.obs", "flight.kml", "DJI_0003.MP4"),
                "geotags.csv": "image,latitude\nDJI_0001.JPG,1\n",
                "mission.json": '{"coordinates": [1, 2]}',
            },
            id="drone",
        ),
        pytest.param(
            ("bridge.jpg", "bridge_2.jpg"),
            {
                **plain("report.pdf", "costs.xlsx", "plan.docx", "bridge_costs.xlsx"),
                **plain("bridge/drawing.pdf", "archive.zip", "bridge_notes.txt"),
                "notes.txt": "No annotations, no cracks.",
            },
            id="office",
        ),
        pytest.param(
            PHOTOGRAPHS,
            plain(
                *("images/Thumbs.db", "images/desktop.ini", ".DS_Store", ".git/config"),
                *("__MACOSX/masks/._0.png", "images/@eaDir/0.jpg/THUMB.jpg", ".gitignore"),
                *("$RECYCLE.BIN/masks/0.png", ".ipynb_checkpoints/0.json", "images/.picasa.ini"),
            ),
            id="systems",
        ),
        pytest.param(
            PHOTOGRAPHS,
            {
                **plain("LICENSE", "CITATION.cff", "images.zip", "download.py", "SOURCE.txt"),
                "README.md": "0.jpg is an example; masks follow",
                "README": "polygons of 0.jpg follow",
                "md5sums.txt": f"{DIGEST}  images/0.jpg\n{DIGEST} *images/1.jpg\n",
                "docs/figure.png": PICTURE,
                "thumbnails/0.jpg": PICTURE,
            },
            id="published",
        ),
        pytest.param(
            ("IMG_1.jpg", "IMG_2.jpg"),
            plain("IMG_1.CR2", "IMG_1.CR2.xmp", "IMG_2.NEF", "IMG_1.pp3", "photos.lrcat"),
            id="raw",
        ),
        pytest.param(
            ("map_1.tif", "map_2.tif"),
            plain("map_1.tfw", "map_1.tif.aux.xml", "map_1.prj", "boundary.shp", "cloud.las"),
            id="maps",
        ),
        pytest.param(
            PHOTOGRAPHS,
            {
                **plain("best.ckpt", "run.log", "style.css", "calibration.npz"),
                "explore.ipynb": '{"cells": ["0.jpg", "segmentation"]}',
                "index.html": "<img src=0.jpg>",
                "data.yaml": "names: [crack]",
                "camera.json": '{"fx": 1}',
            },
            id="programs",
        ),
        pytest.param(
            PHOTOGRAPHS,
            {
                "train.txt": "images/0.jpg\n",
                "manifest.csv": "stem,image,photograph,subset\n0,images/0.jpg,,train\n",
                "spoilt.csv": "image,reason\nimages/0.jpg,blurred\n",
                "origins.csv": "file,photograph\n0.jpg,wall\n",
            },
            id="crackseg",
        ),
        pytest.param(("Negative/1.jpg", "Intact/1.jpg"), {}, id="classes"),
        pytest.param(("train/images/a.jpg", "val/images/b.jpg"), plain("raw/.keep"), id="subsets"),
    ],
)
def test_ordinary_folders_are_crack_free(
    tmp_path: Path, photographs: tuple[str, ...], files: dict[str, str]
) -> None:
    put(tmp_path, photographs, files)
    assert sorted(crack_free(tmp_path)) == sorted(photographs)


@pytest.mark.skipif(not HAS_DECODER, reason="HEIC is not read at all")
def test_a_heic_photograph_beside_its_jpeg_is_said(tmp_path: Path) -> None:
    put(tmp_path, ("0.jpg",), plain("0.heic"))
    inventory: Inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.notes == (
        "1 HEIC pictures stand beside a JPEG picture of their name and are taken as the same "
        "photograph, left out, as 0.heic",
    )
    put(tmp_path, ("0.png",), {})
    with pytest.raises(DatasetError, match="have the same name"):
        find_pairs(tmp_path)


def test_many_masks_of_other_names_do_not_each_go_through_all_photographs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 300
    photographs = {Path(f"images/a{number}.jpg"): "" for number in range(count)}
    masks = [Path(f"masks/b{number}.png") for number in range(count)]
    hashed = []
    of_path = PurePath.__hash__
    monkeypatch.setattr(PurePath, "__hash__", lambda path: hashed.append(path) or of_path(path))
    listing = Listing((*photographs, *masks), {})
    found = find_unknown(tmp_path, listing, {*photographs, *masks}, photographs, masks)
    monkeypatch.undo()
    assert found == dict.fromkeys(photographs, masks[0])
    assert len(hashed) < 50 * count
