"""COCO's file, opened again by pycocotools and by the reader of data sets."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
from pycocotools.coco import COCO

from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.discovery.pairs import find_pairs
from crackseg.images.png import write_png
from tests.formats.measured import blank, result, write_folder


def test_annotations_of_a_photograph_are_its_mask(tmp_path: Path) -> None:
    results = [result(), blank(), result("two.jpg")]
    [path] = write_folder("coco", results, tmp_path)
    with contextlib.redirect_stdout(None):
        coco = COCO(str(path))
    for image_id, one in enumerate(results, 1):
        mask = one.mask()
        drawn = np.zeros_like(mask)
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=image_id)):
            part = coco.annToMask(annotation) > 0
            drawn |= part
            assert annotation["area"] == part.sum()
            columns, rows = np.flatnonzero(part.any(axis=0)), np.flatnonzero(part.any(axis=1))
            assert annotation["bbox"] == [
                columns[0],
                rows[0],
                len(range(columns[0], columns[-1] + 1)),
                len(range(rows[0], rows[-1] + 1)),
            ]
        assert np.array_equal(drawn, mask)


def test_beside_the_photographs_it_is_read_back_to_the_same_masks(tmp_path: Path) -> None:
    results = {"walls/one.png": result("walls/one.png"), "two.png": result("two.png")}
    write_folder("coco", list(results.values()), tmp_path)
    for name, one in results.items():
        write_png(one.image(), tmp_path / name)
    pairs = find_pairs(tmp_path).pairs
    assert {pair.image for pair in pairs} == set(results)
    for pair in pairs:
        mask = results[pair.image].mask()
        assert np.array_equal(read_truth(tmp_path, pair.mask, mask.shape) > 0, mask)


def test_each_crack_is_one_annotation_and_all_specks_are_one(tmp_path: Path) -> None:
    one = result()
    mask = one.mask().copy()
    mask[5:7, 280:282] = mask[230:232, 100:102] = True
    specked = replace(one, mask=lambda: mask)
    document = json.loads(write_folder("coco", [specked], tmp_path)[0].read_text())
    cracks = [entry["attributes"]["crack"] for entry in document["annotations"]]
    assert cracks == [1, 2, 3, None]
    assert document["annotations"][-1]["area"] == 8
    assert "for research only" in document["info"]["description"]


def test_a_file_of_nothing_is_one_too(tmp_path: Path) -> None:
    document = json.loads(write_folder("coco", [], tmp_path)[0].read_text())
    assert document["images"] == document["annotations"] == []
