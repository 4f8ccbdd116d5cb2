"""Logs: they go on where a run does, lose nothing, and end with its settings and figures."""

import csv
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.pr_curve.pr_curves_plugin import PrCurvesPlugin
from torch import Tensor
from torch.utils.data import DataLoader
from torch.utils.tensorboard.summary import compute_curve

from crackseg.config.schema import LoggerConfig, TrainConfig, model_config
from crackseg.errors import ConfigError
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.thresholds import THRESHOLD_GRID, scores_at_half_and_stored
from crackseg.runs.history import read_history
from crackseg.training.loggers import (
    HistoryLogger,
    build_loggers,
    hyper_parameters_of,
    log_outcome,
    log_threshold_curves,
)
from crackseg.visualization.plots import threshold_picture

BOTH = LoggerConfig(tensorboard=True, csv=True)


class Tiny(LightningModule):
    """Logs at the ends of epochs, as the segmenter does."""

    def __init__(self, batches: int) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.batches = batches

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        return self.layer(batch).mean()

    def validation_step(self, batch: Tensor, index: int) -> None:
        pass

    def test_step(self, batch: Tensor, index: int) -> None:
        pass

    def on_train_epoch_end(self) -> None:
        self.log("train/loss", 1 / (self.current_epoch + 1))

    def on_validation_epoch_end(self) -> None:
        self.log("val/crack_iou", self.current_epoch / 8)

    def on_test_epoch_end(self) -> None:
        self.log("test/crack_iou", 0.5)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def train_dataloader(self) -> DataLoader[Tensor]:
        return DataLoader(torch.ones(self.batches, 1))

    val_dataloader = test_dataloader = train_dataloader


class KilledError(Exception):
    pass


class KilledBeforeTheEndOf(Callback):
    """Keeps a checkpoint of every epoch, and stops the run between the two logs of one."""

    def __init__(self, epoch: int | None) -> None:
        self.epoch = epoch

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        trainer.save_checkpoint(f"{trainer.default_root_dir}/epoch{trainer.current_epoch}.ckpt")
        if trainer.current_epoch == self.epoch:
            raise KilledError


def run(
    folder: Path,
    epochs: int,
    batches: int = 3,
    resume: int | None = None,
    killed: int | None = None,
) -> list[Logger]:
    """Runs epochs, from the end of epoch ``resume`` on if given, and tests unless killed."""
    resumed_at = None if resume is None else (resume + 1, (resume + 1) * batches)
    loggers = build_loggers(BOTH, folder, resumed_at)
    trainer = Trainer(
        default_root_dir=folder,
        max_epochs=epochs,
        logger=loggers,
        callbacks=[KilledBeforeTheEndOf(killed)],
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
    )
    model = Tiny(batches)
    checkpoint = None if resume is None else folder / f"epoch{resume}.ckpt"
    try:
        trainer.fit(model, ckpt_path=checkpoint)
        trainer.test(model, verbose=False)
    except KilledError:
        pass
    return loggers


def board(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder / "tensorboard"), {"tensors": 0, "images": 0})
    events.Reload()
    return events


