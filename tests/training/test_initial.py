"""A fresh training that starts from the weights of an earlier checkpoint."""

import hashlib
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from crackseg.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from crackseg.config.paths import absolute
from crackseg.config.schema import EvaluateConfig, TrainConfig, write_config
from crackseg.config.validation import check_networks_named
from crackseg.errors import CheckpointError, ConfigError
from crackseg.inference.graphs.export import normalised_convs
from crackseg.inference.graphs.trainable import trainable_network
from crackseg.launch.resume import resumed_config
from crackseg.metrics.calibration import PlattScaling
from crackseg.models import build_network
from crackseg.models.blocks import PoolingNetwork
from crackseg.models.unet import UNet
from crackseg.training.initial import (
    InitialNetwork,
    drawn_parts_told,
    initial_network,
    take_weights,
)
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult, train
from tests.helpers.commands import ROOT


@pytest.fixture(scope="module")
def checkpoint(trained: TrainResult) -> Checkpoint:
    return read_checkpoint(trained.checkpoint)


@pytest.fixture
def initial(checkpoint: Checkpoint) -> InitialNetwork:
    found = initial_network(str(checkpoint.path))
    assert found is not None
    return found


def test_all_weights_of_a_like_network_are_taken(
    checkpoint: Checkpoint, initial: InitialNetwork, log: pytest.LogCaptureFixture
) -> None:
    network = build_network("unet", {"base_channels": 4, "depth": 2})
    take_weights(network, initial, [])
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, checkpoint.network_weights[name]), name
    count = len(network.state_dict())
    assert log.messages == [f"init_from={checkpoint.path}: {count} of {count} weights taken"]


def test_weights_that_do_not_fit_are_named_and_begin_anew(
    checkpoint: Checkpoint, initial: InitialNetwork, log: pytest.LogCaptureFixture
) -> None:
    network = build_network("unet", {"base_channels": 4, "depth": 1})
    before = {name: weight.clone() for name, weight in network.state_dict().items()}
    take_weights(network, initial, [])
    given = checkpoint.network_weights
    anew = [n for n in before if n not in given or before[n].shape != given[n].shape]
    for name, weight in network.state_dict().items():
        assert torch.equal(weight, (before if name in anew else given)[name]), name
    (told,) = log.messages
    taken = len(before) - len(anew)
    assert f": {taken} of {len(before)} weights taken" in told
    assert f"; beginning anew {len(anew)}: {anew[0]}, " in told
    assert f"; left over there {len(given) - taken}: " in told
    assert " more; the settings of its network are " in told


@pytest.mark.parametrize("channels", [3, 5])
def test_a_checkpoint_of_which_nothing_fits_is_refused(
    initial: InitialNetwork, channels: int
) -> None:
    network = build_network("unet_paper", {"base_channels": channels, "depth": 1})
    # The last convolution alone would fit.
    fits = network.state_dict()["head.weight"].shape == initial.weights["head.weight"].shape
    assert fits == (channels == 3)
    with pytest.raises(CheckpointError) as caught:
        take_weights(network, initial, [])
    assert str(caught.value) == (
        f"{initial.named}: no convolution of its network fits this one by name and shape; its "
        "settings are model=unet model.base_channels=4 model.depth=2"
    )


def test_no_share_is_kept_of_weights_that_begin_anew(initial: InitialNetwork) -> None:
    network = build_network("unet", {"base_channels": 4, "depth": 1})
    with pytest.raises(CheckpointError, match=r"first_share=0\.5 would keep a share of weights"):
        take_weights(network, initial, [], first_share=0.5)


def test_a_network_that_gives_few_weights_is_a_warning(
    initial: InitialNetwork, log: pytest.LogCaptureFixture
) -> None:
    take_weights(build_network("unet", {"base_channels": 4, "depth": 1}), initial, [])
    [record] = log.records
    assert record.levelname == "WARNING"
    settings = "model=unet model.base_channels=4 model.depth=2"
    assert record.message.endswith(f"; the settings of its network are {settings}")


