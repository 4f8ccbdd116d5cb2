import os
import signal
from pathlib import Path

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.config import TrainConfig
from crackseg.figures import read_history
from crackseg.interruption import Interrupted
from crackseg.segmenter import CrackSegmenter
from crackseg.workflows.train import train


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    """All that draws random numbers, and a learning rate that falls."""
    train_config.trainer.max_epochs = 4
    train_config.model.dropout = 0.3
    train_config.scheduler.patience = 0
    train_config.scheduler.monitor = "val/precision"
    train_config.logger.tensorboard = True
    return train_config


def interrupt(monkeypatch: pytest.MonkeyPatch, epoch: int, number: int = signal.SIGTERM) -> None:
    """Sends a signal at the beginning of an epoch."""
    step = CrackSegmenter.training_step

    def training_step(self: CrackSegmenter, *arguments: object) -> torch.Tensor:
        if self.current_epoch == epoch:
            os.kill(os.getpid(), number)
        return step(self, *arguments)

    monkeypatch.setattr(CrackSegmenter, "training_step", training_step)


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_resumed_run_ends_as_an_undisturbed_one(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, number: int
) -> None:
    config.data.num_workers = workers
    whole = train(config, tmp_path / "whole")
    with monkeypatch.context() as patch:
        interrupt(patch, 2, number)
        with pytest.raises(Interrupted) as left:
            train(config, tmp_path / "halves")
    assert left.value.code == 128 + number
    assert (tmp_path / "halves/figures/curves.png").is_file()
    halves = train(config, tmp_path / "halves", tmp_path / "halves/last.ckpt")

    first = read_checkpoint(tmp_path / "whole/last.ckpt")
    second = read_checkpoint(tmp_path / "halves/last.ckpt")
    for name, weight in first["state_dict"].items():
        torch.testing.assert_close(second["state_dict"][name], weight, rtol=0, atol=1e-6)
    assert second["lr_schedulers"] == first["lr_schedulers"]
    rates = {group["lr"] for group in first["optimizer_states"][0]["param_groups"]}
    assert max(rates) < config.optimizer.lr, "the learning rate was to fall in this test"
    for key in ("val", "test", "threshold", "epochs", "best_epoch"):
        assert halves.metrics[key] == whole.metrics[key]
    assert read_history(tmp_path / "halves/csv/metrics.csv") == read_history(
        tmp_path / "whole/csv/metrics.csv"
    )
