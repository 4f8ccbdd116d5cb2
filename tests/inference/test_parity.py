"""A checkpoint and its ONNX file say the same of photographs, at the scale of training."""

from pathlib import Path

import numpy as np
import pytest

from crackseg.checkpoint import read_checkpoint
from crackseg.data.synthetic.dataset import write_dataset
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array, resize, scaled_size
from crackseg.inference.predictor import Predictor
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import IMAGES, MORE

LARGEST_DIFFERENCE = 1e-3
ONE_PIXEL_IN = 1 / 10_000


@pytest.fixture(scope="module")
def seen(trained: TrainResult, tmp_path_factory: pytest.TempPathFactory) -> list[UInt8Array]:
    """Photographs as the network sees them: at the scale of training."""
    folder = write_dataset(tmp_path_factory.mktemp("built_in"), count=12, size=200)
    usage = read_checkpoint(trained.checkpoint).parameters
    size, how = scaled_size((200, 200), usage.scale), usage.preprocessing.resize
    paths = sorted((folder / IMAGES).iterdir()) + sorted((folder / MORE).iterdir())
    return [resize(read_photograph(path), size, how) for path in paths]


@pytest.mark.usefixtures("exact_floats")
@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_probabilities_are_the_same_and_so_are_masks(
    trained: TrainResult, exported: Path, seen: list[UInt8Array], engine: str
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    predictors = (
        Predictor.from_checkpoint(trained.checkpoint, device="cpu", scale=1.0),
        Predictor.from_checkpoint(exported, engine=engine, scale=1.0),
    )
    assert len(seen) == 12
    wanted, found = ([one.predict(photograph) for photograph in seen] for one in predictors)
    masks = [np.stack([one.mask for one in predictions]) for predictions in (wanted, found)]
    assert 0 < masks[0].mean() < 1
    assert (masks[0] != masks[1]).mean() <= ONE_PIXEL_IN
    for one, other in zip(wanted, found, strict=True):
        assert np.abs(one.probability - other.probability).max() < LARGEST_DIFFERENCE