@pytest.mark.parametrize("key", ["init_from", "distill"])
@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("reserch", "reserch: there is no such file; did you mean research?"),
        (
            "none.ckpt",
            "none.ckpt: there is no such file; a checkpoint, an ONNX file, or one of research, "
            "open",
        ),
        ("conf", "conf: a folder; name a .ckpt or .onnx file"),
    ],
)
def test_a_network_that_is_not_there_is_told_before_any_job(
    key: str, given: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with pytest.raises(ConfigError) as caught:
        check_networks_named(TrainConfig(**{key: given}))
    assert str(caught.value) == f"{key}={message}"
    check_networks_named(TrainConfig(**{key: "open"}))


def test_a_run_says_where_its_first_weights_are_from(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    train_config.init_from, train_config.trainer.max_epochs = str(trained.checkpoint), 1
    train_config.optimizer.lr, train_config.scheduler.min_lr = 1e-30, 0
    result = train(train_config, tmp_path / "run")
    last = read_checkpoint(result.checkpoint.with_name("last.ckpt"))
    given = read_checkpoint(trained.checkpoint).network_weights
    assert torch.equal(last.network_weights["head.weight"], given["head.weight"])
    origin = last.parameters.init_from
    assert origin is not None
    assert origin.path == str(trained.checkpoint.resolve())
    assert origin.sha256 == hashlib.sha256(trained.checkpoint.read_bytes()).hexdigest()

    # It goes on from its own weights; the file of the first ones is not needed any more.
    train_config.trainer.max_epochs, train_config.init_from = 2, str(tmp_path / "gone.ckpt")
    train(train_config, tmp_path / "run", last.path)
    assert read_checkpoint(last.path).parameters.init_from == origin


def test_a_network_of_other_subsets_is_named_wherever_leaks_are(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Its training may have had the photographs that this run is judged on."""
    train_config.init_from, train_config.trainer.max_epochs = str(trained.checkpoint), 1
    same = train(train_config, tmp_path / "same")
    assert read_checkpoint(same.checkpoint).parameters.data.begun_from == ""
    train_config.data.split_seed += 1
    result = train(train_config, tmp_path / "other")
    (warning,) = (one for one in log.messages if "trained on other subsets" in one)
    assert warning.startswith("best.ckpt was trained on other subsets and may know photographs")
    end = "best.ckpt, which it began from, was trained on other subsets, and may know any of them"
    config = EvaluateConfig(
        checkpoint=str(result.checkpoint), subset="val", data=train_config.data, save=False
    )
    judged = evaluate(config, tmp_path / "judged")
    assert judged.leak_line.startswith("UNKNOWN: none of ")
    assert judged.leak_line.endswith(end)

    # Files of earlier versions name the network alone that they began from.
    former = read_checkpoint(result.checkpoint).parameters
    leaks = {key: one for key, one in (former.data.leaks or {}).items() if key != "begun_from"}
    assert replace(former, data=replace(former.data, leaks=leaks)).begun_from == "best.ckpt"

    # It is still said of a run that goes on, and of one that begins from that one.
    train_config.trainer.max_epochs = 2
    resumed = train(train_config, tmp_path / "other", result.checkpoint.with_name("last.ckpt"))
    train_config.init_from = str(resumed.checkpoint)
    last = train(train_config, tmp_path / "third")
    for one in (resumed, last):
        assert read_checkpoint(one.checkpoint).parameters.data.begun_from == "best.ckpt"


def test_a_calibrated_checkpoint_is_taken_as_it_was_trained(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    scaled, path = checkpoint.with_scaling(PlattScaling(0.5, -1.0)), tmp_path / "scaled.ckpt"
    write_checkpoint(scaled.content, path)
    initial = initial_network(str(path))
    assert initial is not None
    network = build_network("unet", {"base_channels": 4, "depth": 2})
    take_weights(network, initial, [])
    head = network.state_dict()["head.weight"]
    assert torch.equal(head, checkpoint.trained_weights["head.weight"])
    assert not torch.equal(head, scaled.network_weights["head.weight"])


def test_a_run_learns_on_from_an_onnx_file(
    train_config: TrainConfig, exported: Path, tmp_path: Path
) -> None:
    """Its normalisations are a part of its convolutions, and no training could go on from that."""
    train_config.init_from, train_config.trainer.max_epochs = str(exported), 1
    train_config.optimizer.lr, train_config.scheduler.min_lr = 1e-30, 0
    train_config.optimizer.weight_decay = 0
    train_config.data.num_workers = 1
    result = train(train_config, tmp_path / "run")
    last = read_checkpoint(result.checkpoint.with_name("last.ckpt"))
    assert last.parameters.init_from is not None
    assert last.parameters.init_from.path == str(exported.resolve())
    stored = trainable_network(exported).network
    for conv, norm in normalised_convs(stored):
        own = last.network_weights[f"{conv}.weight"].flatten(1)
        given = stored.state_dict()[f"{conv}.weight"].flatten(1)
        factor = own.norm(dim=1) / given.norm(dim=1)
        # Each channel is another one by a factor, which normalisation makes up for.
        torch.testing.assert_close(own, factor[:, None] * given)
        assert (factor - 1).abs().max() > 0.1
        scale = last.network_weights[f"{norm}.weight"]
        torch.testing.assert_close(scale * factor, torch.ones_like(scale), atol=1e-3, rtol=1e-3)
    assert not multiprocessing.active_children()


def test_a_network_of_another_kind_is_refused_before_it_sees_photographs(exported: Path) -> None:
    def none() -> Iterator[torch.Tensor]:
        raise AssertionError("it looked at a photograph")
        yield

    initial = initial_network(str(exported))
    assert initial is not None
    network = build_network("unet_paper", {"base_channels": 5, "depth": 2})
    with pytest.raises(CheckpointError, match=r"no convolution of its network fits"):
        take_weights(network, initial, none())


def test_a_file_of_the_name_of_a_network_wins(
    exported: Path, filled_box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = TrainConfig(init_from="open", distill="research")
    assert (absolute(config).init_from, absolute(config).distill) == ("open", "research")
    (tmp_path / "open").write_bytes(exported.read_bytes())
    assert absolute(config).init_from == str(tmp_path / "open")


def test_a_network_of_the_package_is_taken_by_its_name(
    train_config: TrainConfig, filled_box: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    train_config.init_from, train_config.trainer.max_epochs = "open", 1
    result = train(train_config, tmp_path / "run")
    count = len(read_checkpoint(result.checkpoint).network_weights)
    assert f"init_from=open: {count} of {count} weights taken" in log.messages
    begun = read_checkpoint(result.checkpoint).parameters
    assert begun.init_from is not None
    assert begun.init_from.path == str(filled_box / "open.onnx")
    assert begun.inherited_licence == begun.init_from.licence != ""


def test_what_does_not_fit_begins_as_in_any_fresh_training(
    train_config: TrainConfig,
    trained: TrainResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def begin(network: PoolingNetwork) -> None:
        for weight in network.parameters():
            torch.nn.init.constant_(weight, 0.25)

    monkeypatch.setattr(UNet, "begin_training", begin)
    train_config.init_from, train_config.trainer.max_epochs = str(trained.checkpoint), 1
    train_config.optimizer.lr, train_config.scheduler.min_lr = 1e-30, 0
    train_config.optimizer.weight_decay = 0
    train_config.model.depth = 1
    result = train(train_config, tmp_path / "run")
    given = read_checkpoint(trained.checkpoint).network_weights
    own = read_checkpoint(result.checkpoint.with_name("last.ckpt")).network_weights
    first = "encoder.0.layers.0.weight"
    assert torch.equal(own[first], given[first])
    anew = "decoder.0.up.weight"
    assert own[anew].shape != given[anew].shape
    assert (own[anew] == 0.25).all()


def test_a_missing_checkpoint_is_told_before_anything_is_made(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    train_config.init_from = str(tmp_path / "none.ckpt")
    with pytest.raises(CheckpointError, match=r"none\.ckpt: there is no such file"):
        train(train_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_that_goes_on_has_its_own_weights(train_config: TrainConfig, tmp_path: Path) -> None:
    write_config(absolute(train_config), tmp_path / "config.yaml")
    train_config.init_from = "other.ckpt"
    with pytest.raises(ConfigError, match=r"^init_from: .*other\.ckpt here, None in the run\n"):
        resumed_config(tmp_path, train_config, ["init_from=other.ckpt"])


def test_frozen_parts_with_random_weights_are_told(
    train_config: TrainConfig, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    train_config.optimizer.freeze, train_config.trainer.max_epochs = ["decoder"], 1
    train(train_config, tmp_path / "run")
    told = (
        "optimizer.freeze=decoder: 6 of its 6 convolutions have random weights and keep them; take "
        "them from another network by init_from=FILE, or let the part learn"
    )
    assert log.messages.count(told) == 1

    log.clear()
    train_config.trainer.max_epochs = 2
    train(train_config, tmp_path / "run", tmp_path / "run/last.ckpt")
    assert not [message for message in log.messages if message.startswith("optimizer.freeze")]


def test_frozen_parts_that_were_given_their_weights_are_not(
    initial: InitialNetwork, log: pytest.LogCaptureFixture
) -> None:
    def begun(depth: int) -> list[str]:
        log.clear()
        network = build_network("unet", {"base_channels": 4, "depth": depth})
        with drawn_parts_told(network, ["encoder", "decoder"]):
            take_weights(network, initial, [])
        return [one for one in log.messages if one.startswith("optimizer.freeze")]

    assert begun(2) == []
    # Of the network with fewer levels, the encoder's fits.
    (line,) = begun(1)
    assert line.startswith("optimizer.freeze=decoder: 3 of its 3 convolutions have random weights")


def test_a_frozen_encoder_has_weights_of_imagenet_or_is_told(log: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("timm", reason="needs the extra pretrained")
    for pretrained in (True, False):
        network = build_network("unet_pretrained", {"encoder_levels": 1, "pretrained": pretrained})
        with drawn_parts_told(network, ["encoder"]):
            network.begin_training()
    (line,) = log.messages
    assert line.startswith("optimizer.freeze=encoder: ")
