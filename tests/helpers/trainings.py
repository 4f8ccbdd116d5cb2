"""Trainings that are watched, or disturbed."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.training.interruption import Interrupted
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.train import train


def before_each_step(
    monkeypatch: pytest.MonkeyPatch, do: Callable[[CrackSegmenter], object]
) -> None:
    """Does something before every training step."""
    step = CrackSegmenter.training_step

    def training_step(self: CrackSegmenter, *arguments: Any) -> torch.Tensor:
        do(self)
        return step(self, *arguments)

    monkeypatch.setattr(CrackSegmenter, "training_step", training_step)


def interrupt(monkeypatch: pytest.MonkeyPatch, epoch: int, number: int = signal.SIGTERM) -> None:
    """Sends a signal at the beginning of an epoch."""

    def send(segmenter: CrackSegmenter) -> None:
        if segmenter.current_epoch == epoch:
            os.kill(os.getpid(), number)

    before_each_step(monkeypatch, send)


def in_halves(config: TrainConfig, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that is interrupted in its third epoch and then resumed."""
    with monkeypatch.context() as patch:
        interrupt(patch, 2)
        with pytest.raises(Interrupted):
            train(config, folder)
    train(config, folder, folder / "last.ckpt")


def same_state(one: Path, other: Path, *parts: str) -> bool:
    """Whether parts of two checkpoints are equal to the bit."""
    first, second = (read_checkpoint(path).content for path in (one, other))
    return all(_equal(first[part], second[part]) for part in parts)


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(one == other)
