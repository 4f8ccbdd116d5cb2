"""A training that calibrates its network on validation at the end."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.inference.torch_engine import network_of
from crackseg.metrics.calibration import binned, calibration_error, reliability
from crackseg.metrics.histogram import count_probabilities
from crackseg.training import calibration
from crackseg.workflows.train import TrainResult, train
from tests.helpers.trainings import in_halves, same_state


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    train_config.calibrate = True
    train_config.trainer.max_epochs = 4
    return train_config


@pytest.fixture
def result(config: TrainConfig, tmp_path: Path) -> TrainResult:
    return train(config, tmp_path / "run")


def error_on_val(config: TrainConfig, checkpoint: Path) -> float:
    datamodule = CrackDataModule(config.data).prepared()
    network = network_of(read_checkpoint(checkpoint)).eval()
    counts = np.zeros((3, 16), np.int64)
    for row in datamodule.manifest.subset("val"):
        photograph, mask = datamodule.content.pixels.read(row)
        with torch.no_grad():
            logits = network(torch.from_numpy(photograph / np.float32(255)).permute(2, 0, 1)[None])
        probability = torch.sigmoid(logits)[0, 0].numpy()
        counts = counts + binned(count_probabilities(probability, mask > 127))
    return calibration_error(reliability(counts))


def test_a_calibrated_network_means_its_probabilities(
    config: TrainConfig, result: TrainResult, tmp_path: Path
) -> None:
    config.calibrate = False
    plain = train(config, tmp_path / "plain")
    assert same_state(plain.checkpoint, result.checkpoint, "state_dict", "optimizer_states")
    before, after = (error_on_val(config, one.checkpoint) for one in (plain, result))
    assert after < before / 3
    # The order of pixels stays, so that the best threshold gives what it gave, up to the grid.
    ious = [one.metrics["val"]["stored"]["crack_iou"] for one in (plain, result)]
    assert ious[1] == pytest.approx(ious[0], abs=0.02)


def test_the_scaling_is_in_the_checkpoint_and_the_figures(result: TrainResult) -> None:
    scaling = read_checkpoint(result.checkpoint).parameters.scaling
    assert scaling
    assert result.metrics["scaling"] == scaling._asdict()
    stored = json.loads((result.checkpoint.parent / "metrics.json").read_text())
    assert stored["scaling"] == scaling._asdict()
    assert read_checkpoint(result.checkpoint.with_name("last.ckpt")).parameters.scaling is None


def test_a_resumed_run_is_calibrated_like_an_uninterrupted_one(
    config: TrainConfig, result: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_halves(config, tmp_path / "halves", monkeypatch)
    parts = ("state_dict", "hyper_parameters")
    assert same_state(tmp_path / "halves/best.ckpt", result.checkpoint, *parts)
    # Once more, from its end: the scaling is found anew of the weights as they were trained.
    train(config, result.checkpoint.parent, result.checkpoint.with_name("last.ckpt"))
    assert same_state(tmp_path / "halves/best.ckpt", result.checkpoint, *parts)


def test_a_run_that_cannot_be_calibrated_says_so_and_is_kept(
    config: TrainConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    log: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(calibration, "platt_scaling", lambda counts: None)
    config.trainer.max_epochs = 1
    found = train(config, tmp_path / "run")
    assert read_checkpoint(found.checkpoint).parameters.scaling is None
    assert "scaling" not in found.metrics
    assert any(text.startswith("not calibrated: the validation subset") for text in log.messages)
    assert found.checkpoint.is_file()
