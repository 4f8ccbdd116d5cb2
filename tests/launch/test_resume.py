import shutil
import signal
from pathlib import Path

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.config.paths import absolute
from crackseg.config.schema import TrainConfig, write_config
from crackseg.errors import CheckpointError, ConfigError, DatasetError
from crackseg.launch.arguments import expand_resume
from crackseg.launch.resume import CHANGEABLE, find_checkpoint, resumed_config
from crackseg.runs.history import read_history
from crackseg.training.interruption import Interrupted
from crackseg.workflows.train import TrainResult, train
from tests.helpers.trainings import interrupt


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    """All that draws random numbers, and a learning rate that falls."""
    train_config.trainer.max_epochs = 4
    train_config.model.dropout = 0.3
    train_config.scheduler.patience = 0
    train_config.scheduler.monitor = "val/precision"
    train_config.logger.tensorboard = True
    return train_config


@pytest.mark.parametrize(("workers", "number"), [(0, signal.SIGTERM), (2, signal.SIGINT)])
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

    first = read_checkpoint(tmp_path / "whole/last.ckpt").content
    second = read_checkpoint(tmp_path / "halves/last.ckpt").content
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


def test_a_run_that_had_stopped_stays_stopped(config: TrainConfig, tmp_path: Path) -> None:
    config.callbacks.patience, config.trainer.max_epochs = 0, 20
    whole = train(config, tmp_path / "run")
    assert whole.metrics["stopped_early"]
    (tmp_path / "run" / "metrics.json").unlink()
    weights = read_checkpoint(tmp_path / "run/last.ckpt").epoch
    again = train(config, tmp_path / "run", tmp_path / "run/last.ckpt")
    assert read_checkpoint(tmp_path / "run/last.ckpt").epoch == weights
    assert again.metrics == whole.metrics


def test_a_run_does_not_go_on_with_other_photographs(
    config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    config.data.split_seed = 1
    with pytest.raises(DatasetError, match="have changed since this run began"):
        train(config, tmp_path / "run", trained.checkpoint.with_name("last.ckpt"))


def saved(folder: Path, config: TrainConfig) -> Path:
    folder.mkdir(parents=True)
    write_config(absolute(config), folder / "config.yaml")
    (folder / "run.json").write_text('{"state": "interrupted"}')
    return folder


def test_a_run_goes_on_with_its_own_settings(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.optimizer.lr, train_config.seed = 0.25, 7
    folder = saved(tmp_path / "run", train_config)
    given = TrainConfig()
    given.trainer.max_epochs, given.logger.tensorboard = 50, True
    overrides = ["resume=run", "trainer.max_epochs=50", "logger=[tensorboard]"]
    config = resumed_config(folder, given, overrides)
    assert (config.optimizer.lr, config.seed) == (0.25, 7)
    assert (config.trainer.max_epochs, config.trainer.accelerator) == (50, "cpu")
    assert (config.logger.tensorboard, config.logger.csv) == (True, False)
    assert type(config.model) is type(train_config.model)


def test_settings_that_differ_from_the_run_are_named(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "run", train_config)
    given = TrainConfig()
    given.optimizer.lr, given.data.root, given.data.image_size = 0.5, "elsewhere", 32
    overrides = ["optimizer.lr=0.5", "data.image_size=32", "data.root=elsewhere", "experiment=x"]
    with pytest.raises(ConfigError) as raised:
        resumed_config(folder, given, overrides)
    lines = str(raised.value).splitlines()
    assert lines[0] == "experiment: not for a run that goes on"
    assert (
        f"data.root: {Path('elsewhere').resolve()} here, {train_config.data.root} in the run"
        in lines
    )
    assert "optimizer.lr: 0.5 here, 0.001 in the run" in lines
    assert lines[-1].endswith(", ".join(CHANGEABLE))
    assert len(lines) == 4


def test_a_folder_a_checkpoint_or_the_latest_run_can_be_resumed(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    folder = saved(tmp_path / "runs" / "run", train_config)
    with pytest.raises(CheckpointError, match="ended before its first epoch was whole"):
        find_checkpoint(str(folder))
    for name in ("last.ckpt", "best.ckpt"):
        (folder / name).touch()
    assert find_checkpoint(str(folder)) == folder / "last.ckpt"
    assert find_checkpoint(str(folder / "best.ckpt")) == folder / "best.ckpt"
    assert find_checkpoint("latest", tmp_path / "runs") == folder / "last.ckpt"
    with pytest.raises(CheckpointError, match=r"is not a run \(no config.yaml in it\)"):
        find_checkpoint(str(tmp_path))


@pytest.mark.parametrize("text", ["{", "{}", "[]", '"done"', ""])
def test_a_damaged_record_of_a_run_is_named(
    train_config: TrainConfig, tmp_path: Path, text: str
) -> None:
    folder = saved(tmp_path / "run", train_config)
    (folder / "last.ckpt").touch()
    (folder / "run.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"run\.json is damaged .*init_from=.*last\.ckpt"):
        find_checkpoint(str(folder))


def test_a_run_whose_last_epoch_is_gone_is_not_said_to_have_none(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    """Its other message sent back here."""
    folder = saved(tmp_path / "run", train_config)
    (folder / "best.ckpt").touch()
    with pytest.raises(CheckpointError, match=r"last\.ckpt is gone, .*init_from=.*best\.ckpt"):
        find_checkpoint(str(folder))


def test_a_run_whose_best_epoch_is_gone_does_not_go_on(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    """It was trained to the end, and could not be judged then."""
    last = shutil.copy(trained.checkpoint.with_name("last.ckpt"), tmp_path / "last.ckpt")
    train_config.trainer.max_epochs += 1
    with pytest.raises(CheckpointError, match=r"best\.ckpt: it is gone, and may stay the best"):
        train(train_config, tmp_path, last)


def test_two_runs_cannot_be_resumed_at_once(train_config: TrainConfig, tmp_path: Path) -> None:
    """The second was ignored without a word."""
    folder = saved(tmp_path / "run", train_config)
    with pytest.raises(ConfigError, match="resume: given more than once; name one run"):
        expand_resume([f"resume={folder}", "resume=other"])
