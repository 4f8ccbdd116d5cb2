"""A training that judges the decoder's lower levels too, and a network that is as without it."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.errors import CheckpointError
from crackseg.losses import bce
from crackseg.losses.deep_supervision import loss_below
from crackseg.models import build_network
from crackseg.models.level_heads import LevelHeads, lower_levels
from crackseg.training.segmenter import HEADS, CrackSegmenter
from crackseg.workflows.train import train
from tests.helpers.networks import small_arguments
from tests.helpers.trainings import before_each_step, in_halves, same_state


@pytest.mark.parametrize("name", ["unet", "unet_paper", "unet_pretrained"])
def test_heads_see_each_lower_level_of_the_decoder(name: str) -> None:
    network = build_network(name, small_arguments(name, 3))
    heads = LevelHeads(network)
    assert len(lower_levels(network)) == len(list(heads.parameters())) / 2 == 2
    image = torch.rand(2, 3, 32, 32)
    seen: list[Tensor] = []
    for level in lower_levels(network):
        level.register_forward_hook(lambda *watched: seen.append(watched[-1]))
    network(image)
    sides = [features.shape[-1] for features in seen]
    assert sorted(sides) == [8, 16]
    largest, smallest = heads((32, 32))
    assert largest.shape == smallest.shape == (2, 1, 32, 32)
    wanted = torch.nn.functional.interpolate(
        next(heads.children())[0](max(seen, key=lambda one: one.shape[-1])),  # type: ignore[index]
        (32, 32),
        mode="bilinear",
    )
    assert torch.equal(largest, wanted)
    (largest.sum() + smallest.sum()).backward()
    assert all(weight.grad is not None for weight in heads.parameters())
    assert network.head.weight.grad is None


def test_heads_leave_the_network_as_it_is_and_rest_where_it_is_judged() -> None:
    network = build_network("unet", small_arguments("unet", 2))
    image, before = torch.rand(1, 3, 16, 16), dict(network.state_dict())
    plain = network.eval()(image)
    heads = LevelHeads(network)
    assert not network.training
    assert torch.equal(network(image), plain)
    assert heads._seen == {}
    assert network.state_dict().keys() == before.keys()
    assert heads.state_dict() == {}


def test_each_level_counts_half_as_much_as_the_one_above() -> None:
    mask = torch.randint(2, (1, 1, 8, 8)).float()
    levels = [torch.randn(1, 1, 8, 8) for _ in range(3)]
    first, second, third = (bce(one, mask) for one in levels)
    wanted = 0.4 * first + 0.2 * second + 0.1 * third
    torch.testing.assert_close(loss_below(bce, levels, mask, 0.4), wanted)


@pytest.fixture
def config(train_config: TrainConfig) -> TrainConfig:
    train_config.loss.deep_supervision = 0.5
    train_config.trainer.max_epochs = 4
    return train_config


def test_a_checkpoint_holds_the_network_alone_and_the_heads_for_going_on(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: dict[str, Tensor] = {}

    def note(segmenter: CrackSegmenter) -> None:
        for name, one in segmenter.network.state_dict().items():
            begun.setdefault(name, one.clone())
        assert segmenter.heads is not None
        for name, one in segmenter.heads.weights().items():
            begun.setdefault(name, one.clone())

    before_each_step(monkeypatch, note)
    config.trainer.max_epochs = 1
    train(config, tmp_path / "deep")
    deep, below = read_checkpoint(tmp_path / "deep/last.ckpt"), dict(begun)
    monkeypatch.undo()
    config.loss.deep_supervision = None
    train(config, tmp_path / "plain")
    plain = read_checkpoint(tmp_path / "plain/last.ckpt")
    assert deep.module_weights.keys() == plain.module_weights.keys()
    weight = "encoder.0.layers.0.weight"
    assert not torch.equal(deep.network_weights[weight], plain.network_weights[weight])
    assert (deep.parameters.loss.deep_supervision, HEADS in plain.content) == (0.5, False)
    assert plain.parameters.as_dict()["loss"].keys() == {"terms", "class_weights"}
    for name, one in deep.content[HEADS].items():
        assert not torch.equal(one, below[name]), "the heads learn"
    assert CrackSegmenter.from_checkpoint(deep).heads is None


@pytest.mark.slow
def test_a_supervised_training_goes_on_as_an_undisturbed_one(
    config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(config, tmp_path / "whole")
    in_halves(config, tmp_path / "halves", monkeypatch)
    one, other = (tmp_path / name / "last.ckpt" for name in ("whole", "halves"))
    assert same_state(one, other, "state_dict", "optimizer_states", "lr_schedulers", HEADS)


@pytest.mark.parametrize("cut", ["all", "one"])
def test_it_does_not_go_on_without_its_heads(config: TrainConfig, tmp_path: Path, cut: str) -> None:
    config.trainer.max_epochs = 1
    train(config, tmp_path)
    content = dict(read_checkpoint(tmp_path / "last.ckpt").content)
    lacking = HEADS if cut == "all" else f"{HEADS}.heads.0.bias"
    if cut == "all":
        del content[HEADS]
    else:
        del content[HEADS]["heads.0.bias"]
    write_checkpoint(content, tmp_path / "last.ckpt")
    with pytest.raises(CheckpointError, match=f"it lacks {lacking}"):
        train(config, tmp_path, tmp_path / "last.ckpt")
