"""The main road: settings in, a judged checkpoint with its curves out."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from lightning import Trainer
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import ConfigError, DatasetNotFoundError, TrainingError
from crackseg.runs.history import read_history
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.train import TrainResult, train


def weights_of(result: TrainResult) -> dict[str, torch.Tensor]:
    weights = read_checkpoint(result.checkpoint).content["state_dict"]
    assert isinstance(weights, dict)
    return weights


def test_a_run_leaves_all_that_it_promises(trained: TrainResult) -> None:
    folder = trained.checkpoint.parent
    for name in (
        "best.ckpt",
        "last.ckpt",
        "manifest.csv",
        "metrics.json",
        "csv/metrics.csv",
        "figures/curves.png",
        "figures/predictions.png",
    ):
        assert (folder / name).is_file(), name
    assert json.loads((folder / "metrics.json").read_text()) == trained.metrics
    for picture in ("curves", "predictions"):
        assert np.asarray(Image.open(folder / "figures" / f"{picture}.png")).std() > 10


def test_curves_hold_every_metric_of_every_epoch(trained: TrainResult) -> None:
    history = read_history(trained.checkpoint.parent / "csv" / "metrics.csv")
    names = ["loss", "crack_iou", "mean_iou", "dice", "precision", "recall", "accuracy"]
    names += ["false_positives", "false_negatives"]
    for stage in ("train", "val"):
        for name in names:
            assert list(history[f"{stage}/{name}"]) == list(range(6)), (stage, name)
    assert list(history["train/lr"]) == list(range(6))


def test_tensorboard_holds_curves_and_pictures(trained: TrainResult) -> None:
    events = EventAccumulator(str(trained.checkpoint.parent / "tensorboard"))
    events.Reload()
    assert {"train/loss", "val/crack_iou", "val/dice"} <= set(events.Tags()["scalars"])
    # Epochs 0 and 5 of 6.
    assert len(events.Images("val/photograph_truth_probability")) == 2


def test_the_kept_epoch_is_the_one_with_the_best_validation(trained: TrainResult) -> None:
    history = read_history(trained.checkpoint.parent / "csv" / "metrics.csv")
    by_epoch = history["val/best_crack_iou"]
    best = max(by_epoch, key=lambda epoch: by_epoch[epoch])
    assert trained.metrics["best_epoch"] == best + 1
    val = trained.metrics["val"]
    assert val["stored"]["crack_iou"] == pytest.approx(by_epoch[best], abs=1e-6)
    assert val["half"]["crack_iou"] == pytest.approx(history["val/crack_iou"][best], abs=1e-6)


def test_the_stored_threshold_is_the_best_on_validation(trained: TrainResult) -> None:
    val = trained.metrics["val"]
    assert val["stored"]["crack_iou"] >= val["half"]["crack_iou"]
    assert trained.objective("val/crack_iou") == val["stored"]["crack_iou"]
    assert read_checkpoint(trained.checkpoint).parameters.threshold == trained.threshold


def test_the_checkpoint_tells_all_that_a_user_of_it_needs(
    trained: TrainResult, archive: Path
) -> None:
    told = read_checkpoint(trained.checkpoint).content["hyper_parameters"]
    manifest = read_manifest(trained.checkpoint.parent / "manifest.csv", archive)
    assert told["preprocessing"] == {
        "image_size": [32, 32],
        "resize": "area",
        "mask_threshold": 127,
        "scale": 0.5,
    }
    assert told["data"]["manifest_hash"] == manifest.digest
    assert told["data"]["counts"] == {"train": 16, "val": 2, "test": 2}
    assert told["data"]["class_weights"] == told["loss"]["class_weights"]
    assert told["model"]["name"] == "unet"
    assert told["model"]["arguments"]["base_channels"] == 4
    assert told["seed"] == 0
    assert {"crackseg", "torch", "lightning"} <= told["versions"].keys()


def test_the_last_checkpoint_has_a_threshold_too(trained: TrainResult) -> None:
    last = read_checkpoint(trained.checkpoint.with_name("last.ckpt"))
    threshold = last.parameters.threshold
    assert 0.01 <= threshold <= 0.99
    assert (threshold, trained.threshold) != (0.5, 0.5)


def test_devices_that_are_not_there_are_told_in_one_line(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    train_config.trainer.devices = "many"
    with pytest.raises(ConfigError, match=r"^trainer\.devices=many: auto, how many"):
        train(train_config, tmp_path / "run")


def test_the_module_is_made_of_its_checkpoint(trained: TrainResult) -> None:
    segmenter = CrackSegmenter.from_checkpoint(read_checkpoint(trained.checkpoint))
    assert segmenter.threshold == trained.threshold


def test_equal_seeds_give_equal_weights_and_seed_0_is_a_seed(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    train_config.trainer.max_epochs = 1
    first, second = (train(train_config, tmp_path / name) for name in ("first", "second"))
    train_config.seed = 1
    other = train(train_config, tmp_path / "other")
    name = "network.head.weight"
    assert torch.equal(weights_of(first)[name], weights_of(second)[name])
    assert not torch.equal(weights_of(first)[name], weights_of(other)[name])


def test_bfloat16_trains_and_is_judged_in_float32(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, set[torch.dtype]] = {}
    forward = CrackSegmenter.forward

    def watched(self: CrackSegmenter, image: torch.Tensor) -> torch.Tensor:
        logits = forward(self, image)
        assert self.trainer.state.fn is not None
        seen.setdefault(self.trainer.state.fn.value, set()).add(logits.dtype)
        return logits

    monkeypatch.setattr(CrackSegmenter, "forward", watched)
    train_config.trainer.precision = "bf16-mixed"
    train_config.trainer.max_epochs = 1
    train(train_config, tmp_path / "run")
    assert torch.bfloat16 in seen["fit"]
    assert seen["validate"] == seen["test"] == {torch.float32}


def test_a_broken_loss_stops_in_words(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.optimizer.lr = 1e30
    with pytest.raises(TrainingError) as caught:
        train(train_config, tmp_path / "run")
    assert re.match(r"the loss is (nan|inf) in epoch \d: lower optimizer.lr", str(caught.value))


def test_class_weights_by_hand_are_taken(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.loss.class_weights = [0.5, 7.0]
    train_config.trainer.max_epochs = 1
    result = train(train_config, tmp_path / "run")
    told = read_checkpoint(result.checkpoint).parameters
    assert told.loss.class_weights == (0.5, 7.0)
    assert told.data.class_weights != (0.5, 7.0)


def test_other_data_are_announced_first(
    train_config: TrainConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train_config.data.root = str(tmp_path / "nowhere")
    with caplog.at_level("INFO", "crackseg"), pytest.raises(DatasetNotFoundError):
        train(train_config, tmp_path / "run")
    assert caplog.messages[0].startswith(f"data: tiny, below {tmp_path / 'nowhere'} (others: ")


def test_faults_are_told_before_anything_is_made(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.data.image_size = 30
    with pytest.raises(ConfigError, match="multiples of 4"):
        train(train_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_whole_road_can_learn(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.trainer.max_epochs = 16
    train_config.data.augment = False
    train_config.optimizer.lr = 1e-2
    result = train(train_config, tmp_path / "run")
    assert result.metrics["val"]["stored"]["crack_iou"] > 0.8


@pytest.mark.slow
def test_two_processes_train_and_judge_as_one(train_config: TrainConfig, tmp_path: Path) -> None:
    """In a process of its own: the second process starts the whole command again."""
    from tests.helpers.commands import run

    common = [
        "data=crackseg9k",
        f"data.root={train_config.data.root}",
        f"data.cache={tmp_path}",
        "data.image_size=32",
        "data.batch_size=2",
        "data.counts=[12,5,3]",
        "model.depth=2",
        "model.base_channels=4",
        "trainer.accelerator=cpu",
        "trainer.max_epochs=1",
        "trainer.precision=32-true",
    ]
    done = run("train.py", *common, "trainer.devices=2", "trainer.strategy=ddp", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    together = json.loads((tmp_path / "metrics.json").read_text())
    judged = run(
        "evaluate.py",
        f"checkpoint={tmp_path / 'best.ckpt'}",
        "trainer.accelerator=cpu",
        folder=tmp_path / "alone",
    )
    assert judged.returncode == 0, judged.stderr
    alone = json.loads((tmp_path / "alone" / "metrics.json").read_text())
    assert alone["half"]["totals"] == pytest.approx(together["test"]["half"], abs=1e-6)
    assert alone["images"] == 3


def test_trainer_is_told_not_to_divide_photographs_again(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class AskedError(Exception):
        pass

    def watched(self: Trainer, **settings: object) -> None:
        raise AskedError(settings["use_distributed_sampler"])

    monkeypatch.setattr(Trainer, "__init__", watched)
    with pytest.raises(AskedError, match="False"):
        train(train_config, tmp_path / "run")
