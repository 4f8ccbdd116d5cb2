"""A running average of the weights: its numbers, where it stands, and how it goes on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.errors import CheckpointError
from crackseg.training.averaging import RunningAverage, decay_at
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.train import TrainResult, train
from tests.helpers.trainings import in_halves, same_state

DECAY = 0.8
KEY = "RunningAverage"


def test_a_young_average_forgets_its_beginning() -> None:
    assert decay_at(0, 0.999) == 0.1
    assert decay_at(90, 0.999) == 0.91
    assert decay_at(100_000, 0.999) == 0.999


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    train_config.callbacks.average = DECAY
    train_config.trainer.max_epochs = 4
    train_config.model.dropout = 0.3
    return train_config


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Tensor]]:
    """The trained weights before the first step and after every one."""
    seen: list[dict[str, Tensor]] = []
    update = RunningAverage.on_train_batch_end
    begin = RunningAverage.on_train_start

    def note(module: Any) -> None:
        seen.append({name: one.clone() for name, one in module.network.state_dict().items()})

    def on_train_start(self: RunningAverage, trainer: Any, module: Any) -> None:
        note(module)
        begin(self, trainer, module)

    def on_train_batch_end(self: RunningAverage, trainer: Any, module: Any, *more: Any) -> None:
        note(module)
        update(self, trainer, module, *more)

    monkeypatch.setattr(RunningAverage, "on_train_start", on_train_start)
    monkeypatch.setattr(RunningAverage, "on_train_batch_end", on_train_batch_end)
    return seen


def test_checkpoints_hold_the_average_and_the_trained_weights(
    config: TrainConfig, tmp_path: Path, steps: list[dict[str, Tensor]]
) -> None:
    train(config, tmp_path / "run")
    last = read_checkpoint(tmp_path / "run/last.ckpt")
    assert len(steps) == 17
    average = {name: one.double() for name, one in steps[0].items()}
    for step, weights in enumerate(steps[1:]):
        decay = decay_at(step, DECAY)
        for name, one in weights.items():
            average[name] = decay * average[name] + (1 - decay) * one.double()
    trained = last.content["callbacks"][KEY]["weights"]
    for name, one in last.network_weights.items():
        assert torch.equal(trained[name], steps[-1][name]), name
        if name.endswith("num_batches_tracked"):
            assert one == 16
        else:
            torch.testing.assert_close(one.double(), average[name], rtol=1e-4, atol=1e-6)
            assert not torch.equal(one, trained[name]), name


def test_what_is_judged_is_what_is_written(config: TrainConfig, tmp_path: Path) -> None:
    result = train(config, tmp_path / "run")
    best = read_checkpoint(result.checkpoint)
    kept = best.content["callbacks"]
    (score,) = [one["best_score"] for key, one in kept.items() if key.startswith("Patience")]
    assert result.metrics["val"]["stored"]["crack_iou"] == pytest.approx(float(score), abs=1e-6)


def test_an_averaged_training_goes_on_as_an_undisturbed_one(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(config, tmp_path / "whole")
    in_halves(config, tmp_path / "halves", monkeypatch)
    for name in ("best.ckpt", "last.ckpt"):
        one, other = tmp_path / "whole" / name, tmp_path / "halves" / name
        assert same_state(one, other, "epoch", "state_dict", "optimizer_states", "lr_schedulers")
        first, second = (read_checkpoint(path).content["callbacks"][KEY] for path in (one, other))
        for key, weight in first["weights"].items():
            assert torch.equal(second["weights"][key], weight), key


def test_an_average_leaves_the_trained_weights_as_they_would_be(
    config: TrainConfig, tmp_path: Path
) -> None:
    train(config, tmp_path / "averaged")
    config.callbacks.average = None
    train(config, tmp_path / "plain")
    averaged, plain = (read_checkpoint(tmp_path / n / "last.ckpt") for n in ("averaged", "plain"))
    trained = averaged.content["callbacks"][KEY]["weights"]
    # The learning rate is not lowered in so few epochs, whatever was judged.
    for name, one in plain.network_weights.items():
        assert torch.equal(trained[name], one), name


@pytest.fixture
def shared(config: TrainConfig, trained: TrainResult) -> TrainConfig:
    """A training that keeps a quarter of the weights that it begins with."""
    config.init_from, config.callbacks.first_share = str(trained.checkpoint), 0.25
    return config


def test_a_share_of_the_first_weights_stays_in_what_is_written(
    shared: TrainConfig, tmp_path: Path, steps: list[dict[str, Tensor]]
) -> None:
    train(shared, tmp_path / "shared")
    last = read_checkpoint(tmp_path / "shared/last.ckpt")
    first = steps[0]
    shared.callbacks.first_share = None
    train(shared, tmp_path / "alone")
    average = read_checkpoint(tmp_path / "alone/last.ckpt")
    for name, one in last.network_weights.items():
        if one.is_floating_point():
            expected = 0.25 * first[name] + 0.75 * average.network_weights[name]
            torch.testing.assert_close(one, expected)
            assert not torch.equal(one, average.network_weights[name]), name
    # What is trained does not know of it.
    trained, undisturbed = (one.content["callbacks"][KEY]["weights"] for one in (last, average))
    assert all(torch.equal(one, undisturbed[name]) for name, one in trained.items())


def test_a_training_that_shares_the_first_weights_goes_on_as_an_undisturbed_one(
    shared: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(shared, tmp_path / "whole")
    in_halves(shared, tmp_path / "halves", monkeypatch)
    for name in ("best.ckpt", "last.ckpt"):
        one, other = tmp_path / "whole" / name, tmp_path / "halves" / name
        assert same_state(one, other, "epoch", "state_dict", "optimizer_states")
        kept = [read_checkpoint(path).content["callbacks"][KEY] for path in (one, other)]
        assert kept[0].keys() == {"weights", "first", "alone"}
        for part, weights in kept[0].items():
            for key, weight in weights.items():
                assert torch.equal(kept[1][part][key], weight), (part, key)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda saved: saved.pop(KEY), f"it lacks callbacks.{KEY}"),
        (lambda saved: saved[KEY].pop("weights"), f"it lacks callbacks.{KEY}.weights"),
        (lambda saved: saved[KEY].update(weights=[]), f"callbacks.{KEY}.weights=a list: a table"),
        (
            lambda saved: saved[KEY]["weights"].update({"head.bias": torch.zeros(7)}),
            f"callbacks.{KEY}.weights.head.bias=a tensor: not what a training writes there",
        ),
        (
            lambda saved: saved[KEY]["weights"]["head.bias"].fill_(torch.nan),
            f"callbacks.{KEY}.weights.head.bias=a tensor: not what a training writes there",
        ),
    ],
)
def test_an_average_does_not_go_on_without_its_weights(
    config: TrainConfig, averaged: Path, tmp_path: Path, change: Any, message: str
) -> None:
    content = dict(read_checkpoint(averaged).content)
    change(content["callbacks"])
    write_checkpoint(content, tmp_path / "last.ckpt")
    (tmp_path / "best.ckpt").touch()
    with pytest.raises(CheckpointError) as caught:
        train(config, tmp_path, tmp_path / "last.ckpt")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def averaged(config: TrainConfig, tmp_path: Path) -> Path:
    """A checkpoint of a training of one epoch."""
    config.trainer.max_epochs = 1
    train(config, tmp_path / "averaged")
    return tmp_path / "averaged/last.ckpt"


def test_a_plain_training_does_not_go_on_from_an_average(
    config: TrainConfig, averaged: Path
) -> None:
    config.callbacks.average = None
    with pytest.raises(CheckpointError, match="callbacks: more values than a training writes"):
        train(config, averaged.parent, averaged)


def test_a_prediction_takes_the_average(config: TrainConfig, averaged: Path) -> None:
    segmenter = CrackSegmenter.from_checkpoint(read_checkpoint(averaged))
    for name, one in read_checkpoint(averaged).network_weights.items():
        assert torch.equal(segmenter.network.state_dict()[name], one)
