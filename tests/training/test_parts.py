"""Parts of a network that learn at a rate of their own, or not at all."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.errors import CheckpointError
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.train import train
from tests.helpers.trainings import before_each_step, in_halves, same_state


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """The weights and statistics before the first step of what is trained in a test."""
    seen: dict[str, Tensor] = {}

    def note(segmenter: CrackSegmenter) -> None:
        for name, one in segmenter.network.state_dict().items():
            seen.setdefault(name, one.clone())

    before_each_step(monkeypatch, note)
    return seen


def test_frozen_parts_keep_weights_and_statistics(
    train_config: TrainConfig, tmp_path: Path, begun: dict[str, Tensor]
) -> None:
    train_config.optimizer.freeze = ["encoder", "head"]
    train(train_config, tmp_path / "run")
    last = read_checkpoint(tmp_path / "run/last.ckpt")
    for name, one in last.network_weights.items():
        frozen = name.startswith(("encoder.", "head."))
        assert torch.equal(one, begun[name]) == frozen, name
    trained = [name for name in begun if name.startswith(("bottom.", "decoder."))]
    statistics = ("running_mean", "running_var", "num_batches_tracked")
    weights = [name for name in trained if not name.endswith(statistics)]
    assert len(last.content["optimizer_states"][0]["state"]) == len(weights)


def test_an_encoder_learns_at_its_own_rate(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_config.optimizer.encoder_lr_factor = 0.25
    train_config.scheduler.name, train_config.trainer.max_epochs = "cosine", 1
    rates = []

    def note(segmenter: CrackSegmenter) -> None:
        rates.append([group["lr"] for group in segmenter.trainer.optimizers[0].param_groups])

    before_each_step(monkeypatch, note)
    train(train_config, tmp_path / "run")
    assert rates[0] == [1e-3, 0.25e-3]
    assert rates[-1][0] < 0.2e-3
    assert [encoder / rest for rest, encoder in rates] == pytest.approx([0.25] * 4)
    (state,) = read_checkpoint(tmp_path / "run/last.ckpt").content["optimizer_states"]
    segmenter = CrackSegmenter.from_checkpoint(read_checkpoint(tmp_path / "run/last.ckpt"))
    sizes = [len(group["params"]) for group in state["param_groups"]]
    assert sizes[1] == len(list(segmenter.network.encoder.parameters()))
    assert sum(sizes) == len(list(segmenter.network.parameters()))


def of_both(config: TrainConfig) -> TrainConfig:
    """Settings with a frozen part, and an encoder that learns more slowly, on a plateau."""
    config.optimizer.encoder_lr_factor, config.optimizer.freeze = 0.1, ["bottom"]
    config.scheduler.patience, config.scheduler.monitor = 0, "val/precision"
    config.callbacks.average = 0.9
    return config


def test_a_training_of_parts_goes_on_as_an_undisturbed_one(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_both(train_config).trainer.max_epochs = 4
    train(train_config, tmp_path / "whole")
    in_halves(train_config, tmp_path / "halves", monkeypatch)
    one, other = (tmp_path / name / "last.ckpt" for name in ("whole", "halves"))
    assert same_state(one, other, "state_dict", "optimizer_states", "lr_schedulers")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lr": 1e-3}, "a learning rate of 0.001, not 0.0001"),
        ({"weight_decay": 0.5}, "param_groups.1.weight_decay=0.5: 0.0001 in this run"),
    ],
)
def test_the_state_of_every_part_is_compared(
    train_config: TrainConfig, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    of_both(train_config).trainer.max_epochs = 1
    train(train_config, tmp_path / "run")
    content = dict(read_checkpoint(tmp_path / "run/last.ckpt").content)
    content["optimizer_states"][0]["param_groups"][1].update(change)
    write_checkpoint(content, tmp_path / "run/last.ckpt")
    with pytest.raises(CheckpointError) as caught:
        train(train_config, tmp_path / "run", tmp_path / "run/last.ckpt")
    assert message in str(caught.value)
