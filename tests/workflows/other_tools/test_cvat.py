"""The auto-annotation function by CVAT's own classes: what it promises, and the shapes it gives."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from crackseg.data.annotations.polygons import fill
from crackseg.inference.model_file import write_model
from crackseg.inference.predictor import Predictor
from crackseg.workflows.other_tools.cvat import CrackFinder, create
from tests.helpers.networks import small_graph
from tests.inference.test_model_file import INFO

cvat = pytest.importorskip("cvat_sdk.auto_annotation", reason="needs pip install cvat-cli")
SIZE = (60, 90)


def wall() -> Image.Image:
    noise = np.random.default_rng(0).integers(0, 256, (12, 18, 3), np.uint8)
    return Image.fromarray(noise).resize(SIZE[::-1])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cvat") / "model.onnx"
    write_model(small_graph("unet"), INFO, path)
    return path


@pytest.fixture(scope="module")
def threshold(model: Path) -> float:
    """A threshold that divides the picture."""
    return float(np.median(Predictor.from_checkpoint(model).predict(wall()).probability))


@dataclass
class Context(cvat.DetectionFunctionContext):  # type: ignore[name-defined, misc]
    conf_threshold: float | None = None
    conv_mask_to_poly: bool = False
    frame_name: str = "wall.jpg"


def decoded(shapes: list[Any]) -> np.ndarray:
    from cvat_sdk.masks import decode_mask

    masks = [decode_mask(one.points, image_width=SIZE[1], image_height=SIZE[0]) for one in shapes]
    return np.any([np.zeros(SIZE, bool), *masks], axis=0)


def test_the_command_line_of_cvat_loads_the_function(model: Path) -> None:
    common = pytest.importorskip("cvat_cli._internal.common", reason="needs pip install cvat-cli")
    loader = common.FunctionLoader(
        "crackseg.workflows.other_tools.cvat", None, {"model": str(model)}
    )
    function = loader.load()
    assert isinstance(function, CrackFinder)
    assert isinstance(function.spec, cvat.DetectionFunctionSpec)
    assert [(one.id, one.name) for one in function.spec.labels] == [(0, "crack")]


def test_masks_are_those_of_the_predictor(model: Path, threshold: float) -> None:
    predictor = Predictor.from_checkpoint(model, threshold=threshold)
    wanted = predictor.predict(wall()).mask
    shapes = CrackFinder(predictor, "crack", smallest=1).detect(Context(), wall())
    assert len(shapes) == cv2.connectedComponents(wanted.astype(np.uint8))[0] - 1
    assert {(one.type.value, one.label_id, one.frame) for one in shapes} == {("mask", 0, 0)}
    np.testing.assert_array_equal(decoded(shapes), wanted)


def test_the_threshold_of_cvat_replaces_the_stored_one(model: Path, threshold: float) -> None:
    function = create(str(model), smallest=1)
    found = decoded(function.detect(Context(conf_threshold=threshold), wall()))
    probability = Predictor.from_checkpoint(model).predict(wall()).probability
    np.testing.assert_array_equal(found, probability > threshold)
    assert function.detect(Context(conf_threshold=1.0), wall()) == []


def test_small_parts_are_left_out(model: Path, threshold: float) -> None:
    asked = Context(conf_threshold=threshold)
    every = create(str(model), smallest=1).detect(asked, wall())
    large = create(str(model), smallest=50).detect(asked, wall())
    sizes = [int(decoded([one]).sum()) for one in every]
    assert 0 < len(large) == sum(size >= 50 for size in sizes) < len(every)


def test_polygons_are_filled_to_the_masks(model: Path, threshold: float) -> None:
    function = create(str(model), smallest=1)
    asked = Context(conf_threshold=threshold, conv_mask_to_poly=True)
    shapes = function.detect(asked, wall())
    assert {one.type.value for one in shapes} == {"polygon"}
    drawn = fill([np.array(one.points).reshape(-1, 2) for one in shapes], SIZE) > 0
    masks = decoded(function.detect(Context(conf_threshold=threshold), wall()))
    np.testing.assert_array_equal(drawn, masks)
