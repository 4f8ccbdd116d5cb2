"""What a search sees of a training, and how it ends one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from crackseg.config.schema import TrainConfig
from crackseg.runs.reader import read_run
from crackseg.runs.record import BEST, Pruned
from crackseg.search.queue import BegunTrial
from crackseg.search.trial import EpochReport
from crackseg.workflows.recorded import train_recorded


class Told:
    """A trial that falls behind in some epoch."""

    def __init__(self, behind: int) -> None:
        self.figures: dict[int, float] = {}
        self._behind = behind

    def report(self, epoch: int, figure: float) -> None:
        self.figures[epoch] = figure

    def falls_behind(self) -> bool:
        return len(self.figures) > self._behind


def watched(told: Told, compared: bool = True, most_minutes: float | None = None) -> EpochReport:
    return EpochReport(cast(BegunTrial, told), "val/best_crack_iou", most_minutes, compared)


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    return replace(train_config, trainer=replace(train_config.trainer, max_epochs=3))


def test_every_epoch_is_told_once(config: TrainConfig, tmp_path: Path) -> None:
    told = Told(behind=9)
    result = train_recorded(config, tmp_path / "run", [], watchers=[watched(told)])
    assert list(told.figures) == [0, 1, 2]
    # The best epoch is validated once more at the end, which is no epoch.
    assert max(told.figures.values()) == pytest.approx(result.objective("val/crack_iou"), abs=1e-6)


def test_a_run_that_falls_behind_is_ended_and_its_record_says_why(
    config: TrainConfig, tmp_path: Path
) -> None:
    told = Told(behind=1)
    with pytest.raises(Pruned, match=r"^val/best_crack_iou 0.\d{4} in epoch 2 is behind"):
        train_recorded(config, tmp_path / "run", [], watchers=[watched(told)])
    assert list(told.figures) == [0, 1]
    run = read_run(tmp_path / "run")
    assert run.state == "pruned"
    assert run.complaint.endswith("in epoch 2 is behind the others")
    assert run.finished is not None
    # Its first epoch stays to look at.
    assert (tmp_path / "run" / BEST).is_file()
    assert json.loads((tmp_path / "run" / "status.json").read_text())["epochs_done"] >= 1


def test_a_run_at_its_end_is_not_thrown_away(config: TrainConfig, tmp_path: Path) -> None:
    told = Told(behind=2)
    train_recorded(config, tmp_path / "run", [], watchers=[watched(told)])
    assert len(told.figures) == 3
    assert told.falls_behind()


def test_the_other_seeds_of_a_trial_are_not_compared(config: TrainConfig, tmp_path: Path) -> None:
    told = Told(behind=0)
    train_recorded(config, tmp_path / "run", [], watchers=[watched(told, compared=False)])
    assert told.figures == {}


def test_a_run_ends_after_the_epoch_that_is_too_late(config: TrainConfig, tmp_path: Path) -> None:
    with pytest.raises(Pruned, match=r"minutes, more than search.most_minutes=1e-06"):
        train_recorded(config, tmp_path / "run", [], watchers=[watched(Told(9), most_minutes=1e-6)])
