"""What the program itself has found is no truth, unless somebody has corrected it."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crackseg.data.annotations.formats.labelme import WRITTEN, digest_of
from crackseg.data.discovery.own_results import find_own_results
from crackseg.data.discovery.pairs import Inventory, find_pairs
from crackseg.errors import DatasetNotFoundError
from crackseg.images.png import write_png
from tests.helpers.data_sets import save_mask, save_photograph

SIZE = (20, 30)
OUTLINES = {"shapes": [{"label": "crack", "points": [[1, 1], [9, 1], [9, 9]]}]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Photographs, and below them what was found on them."""
    lines = []
    for number in range(3):
        name = f"north/w{number}"
        save_photograph(tmp_path / f"{name}.jpg")
        save_mask(tmp_path / f"found/{name}_mask.png")
        save_photograph(tmp_path / f"found/{name}_measured.png")
        (tmp_path / f"found/{name}_cracks.json").write_text("{}")
        save_photograph(tmp_path / f"found/labelme/{name}.png")
        (tmp_path / f"found/labelme/{name}.json").write_text(json.dumps(OUTLINES))
        save_mask(tmp_path / f"found/mask/{name}.png")
        lines.append(json.dumps({"result": name, "at": 1}))
    (tmp_path / "found/cracks.csv").write_text("photograph,crack\nw1.jpg,1\n")
    (tmp_path / "found/measurements-1-of-2.jsonl").write_text("\n".join(lines) + '\n{"resu')
    return tmp_path


def notes_of(inventory: Inventory) -> str:
    return " | ".join(inventory.notes)


def test_what_was_predicted_is_no_truth(root: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="20 files are results of crackseg predict"):
        find_pairs(root)
    inventory = find_pairs(root, "crack_free")
    assert inventory.crack_free == ("north/w0.jpg", "north/w1.jpg", "north/w2.jpg")


def test_what_was_corrected_is_truth_and_said(root: Path) -> None:
    later = (root / "found/measurements-1-of-2.jsonl").stat().st_mtime + 3600
    for name in ("north/w1_mask.png", "labelme/north/w2.json"):
        os.utime(root / "found" / name, (later, later))
    inventory = find_pairs(root)
    assert [(image, truth) for _, image, truth in inventory.pairs] == [
        ("north/w1.jpg", "found/north/w1_mask.png"),
        ("found/labelme/north/w2.png", "found/labelme/north/w2.json"),
    ]
    assert "3 results of crackseg predict or measure were changed" in notes_of(inventory)


@pytest.fixture
def sealed(root: Path) -> Path:
    """The same of today's version, all of the same time."""
    found = root / "found"
    for number in range(3):
        name = f"north/w{number}"
        for path in (found / f"{name}_mask.png", found / f"mask/{name}.png"):
            write_png(np.zeros(SIZE, np.uint8), path, sealed=True)
        shapes = [{**shape, "shape_type": "polygon"} for shape in OUTLINES["shapes"]]
        document = {"shapes": shapes, WRITTEN: digest_of(shapes)}
        (found / f"labelme/{name}.json").write_text(json.dumps(document))
    record = found / "measurements-1-of-2.jsonl"
    lines = [json.loads(line) for line in record.read_text().splitlines()[:-1]]
    record.write_text("".join(json.dumps({**line, "sealed": True}) + "\n" for line in lines))
    return root


def test_results_whose_times_a_copy_has_changed_are_still_no_truth(sealed: Path) -> None:
    later = time.time() + 3600
    for path in (sealed / "found").rglob("*.*"):
        if path.suffix != ".jsonl":
            os.utime(path, (later, later))
    inventory = find_pairs(sealed, "crack_free")
    assert len(inventory.pairs) == 3
    assert inventory.crack_free == ("north/w0.jpg", "north/w1.jpg", "north/w2.jpg")


def test_what_was_corrected_within_a_minute_is_truth(sealed: Path) -> None:
    found = sealed / "found"
    save_mask(found / "north/w0_mask.png")
    document = json.loads((found / "labelme/north/w1.json").read_text())
    document["shapes"][0]["points"][0] = [2, 3]
    (found / "labelme/north/w1.json").write_text(json.dumps(document))
    # What lies in the folder last does not matter.
    os.utime(found / "measurements-1-of-2.jsonl", (time.time() + 3600,) * 2)
    assert [truth for _, _, truth in find_pairs(sealed).pairs] == [
        "found/north/w0_mask.png",
        "found/labelme/north/w1.json",
    ]


def test_results_that_were_moved_out_are_truth(root: Path) -> None:
    (root / "found/labelme").rename(root / "checked")
    inventory = find_pairs(root / "checked")
    assert len(inventory.pairs) == 3
    assert inventory.notes == ()


def test_masks_of_others_in_the_folder_of_a_record_are_truth(root: Path) -> None:
    save_photograph(root / "found/other.jpg")
    save_mask(root / "found/other_mask.png")
    pairs = find_pairs(root).pairs
    assert [truth for _, _, truth in pairs] == ["found/other_mask.png"]


def put_truth(folder: Path) -> None:
    """A COCO file of one photograph."""
    save_photograph(folder / "wall.jpg")
    polygon = [1, 1, 9, 1, 9, 9]
    entry = {"id": 1, "image_id": 1, "category_id": 1, "segmentation": [polygon]}
    document = {
        "images": [{"id": 1, "file_name": "wall.jpg"}],
        "categories": [{"id": 1, "name": "crack"}],
        "annotations": [entry],
    }
    (folder / "coco.json").write_text(json.dumps(document))


@pytest.mark.parametrize("name", ["predictions.jsonl", "measurements.jsonl"])
@pytest.mark.parametrize("text", ["", '{"image": "wall.jpg", "score": 0.7}\n', '[1]\n{"resu'])
def test_a_record_of_others_makes_no_truth_a_result(tmp_path: Path, name: str, text: str) -> None:
    put_truth(tmp_path)
    (tmp_path / name).write_text(text)
    inventory = find_pairs(tmp_path)
    assert len(inventory.pairs) == 1
    assert notes_of(inventory) == ""


@pytest.mark.parametrize(
    ("name", "is_truth"), [("predictions.jsonl", True), ("measurements-1-of-2.jsonl", False)]
)
def test_files_for_all_photographs_are_results_of_measuring_alone(
    tmp_path: Path, name: str, is_truth: bool
) -> None:
    put_truth(tmp_path)
    (tmp_path / name).write_text('{"result": "wall"}\n')
    found = find_pairs(tmp_path, "crack_free")
    assert (len(found.pairs), len(found.crack_free)) == (1, 0 if is_truth else 1)
    assert ("coco.json" in notes_of(found)) == (not is_truth)


class CountedPaths(list[Path]):
    """Paths that count how often somebody goes through them."""

    passes = 0

    def __iter__(self) -> Iterator[Path]:
        self.passes += 1
        return super().__iter__()


def test_records_in_many_folders_do_not_each_go_through_all_files(tmp_path: Path) -> None:
    files = CountedPaths()
    for number in range(50):
        folder = tmp_path / f"s{number}"
        folder.mkdir()
        (folder / "predictions.jsonl").write_text('{"result": "w"}')
        (folder / "w_mask.png").write_text("mask")
        files += [Path(folder.name) / name for name in ("predictions.jsonl", "w_mask.png")]
    assert sorted(find_own_results(tmp_path, files).unchanged) == sorted(files)
    assert files.passes < 5
