"""A network that begins with weights on ImageNet, along the whole road: it needs them only once."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import crackseg
from crackseg.checkpoint import read_checkpoint
from crackseg.cli.main import main
from crackseg.config.schema import EvaluateConfig, TrainConfig, model_config
from crackseg.errors import CheckpointError, MissingLibraryError
from crackseg.models.timm_encoder import (
    WEIGHT_PACKAGES,
    TimmEncoder,
    is_packaged,
    packaged_weights,
)
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.export import export
from crackseg.workflows.quantization.quantized_export import QuantizationSettings, export_quantized
from crackseg.workflows.train import TrainResult, train
from tests.helpers.data_sets import draw_pair
from tests.helpers.settings import small_config

pytest.importorskip("timm", reason="needs the extra pretrained")
LITE0 = "tf_efficientnet_lite0"
if not is_packaged(LITE0):
    pytest.skip(f"needs {WEIGHT_PACKAGES[LITE0]}", allow_module_level=True)

STEM = "encoder.layers.conv_stem.weight"


def config_of(archive: Path, cache: Path, epochs: int) -> TrainConfig:
    config = small_config(archive, cache)
    network = model_config("unet_pretrained")
    config.model = network(encoder_levels=2, decoder_channels=4)  # type: ignore[call-arg]
    config.trainer.max_epochs = epochs
    return config


@pytest.fixture(scope="module")
def begun(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """One epoch of four steps; not to be changed."""
    folder = tmp_path_factory.mktemp("pretrained")
    return train(config_of(archive, folder / "cache", 1), folder / "run")


@pytest.fixture
def unfetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights on ImageNet that nobody may ask for."""

    def refuse(encoder: TimmEncoder) -> None:
        raise AssertionError("weights on ImageNet were loaded")

    monkeypatch.setattr(TimmEncoder, "load_pretrained", refuse)


def weights_of(result: TrainResult) -> dict[str, torch.Tensor]:
    return dict(read_checkpoint(result.checkpoint).network_weights)


def test_training_goes_on_from_the_weights_on_imagenet(begun: TrainResult) -> None:
    trained, first = weights_of(begun)[STEM], packaged_weights(LITE0)["conv_stem.weight"]
    # Four steps of a rate of .001.
    assert 0 < (trained - first).abs().max() < 0.01
    assert first.abs().max() > 0.1


@pytest.mark.usefixtures("unfetched", "blank_plots")
def test_resumed_run_does_not_begin_anew(begun: TrainResult, archive: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(begun.checkpoint.parent, tmp_path / "run"))
    again = train(config_of(archive, tmp_path / "cache", 2), run, run / "last.ckpt")
    assert again.metrics["epochs"] == 2


@pytest.mark.usefixtures("unfetched", "blank_plots")
def test_checkpoint_is_all_that_its_use_needs(begun: TrainResult, tmp_path: Path) -> None:
    photograph = draw_pair(1, (67, 90))[0]
    prediction = crackseg.load(begun.checkpoint, device="cpu").predict(photograph)
    assert prediction.probability.shape == (67, 90)
    assert prediction.probability.std() > 0
    config = EvaluateConfig(checkpoint=str(begun.checkpoint))
    config.trainer.accelerator = "cpu"
    judged = evaluate(config, tmp_path)
    assert judged.stored.totals["crack_iou"] == pytest.approx(
        begun.metrics["test"]["stored"]["crack_iou"], abs=1e-6
    )


def test_checkpoint_without_the_library_is_not_called_damaged(
    begun: TrainResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(begun.checkpoint)
    assert str(caught.value) == (
        f"{begun.checkpoint}: model=unet_pretrained needs the library timm; "
        "pip install 'crackseg[pretrained]'"
    )


def test_training_without_the_library_ends_before_it_begins(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(MissingLibraryError, match=r"pip install 'crackseg\[pretrained\]'"):
        train(config_of(archive, tmp_path / "cache", 1), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_onnx_file_needs_no_library(
    begun: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export(begun.checkpoint, tmp_path / "model.onnx") < 1e-4
    photograph = draw_pair(2, (67, 90))[0]
    wanted = crackseg.load(begun.checkpoint, device="cpu").predict(photograph)
    monkeypatch.setitem(sys.modules, "timm", None)
    found = crackseg.load(tmp_path / "model.onnx", engine="onnxruntime").predict(photograph)
    np.testing.assert_allclose(found.probability, wanted.probability, atol=1e-4)


@pytest.mark.slow
def test_eight_bits_find_nearly_the_same(begun: TrainResult, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_quantized(begun.checkpoint, path, QuantizationSettings(accepted_loss=1.0))
    photograph = draw_pair(3)[0]
    wanted = crackseg.load(begun.checkpoint, device="cpu").predict(photograph)
    found = crackseg.load(path, engine="onnxruntime").predict(photograph)
    assert 0 < np.abs(found.probability - wanted.probability).mean() < 0.03


def test_predict_from_the_command_line_says_what_is_missing(
    begun: TrainResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    photograph = tmp_path / "wall.png"
    photograph.touch()
    arguments = ["predict", str(photograph), "--checkpoint", str(begun.checkpoint)]
    assert main([*arguments, "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "needs the library timm; pip install 'crackseg[pretrained]'" in error
    assert "Traceback" not in error
