"""A network of torch comes back from any file that can be trained on."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.errors import CheckpointError
from crackseg.inference.graphs.half_precision import with_half_weights
from crackseg.inference.graphs.trainable import largest_difference, trainable_network
from crackseg.inference.model_file import read_model, write_model
from crackseg.models import NETWORKS, SkipNetwork
from crackseg.weights.registry import BUNDLED
from crackseg.workflows.train import TrainResult
from tests.helpers.networks import small_arguments


@pytest.mark.parametrize("half", [False, True])
def test_an_onnx_file_gives_its_network_back(
    network: SkipNetwork, graph: onnx.ModelProto, half: bool, exported: Path, tmp_path: Path
) -> None:
    name = next(name for name, made in NETWORKS.items() if made is type(network))
    stored = with_half_weights(graph) if half else graph
    path = tmp_path / "model.onnx"
    info = replace(
        read_model(exported).info,
        network=name,
        arguments=small_arguments(name, depth=2),
        licence="mine",
    )
    write_model(stored, info, path)
    found = trainable_network(path)
    assert largest_difference(found.network, stored.SerializeToString()) < 1e-4
    assert (found.name, found.licence, found.model.name) == ("model.onnx", "mine", name)
    if not half:
        image = torch.rand(1, 3, 40, 52)
        with torch.inference_mode():
            torch.testing.assert_close(found.network(image), network(image), atol=1e-4, rtol=1e-4)
    assert all(weight.requires_grad for weight in found.network.parameters())


def test_a_checkpoint_gives_its_network_calibrated(trained: TrainResult) -> None:
    checkpoint = read_checkpoint(trained.checkpoint)
    found = trainable_network(trained.checkpoint)
    wanted = checkpoint.network_weights
    assert all(torch.equal(wanted[n], value) for n, value in found.network.state_dict().items())
    assert found.usage == checkpoint.parameters
    assert (found.name, found.licence) == ("best.ckpt", "")


def test_networks_of_the_package_can_be_trained() -> None:
    for model in BUNDLED:
        found = trainable_network(model.path)
        assert (found.name, found.licence) == (model.name, model.licence)


def rewritten(path: Path, to: Path, **values: object) -> Path:
    file = read_model(path)
    graph = onnx.load_model_from_string(file.graph)
    write_model(graph, replace(file.info, **values), to)  # type: ignore[arg-type]
    return to


def test_a_file_that_does_not_say_how_its_network_is_made_is_refused(
    exported: Path, tmp_path: Path
) -> None:
    old = rewritten(exported, tmp_path / "old.onnx", arguments=None)
    assert np.isfinite(read_model(old).info.threshold)
    with pytest.raises(CheckpointError, match=r"an earlier crackseg wrote it .*export it again"):
        trainable_network(old)


def test_a_file_that_names_another_network_is_refused(exported: Path, tmp_path: Path) -> None:
    arguments = {**(read_model(exported).info.arguments or {}), "convs_per_level": 1}
    other = rewritten(exported, tmp_path / "other.onnx", arguments=arguments)
    with pytest.raises(CheckpointError, match="its graph is not that of the network unet"):
        trainable_network(other)
    wrong = rewritten(exported, tmp_path / "wrong.onnx", arguments={"depth": 99})
    with pytest.raises(CheckpointError, match=r"refused, model\.depth=99"):
        trainable_network(wrong)
