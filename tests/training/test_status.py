"""A training says in a file how it goes, and goes on where it cannot."""

import logging
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from crackseg.errors import OutputError
from crackseg.runs.status import Status, read_status
from crackseg.training.watching import status as writing
from crackseg.workflows.train import TrainResult, train
from tests.helpers.settings import small_config


def test_the_last_word_of_a_training(trained: TrainResult) -> None:
    found = read_status(trained.checkpoint.parent)
    assert found is not None
    assert (found.stage, found.epochs_done, found.epochs) == ("end", 6, 6)
    assert found.best is not None
    assert found.last is not None
    assert found.best >= found.last
    assert found.seconds_left is None
    assert (found.host, found.pid) == (socket.gethostname(), os.getpid())
    assert datetime.now(UTC) - found.changed < timedelta(hours=1)


def test_every_epoch_says_how_far_it_is(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Status] = []
    monkeypatch.setattr(writing, "write_status", lambda status, folder: said.append(status))
    monkeypatch.setattr(writing, "_PAUSE", 0.0)
    config = small_config(archive, tmp_path / "cache")
    config.trainer.max_epochs = 3
    train(config, tmp_path / "run")
    assert said[0].epochs_done == 0
    assert said[0].best is None
    assert said[0].seconds_left is None
    done = [one.epochs_done for one in said]
    assert done == sorted(done)
    assert set(done) == {0, 1, 2, 3}
    assert {one.stage for one in said} == {"training", "validation", "test", "end"}
    left = [one.seconds_left for one in said if one.stage == "training" and one.epochs_done == 3]
    assert set(left) == {0.0}
    assert {one.epochs for one in said} == {3}


def test_a_training_that_cannot_be_watched_goes_on(
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(status: Status, folder: Path) -> None:
        raise OutputError(f"{folder}: no room left")

    monkeypatch.setattr(writing, "write_status", refuse)
    config = small_config(archive, tmp_path / "cache")
    config.trainer.max_epochs = 2
    with caplog.at_level(logging.WARNING):
        train(config, tmp_path / "run")
    told = [one for one in caplog.messages if "cannot be watched" in one]
    assert told == [
        f"{tmp_path / 'run'}: no room left; the training goes on, and cannot be watched"
    ]
