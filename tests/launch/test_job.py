"""One run: begun, begun anew in the same folder, and refused before anything is made."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crackseg.config.schema import TrainConfig
from crackseg.errors import CheckpointError, ConfigError, DatasetNotFoundError, RunBusyError
from crackseg.launch.job import _single
from crackseg.launch.resume import find_checkpoint
from crackseg.runs.record import read_record, state_of
from crackseg.system.exits import Interrupted
from crackseg.training.segmenter import CrackSegmenter
from tests.helpers.doors import Door


def interrupted_in_its_first_epoch(config: TrainConfig, folder: Path) -> None:
    def training_step(self: CrackSegmenter, *arguments: object) -> None:
        raise Interrupted(2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CrackSegmenter, "training_step", training_step)
        with pytest.raises(Interrupted) as left:
            _single(config, folder, ["seed=0"])
    # There is nothing to go on with.
    assert left.value.advice == ""


def test_what_the_message_says_works(train_config: TrainConfig, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    train_config.trainer.max_epochs = 1
    interrupted_in_its_first_epoch(train_config, folder)
    assert read_record(folder)["state"] == "interrupted"
    # A process that was killed could write no state.
    record = {**read_record(folder), "state": "running"}
    (folder / "run.json").write_text(json.dumps(record))
    assert state_of(folder) == "interrupted"
    with pytest.raises(CheckpointError, match="begin it anew") as told:
        find_checkpoint(str(folder))
    advised = re.search(r"hydra\.run\.dir=(\S+)", str(told.value))
    assert advised is not None
    assert Path(advised[1]).resolve() == folder

    # Even with other settings.
    train_config.optimizer.lr = 1e-4
    _single(train_config, folder, ["seed=0", "optimizer.lr=1e-4"])
    record = read_record(folder)
    assert (record["state"], record["resumed"]) == ("done", [])
    assert record["overrides"] == ["seed=0", "optimizer.lr=1e-4"]
    assert find_checkpoint(str(folder)) == folder / "last.ckpt"
    with pytest.raises(ConfigError, match="holds a run, and nothing of it is overwritten"):
        _single(train_config, folder, [])


def test_a_setting_without_effect_is_refused_before_anything_is_made(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    train_config.scheduler.name = "cosine"
    with pytest.raises(ConfigError, match=r"^scheduler\.patience=3: would be ignored, "):
        _single(train_config, tmp_path / "run", ["seed=0", "scheduler.patience=3"])
    assert not (tmp_path / "run").exists()


def test_a_wrong_setting_waits_for_no_training_to_be_imported() -> None:
    code = "import sys, crackseg.launch.job; sys.exit('lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_run_that_its_photographs_refuse_leaves_nothing(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "notes.txt").write_text("of the user")
    train_config.data.root = str(tmp_path / "gone")
    with pytest.raises(DatasetNotFoundError, match="no data set here"):
        _single(train_config, folder, [])
    assert [one.name for one in folder.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("own", ["train.log", "config.yaml"])
def test_files_of_before_stay(own: str, train_config: TrainConfig, tmp_path: Path) -> None:
    (tmp_path / own).write_text("of before")
    train_config.data.root = str(tmp_path / "gone")
    with pytest.raises((DatasetNotFoundError, ConfigError)):
        _single(train_config, tmp_path, [])
    assert (tmp_path / own).read_text().startswith("of before")


def test_a_run_that_had_begun_stays(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def training_step(self: CrackSegmenter, *arguments: object) -> None:
        raise ConfigError("the loss is nan")

    monkeypatch.setattr(CrackSegmenter, "training_step", training_step)
    with pytest.raises(ConfigError, match="the loss is nan"):
        _single(train_config, tmp_path / "run", [])
    assert read_record(tmp_path / "run")["error"] == "the loss is nan"


def test_a_folder_at_which_another_process_works_stays(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*arguments: object, **named: object) -> None:
        (tmp_path / "run.json").write_text("of another process")
        raise RunBusyError("another process is working in this folder")

    monkeypatch.setattr("crackseg.workflows.recorded.train_recorded", busy)
    with pytest.raises(RunBusyError):
        _single(train_config, tmp_path, [])
    assert (tmp_path / "run.json").is_file()


@pytest.mark.parametrize("script", ["train.py", "tune.py"])
def test_a_wrong_setting_leaves_no_folder(script: str, archive: Path, tmp_path: Path) -> None:
    code, _, said = Door(script, archive, tmp_path).run("optimizer.lr=-1")
    assert (code, said[:21]) == (2, "error: optimizer.lr=-")
    assert [one for one in (tmp_path / "outputs").rglob("*") if one.parent.name != "outputs"] == []