def points(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = board(folder)
    return {
        tag: [(event.step, event.value) for event in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }


def history(folder: Path) -> str:
    return (folder / "csv" / "metrics.csv").read_text()


@pytest.fixture(scope="module")
def totals() -> Tensor:
    return count(*drawn())


def drawn() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    mask = (torch.rand(50_000, generator=generator) < 0.1).int()
    noise = torch.randn(50_000, generator=generator, dtype=torch.float64)
    return torch.sigmoid(noise + 2 * mask - 1), mask


def count(probability: Tensor, mask: Tensor) -> Tensor:
    counts = ConfusionCounts(THRESHOLD_GRID)
    counts.update(probability, mask)
    return counts.compute()


def figures(totals: Tensor, test: bool = True) -> dict[str, Any]:
    judged = scores_at_half_and_stored(totals, 0.75)
    subsets = {"val": judged, "test": judged} if test else {"val": judged}
    return {"threshold": 0.75, "best_epoch": 2, "epochs": 3, **subsets}


# What is built.


def test_loggers_are_those_asked_for(tmp_path: Path) -> None:
    assert build_loggers(LoggerConfig(), tmp_path, None) == []
    tensorboard, history = build_loggers(BOTH, tmp_path, None)
    assert isinstance(tensorboard, TensorBoardLogger)
    assert isinstance(history, HistoryLogger)
    assert tensorboard.log_dir == f"{tmp_path}/tensorboard/"
    assert history.save_dir == str(tmp_path / "csv")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["mlflow", "wandb"])
def test_missing_package_is_named_with_its_extra(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError) as caught:
        build_loggers(LoggerConfig(**{package: True}), tmp_path, None)
    assert str(caught.value) == (
        f"logger={package}: {package} is not installed; pip install 'crackseg[{package}]'"
    )


# Going on.


@pytest.mark.parametrize("batches", [1, 3])
def test_resumed_run_logs_as_if_it_had_never_stopped(tmp_path: Path, batches: int) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(whole, 4, batches)
    run(parts, 4, batches, killed=2)
    assert f"\n2,{3 * batches - 1}," in history(parts)
    run(parts, 4, batches, resume=1)
    assert history(parts) == history(whole)
    assert points(parts) == points(whole)
    last = 2 * batches - 1
    assert points(parts)["val/crack_iou"][1] == (last, 0.125)
    assert points(parts)["train/loss"][1] == (last, 0.5)


def test_finished_run_with_more_epochs_is_one_run(tmp_path: Path, totals: Tensor) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    for folder, epochs, resume in ((whole, 4, None), (parts, 2, None), (parts, 4, 1)):
        loggers = run(folder, epochs, resume=resume)
        log_outcome(loggers, {"trainer": {"max_epochs": epochs}}, figures(totals), 3 * epochs)
    assert history(parts) == history(whole)
    assert points(parts) == points(whole)


def test_fresh_run_in_a_used_folder_begins_anew(tmp_path: Path) -> None:
    run(tmp_path, 3)
    run(tmp_path, 1)
    assert read_history(tmp_path / "csv" / "metrics.csv")["val/crack_iou"] == {0: 0.0}
    assert points(tmp_path)["val/crack_iou"] == [(2, 0.0)]


def test_history_is_whole_whenever_a_run_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = HistoryLogger(tmp_path, 0)
    logger.log_metrics({"epoch": 0, "val/loss": 0.5}, 9)
    before = (tmp_path / "metrics.csv").read_text()

    def die(*arguments: Any) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("crackseg.training.loggers.write_table", die)
        with pytest.raises(KilledError):
            logger.log_metrics({"epoch": 0, "train/loss": 0.75}, 9)
    assert (tmp_path / "metrics.csv").read_text() == before
    resumed = HistoryLogger(tmp_path, 1)
    assert (tmp_path / "metrics.csv").read_text() == before
    resumed.log_metrics({"epoch": 1, "val/loss": 1e-3}, 19)
    assert (tmp_path / "metrics.csv").read_text() == ("epoch,step,val/loss\n0,9,0.5\n1,19,0.001\n")
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_history_of_a_run_that_had_none_begins_where_it_is_resumed(tmp_path: Path) -> None:
    HistoryLogger(tmp_path / "csv", 3).log_metrics({"epoch": 3, "val/loss": 0.5}, 39)
    assert read_history(tmp_path / "csv" / "metrics.csv") == {"step": {3: 39}, "val/loss": {3: 0.5}}


def test_other_processes_write_nothing(
    tmp_path: Path, totals: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    loggers = build_loggers(BOTH, tmp_path, None)
    monkeypatch.setattr(rank_zero_only, "rank", 1)
    loggers[1].log_metrics({"val/loss": 0.5}, 9)
    log_outcome(loggers, {"seed": 0}, figures(totals), 9)
    log_threshold_curves(loggers, "val", totals, 0.75, 9)
    assert list(tmp_path.iterdir()) == []


# The outcome.


def hyper_parameters(folder: Path) -> Mapping[str, Any]:
    content = board(folder).SummaryMetadata(hparams_metadata.SESSION_START_INFO_TAG)
    parsed = hparams_metadata.parse_session_start_info_plugin_data(content.plugin_data.content)
    return {key: getattr(value, value.WhichOneof("kind")) for key, value in parsed.hparams.items()}


def test_outcome_is_every_setting_with_its_figures(tmp_path: Path, totals: Tensor) -> None:
    config = TrainConfig(model=model_config("unet")(dropout=0.25))
    config.data.image_size = [96, 160]
    loggers = build_loggers(BOTH, tmp_path, None)
    log_outcome(loggers, asdict(config), figures(totals), 30)
    found = hyper_parameters(tmp_path)
    assert found == hyper_parameters_of(asdict(config))
    assert found["model.dropout"] == 0.25
    assert found["data.image_size"] == "[96, 160]"
    assert found["data.manifest"] == "null"
    assert found["data.augment"] == "true"
    stored = scores_at_half_and_stored(totals, 0.75)["stored"]
    expected = {
        f"hparams/{subset}/{name}": [(30, pytest.approx(stored[name]))]
        for subset in ("val", "test")
        for name in ("crack_iou", "mean_iou", "dice", "precision", "recall")
    }
    assert points(tmp_path) == {**expected, "hparams/threshold": [(30, 0.75)]}
    with (tmp_path / "csv" / "metrics.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert float(row["hparams/test/dice"]) == stored["dice"]
    assert row["step"] == "30"


def test_outcome_does_not_fix_the_columns_of_other_runs(tmp_path: Path, totals: Tensor) -> None:
    log_outcome(build_loggers(BOTH, tmp_path, None), {"seed": 0}, figures(totals, test=False), 30)
    events = board(tmp_path)
    with pytest.raises(KeyError):
        events.SummaryMetadata(hparams_metadata.EXPERIMENT_TAG)
    assert "hparams/test/crack_iou" not in points(tmp_path)


def test_outcome_is_logged_after_lightning_closed_the_logs(tmp_path: Path, totals: Tensor) -> None:
    log_outcome(run(tmp_path, 1), {"seed": 7}, figures(totals), 3)
    assert hyper_parameters(tmp_path) == {"seed": 7.0}
    assert (tmp_path / "tensorboard" / "hparams.yaml").read_text() == "seed: 7\n"


def test_flat_settings_keep_empty_groups_and_name_nested_ones() -> None:
    nested = {"loss": {"terms": {"bce": 1.0, "dice": 0.5}}, "data": {"counts": [8, 1, 1], "x": {}}}
    assert hyper_parameters_of(nested) == {
        "loss.terms.bce": 1.0,
        "loss.terms.dice": 0.5,
        "data.counts": "[8, 1, 1]",
        "data.x": "{}",
    }


# The curves over the threshold.


def test_precision_recall_curve_is_the_one_that_tensorboard_would_compute(tmp_path: Path) -> None:
    probability, mask = drawn()
    totals = count(probability, mask)
    log_threshold_curves(build_loggers(BOTH, tmp_path, None), "val", totals, 0.75, 30)
    (event,) = board(tmp_path).Tensors("val/precision_recall")
    curve = np.array(event.tensor_proto.float_val, np.float32).reshape(6, 101)
    expected = compute_curve(mask.numpy(), probability.numpy(), num_thresholds=101)
    assert np.abs(curve - expected)[:, :-1].max() <= 1
    assert np.abs(curve - expected)[4:, :-1].max() < 1e-3
    shown = PrCurvesPlugin._make_pr_entry(None, 30, 0.0, curve)
    at_half = shown["thresholds"].index(0.5)
    names = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    assert [shown[name][at_half] for name in names] == totals[49].tolist()
    assert shown["recall"][0] == 1


def test_precision_recall_curve_of_no_crack_is_drawn(tmp_path: Path) -> None:
    totals = count(torch.zeros(100), torch.zeros(100))
    log_threshold_curves(build_loggers(BOTH, tmp_path, None), "test", totals, 0.5, 30)
    (event,) = board(tmp_path).Tensors("test/precision_recall")
    curve = np.array(event.tensor_proto.float_val).reshape(6, 101)
    assert np.isfinite(curve).all()
    assert (curve[2, 1:] == 100).all()


def test_threshold_picture_is_in_tensorboard(tmp_path: Path, totals: Tensor) -> None:
    log_threshold_curves(build_loggers(BOTH, tmp_path, None), "val", totals, 0.75, 30)
    (event,) = board(tmp_path).Images("val/threshold")
    height, width, _ = threshold_picture(totals.numpy(), 0.75).shape
    assert (event.step, event.height, event.width) == (30, height, width)


def test_curves_without_tensorboard_are_left_out(tmp_path: Path, totals: Tensor) -> None:
    loggers = build_loggers(LoggerConfig(csv=True), tmp_path, None)
    log_threshold_curves(loggers, "val", totals, 0.75, 30)
    assert list(tmp_path.iterdir()) == []


# Trackers of others, where they are installed.


def test_mlflow_keeps_one_run_over_parts(
    tmp_path: Path, totals: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow = pytest.importorskip("mlflow", reason="needs pip install crackseg[mlflow]")
    # Other libraries leave None there, by which MLflow takes it for imported.
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    folder = Path("outputs", "runs", "morning")
    for epochs, resumed_at in ((1, None), (2, (1, 3))):
        (logger,) = build_loggers(LoggerConfig(mlflow=True), folder, resumed_at)
        logger.log_metrics({"val/crack_iou": epochs / 8, "epoch": epochs - 1}, 3 * epochs - 1)
        logger.finalize("success")
        settings = {"trainer": {"max_epochs": epochs}, "seed": 0}
        log_outcome([logger], settings, figures(totals), 3 * epochs)
    client = mlflow.MlflowClient(f"sqlite:///{tmp_path}/outputs/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'crackseg'")
    (found,) = client.search_runs([experiment.experiment_id])
    assert found.info.run_name == "morning"
    assert found.data.params == {"trainer.max_epochs": "1", "seed": "0"}
    assert found.data.metrics["hparams/threshold"] == 0.75
    steps = client.get_metric_history(found.info.run_id, "val/crack_iou")
    assert [(point.step, point.value) for point in steps] == [(2, 0.125), (5, 0.25)]


def test_mlflow_goes_to_the_server_that_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("mlflow", reason="needs pip install crackseg[mlflow]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    build_loggers(LoggerConfig(mlflow=True), tmp_path / "run", None)
    assert (tmp_path / "elsewhere.db").is_file()
    assert not (tmp_path / "outputs").exists()


def test_wandb_writes_offline_and_keeps_its_id(
    tmp_path: Path, totals: Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wandb = pytest.importorskip("wandb", reason="needs pip install crackseg[wandb]")
    monkeypatch.delenv("WANDB_MODE", raising=False)
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_SILENT", "true")
    ids = []
    for resumed_at in (None, (1, 3), None):
        (logger,) = build_loggers(LoggerConfig(wandb=True), tmp_path, resumed_at)
        log_outcome([logger], {"optimizer": {"lr": 0.1}}, figures(totals), 30)
        assert logger.experiment.offline
        assert logger.experiment.config["optimizer.lr"] == 0.1
        ids.append(logger.version)
    wandb.finish()
    assert ids[0] == ids[1] != ids[2]
    written = {path.name.rpartition("-")[2] for path in (tmp_path / "wandb").glob("offline-run-*")}
    assert written == set(ids)
