import csv
import shutil
from pathlib import Path
from typing import Any

import pytest

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.errors import CheckpointError
from crackseg.training.checkpointing import SafeCheckpointIO, best_epoch
from crackseg.workflows.train import TrainResult, train


def test_a_moved_run_finds_its_best_epoch_again(trained: TrainResult, tmp_path: Path) -> None:
    moved = shutil.copytree(trained.checkpoint.parent, tmp_path / "moved")
    states = read_checkpoint(moved / "last.ckpt").content["callbacks"]
    (state,) = (
        state for name, state in states.items() if "best_crack_iou" in name and "dirpath" in state
    )
    assert state["dirpath"] != str(moved)
    kept = best_epoch(str(moved), "val/best_crack_iou")
    kept.load_state_dict(state)
    assert kept.best_model_path == str(moved / "best.ckpt")
    assert kept.best_model_score == state["best_model_score"]
    assert list(kept.best_k_models) == [str(moved / "best.ckpt")]


def test_a_checkpoint_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    io, path = SafeCheckpointIO(), tmp_path / "run" / "last.ckpt"
    io.save_checkpoint({"epoch": 1}, path)
    before = path.read_bytes()

    def fails(*arguments: object) -> None:
        Path(str(arguments[1])).write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("torch.save", fails)
    with pytest.raises(OSError, match="disk full"):
        io.save_checkpoint({"epoch": 2}, path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_half_written_checkpoint_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    half = tmp_path / "last.ckpt"
    whole = trained.checkpoint.read_bytes()
    half.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="truncated or damaged"):
        SafeCheckpointIO().load_checkpoint(half)


def test_a_training_goes_on_with_the_class_weights_that_it_began_with(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    """An earlier version may have weighed otherwise, and nothing would tell."""
    run = shutil.copytree(trained.checkpoint.parent, tmp_path / "run")
    content = read_checkpoint(run / "last.ckpt").content
    content["hyper_parameters"]["data"]["class_weights"] = [0.25, 3.5]
    write_checkpoint(content, run / "last.ckpt")
    train_config.trainer.max_epochs = content["epoch"] + 2
    result = train(train_config, run, run / "last.ckpt")
    assert result.metrics["class_weights"] == [0.25, 3.5]


class Killed(BaseException):
    """Ends a process at once."""


def test_a_run_killed_after_its_checkpoint_keeps_the_figures_of_the_epoch(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save = SafeCheckpointIO.save_checkpoint

    def killed(self: SafeCheckpointIO, content: dict[str, Any], path: Any, **named: Any) -> None:
        save(self, content, path, **named)
        if Path(path).name == "last.ckpt":
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(SafeCheckpointIO, "save_checkpoint", killed)
        with pytest.raises(Killed):
            train(train_config, tmp_path)
    train(train_config, tmp_path, tmp_path / "last.ckpt")
    with (tmp_path / "csv" / "metrics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for figure in ("train/loss", "train/lr", "val/loss"):
        assert [row["epoch"] for row in rows if row[figure]] == ["0", "1"]
