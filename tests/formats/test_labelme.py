"""LabelMe's files: what is predicted is read back to the pixel, corrected or not."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.discovery.pairs import find_pairs
from crackseg.formats.labelme import is_corrected
from tests.formats.measured import blank, result, write_photograph
from tests.helpers.commands import run
from tests.helpers.data_sets import draw_pair


def test_a_data_set_of_outlines_has_the_very_same_masks(tmp_path: Path) -> None:
    results = [result(), blank(), result("two.jpg")]
    for one in results:
        write_photograph("labelme", one, tmp_path)
    root = tmp_path / "labelme"
    pairs = {Path(pair.image).stem: pair for pair in find_pairs(root).pairs}
    assert len(pairs) == 3
    for one in results:
        pair, mask = pairs[Path(one.photograph.name).stem], one.mask()
        assert np.array_equal(read_truth(root, pair.mask, mask.shape) > 0, mask)
        assert np.array_equal(np.asarray(Image.open(root / pair.image)), one.image())


def test_a_hole_is_a_hole_in_the_outline(tmp_path: Path) -> None:
    one = result()
    path, _ = write_photograph("labelme", one, tmp_path)
    ring = one.mask()[100:240, 160:300]
    assert not ring[70, 70]
    shapes = json.loads(path.read_text())["shapes"]
    assert len(shapes) == 3
    truth = read_truth(tmp_path, str(path.relative_to(tmp_path)), one.mask().shape)
    assert truth[170, 230] == 0


def test_what_is_drawn_by_hand_is_read_beside_what_was_found(tmp_path: Path) -> None:
    one = result()
    path, _ = write_photograph("labelme", one, tmp_path)
    document = json.loads(path.read_text())
    document["shapes"] = document["shapes"][1:]
    corners = [[10, 200], [14, 200], [14, 206], [10, 206]]
    document["shapes"].append({"label": "crack", "points": corners, "shape_type": "polygon"})
    path.write_text(json.dumps(document))
    truth = read_truth(tmp_path, str(path.relative_to(tmp_path)), one.mask().shape) > 0
    assert truth[200:206, 10:14].all()
    lost = one.mask() & ~truth
    _, labels = cv2.connectedComponents(lost.astype(np.uint8))
    assert labels.max() == 1


def test_the_form_is_the_programs(tmp_path: Path) -> None:
    path, picture = write_photograph("labelme", result(), tmp_path)
    document = json.loads(path.read_text())
    assert document["imagePath"] == picture.name
    assert document["imageData"] is None
    assert (document["imageHeight"], document["imageWidth"]) == (240, 300)
    for shape in document["shapes"]:
        assert shape["label"] == "crack"
        assert shape["shape_type"] == "polygon"
        corners = np.array(shape["points"])
        assert (corners >= 0).all()
        assert (corners <= (300, 240)).all()


@pytest.mark.slow
def test_a_network_is_trained_on_what_was_predicted(tmp_path: Path) -> None:
    for seed in range(12):
        _, mask = draw_pair(seed)
        one = result(f"{seed}.jpg", shares=(mask > 127).astype(np.float32))
        write_photograph("labelme", one, tmp_path)
    done = run(
        "train.py",
        "data=folder",
        f"data.root={tmp_path / 'labelme'}",
        f"data.cache={tmp_path / 'cache'}",
        "data.image_size=32",
        "data.num_workers=0",
        "model=unet",
        "model.base_channels=4",
        "model.depth=2",
        "trainer.max_epochs=1",
        "trainer.accelerator=cpu",
        "trainer.precision=32-true",
        folder=tmp_path / "run",
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "best.ckpt").is_file()


def test_what_is_as_it_was_written_is_not_corrected(tmp_path: Path) -> None:
    paths = write_photograph("labelme", result(), tmp_path)
    assert not is_corrected(paths)
    assert not is_corrected((tmp_path / "none.json",))
    # As LabelMe's program saves it again.
    document = json.loads(paths[0].read_text())
    for shape in document["shapes"]:
        points = np.array(shape["points"])  # whole numbers without a point
        shape["points"] = (
            points.astype(int).tolist() if (points % 1 == 0).all() else points.tolist()
        )
    paths[0].write_text(json.dumps({**document, "version": "9", "imageData": "AA"}, indent=2))
    assert not is_corrected(paths)


CORRECTIONS: list[Callable[[dict[str, Any]], object]] = [
    lambda document: document["shapes"].pop(),
    lambda document: document["shapes"].clear(),
    lambda document: document["shapes"].append(document["shapes"][0]),
    lambda document: document["shapes"][1]["points"][0].reverse(),
    lambda document: document["shapes"][1]["points"].pop(),
    lambda document: document["shapes"][0].update(label="rust"),
    lambda document: document["shapes"][0].update(shape_type="rectangle"),
    # What no version of ours has written so is somebody's work too.
    lambda document: document.pop("written"),
    lambda document: document.pop("shapes"),
    lambda document: document.update(shapes=5),
    lambda document: document["shapes"][0].update(points=[["a", None]]),
]


@pytest.mark.parametrize("correct", CORRECTIONS)
def test_what_somebody_changed_is_corrected(
    correct: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    paths = write_photograph("labelme", result(), tmp_path)
    document = json.loads(paths[0].read_text())
    correct(document)
    paths[0].write_text(json.dumps(document))
    assert is_corrected(paths)


@pytest.mark.parametrize("text", ["", "[]", "5", '{"shapes": ['])
def test_what_cannot_be_read_is_not_ours(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert is_corrected((path,))
