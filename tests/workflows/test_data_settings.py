"""What settings of the data do to a whole training: crops, exclusions, the store, leaks."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import crackseg
from crackseg.checkpoint import read_checkpoint
from crackseg.config import EvaluateConfig, TrainConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.exclusions import write_exclusions
from crackseg.errors import ConfigError, DatasetError
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import train
from tests.conftest import write_archive


@pytest.fixture
def cropping(train_config: TrainConfig, tmp_path: Path) -> TrainConfig:
    """Crops of 32x32 of two folders with photographs of different sizes."""
    folders = [write_archive(tmp_path / "a"), write_archive(tmp_path / "b", size=(48, 80))]
    data = replace(
        train_config.data, root=[str(one) for one in folders], crop_size=32, crops=2, batch_size=8
    )
    return replace(train_config, data=data)


def test_training_evaluation_and_prediction_work_at_native_size(
    cropping: TrainConfig, tmp_path: Path
) -> None:
    result = train(cropping, tmp_path / "run")
    preprocessing = read_checkpoint(result.checkpoint)["hyper_parameters"]["preprocessing"]
    assert (preprocessing["scale"], preprocessing["image_size"]) == (1, None)
    config = EvaluateConfig(checkpoint=str(result.checkpoint))
    config.trainer.accelerator = "cpu"
    judged = evaluate(config, tmp_path / "judged")
    assert judged["stored"]["totals"] == pytest.approx(result.metrics["test"]["stored"], abs=1e-6)
    found = crackseg.load(result.checkpoint).predict(np.zeros((50, 70, 3), np.uint8))
    assert found.mask.shape == (50, 70)


def test_each_photograph_is_cropped_as_often_as_told(cropping: TrainConfig) -> None:
    datamodule = CrackDataModule(cropping.data)
    datamodule.setup()
    shapes = [batch["image"].shape for batch in datamodule.train_dataloader()]
    assert sum(shape[0] for shape in shapes) == 2 * datamodule.counts["train"] == 64
    assert {tuple(shape[1:]) for shape in shapes} == {(3, 32, 32)}
    sizes = {one.shape for batch in datamodule.val_dataloader() for one in batch["image"]}
    assert sizes == {(1, 3, 64, 64), (1, 3, 48, 80)}


def test_excluded_photographs_take_no_part(train_config: TrainConfig, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "root")
    listed = "Final-Dataset-Vol1/Images/CFD_004.png"
    write_exclusions(tmp_path / "list.csv", {listed: "blurred"})
    data = replace(train_config.data, root=str(root), exclude=str(tmp_path / "list.csv"))
    datamodule = CrackDataModule(data)
    datamodule.setup()
    assert len(datamodule.manifest.rows) == 19
    assert listed not in {row.image for row in datamodule.manifest.rows}
    write_exclusions(tmp_path / "other.csv", {"images/CFD_004.png": "blurred"})
    other = CrackDataModule(replace(data, exclude=str(tmp_path / "other.csv")))
    with pytest.raises(DatasetError, match="none of the 1 photographs that it lists is below"):
        other.setup()


def test_a_manifest_takes_no_other_choice_beside_it(train_config: TrainConfig) -> None:
    data = replace(
        train_config.data, split="manifest", manifest="m.csv", without_sources=["CFD"], exclude="x"
    )
    with pytest.raises(ConfigError, match=r"take back data\.without_sources, data\.exclude"):
        CrackDataModule(data)


def test_without_room_for_a_store_files_are_read(
    train_config: TrainConfig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    datamodule = CrackDataModule(replace(train_config.data, store_limit=1e-6))
    datamodule.setup()
    assert len(next(iter(datamodule.train_dataloader()))["stem"]) == 4
    assert "until then every epoch decodes the files anew" in caplog.text


def test_a_batch_learned_by_heart_is_called_a_leak(train_config: TrainConfig) -> None:
    datamodule = CrackDataModule(replace(train_config.data, overfit_batch=True))
    datamodule.setup()
    assert datamodule.leaks.line().startswith("LEAK: 4 of 4 val and 4 of 4 test items")
