"""Makes a network of torch from the file of any, a checkpoint or an ONNX file, to train it on."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from crackseg.checkpoint import read_checkpoint
from crackseg.checkpoint.parameters import NetworkParameters
from crackseg.errors import CheckpointError
from crackseg.inference.engines import OnnxEngine, is_onnx
from crackseg.inference.graphs.export import normalised_convs
from crackseg.inference.graphs.half_precision import whole_name
from crackseg.inference.model_file import ExportedModel, read_model
from crackseg.inference.tiling import sigmoid
from crackseg.inference.torch_engine import TorchEngine, network_of
from crackseg.models import SkipNetwork, build_network
from crackseg.models.limits import network_faults
from crackseg.parameters.usage import UsageParameters
from crackseg.weights.registry import bundled_at

# Of the graph that crackseg.inference.graphs.export makes.
_NETWORK = "network."
# Between the arithmetic of two programs, in float32.
_LARGEST_DIFFERENCE = 1e-3


@dataclass(frozen=True, eq=False)
class TrainableNetwork:
    """A network of torch, with what was stored beside it.

    Attributes:
        network: Network with its weights, calibrated.
        model: How it is put together.
        usage: What its use on photographs needs.
        name: Name of a network that comes with the package, else of its file.
        licence: Licence of its weights; empty where the file states none.
    """

    network: SkipNetwork
    model: NetworkParameters
    usage: UsageParameters
    name: str
    licence: str


def largest_difference(network: SkipNetwork, graph: bytes) -> float:
    """Largest difference of probability between a network and a serialised graph, on noise."""
    sides = 3 * network.stride + 5, 4 * network.stride + 1
    noise = np.random.default_rng(0).integers(0, 256, (2, 3, *sides), np.uint8)
    engines = (
        TorchEngine(network, "cpu"),
        OnnxEngine("onnxruntime", graph, network.stride, network.radius),
    )
    one, other = (sigmoid(engine.logits(noise)) for engine in engines)
    return float(np.abs(one - other).max())


def trainable_network(path: Path) -> TrainableNetwork:
    """Reads a network.

    Args:
        path: Path of a ``.ckpt`` or ``.onnx`` file.

    Raises:
        CheckpointError: The file cannot be used; or an ONNX file holds whole numbers of 8 bits, or
            does not say how its network is put together.
    """
    if not is_onnx(path):
        checkpoint = read_checkpoint(path)
        usage = checkpoint.parameters
        network, licence = network_of(checkpoint), usage.inherited_licence
        return TrainableNetwork(network, usage.model, usage, path.name, licence)
    file = read_model(path)
    model = _model_of(path, file)
    network = build_network(model.name, model.arguments).eval()
    network.load_state_dict(_weights(network, file))
    _require_same(path, network, file)
    of_package = bundled_at(path)
    name = path.name if of_package is None else of_package.name
    return TrainableNetwork(network, model, file.info, name, file.info.licence)


def _model_of(path: Path, file: ExportedModel) -> NetworkParameters:
    """How the network of an ONNX file is put together."""
    if file.quantised:
        raise CheckpointError(
            f"{path}: its weights have 8 bits, which cannot be trained; give the checkpoint, or "
            "the file of crackseg export without --int8"
        )
    arguments = file.info.arguments
    if arguments is None:
        raise CheckpointError(
            f"{path}: an earlier crackseg wrote it and left out how its network is put together; "
            "give the checkpoint, or export it again"
        )
    faults = network_faults(file.info.network, arguments)
    if faults:
        raise CheckpointError(f"{path}: refused, {'; '.join(faults)}; export it again")
    return NetworkParameters(file.info.network, arguments)


def _weights(network: SkipNetwork, file: ExportedModel) -> dict[str, Tensor]:
    """Weights of a graph by the names that the network has for them, as far as they fit.

    Where the graph's convolution holds the normalisation after it, that normalisation becomes one
    that only adds the convolution's bias.
    """
    graph = onnx.load_model_from_string(file.graph).graph
    stored = {
        whole_name(one.name).removeprefix(_NETWORK): numpy_helper.to_array(one)
        for one in graph.initializer
    }
    weights = network.state_dict()
    for conv, norm in normalised_convs(network):
        bias = stored.get(f"{conv}.bias")
        if f"{norm}.weight" not in stored and bias is not None:
            weights |= _shift_alone(norm, network.get_submodule(norm), bias)
            # It has become the normalisation's.
            del stored[f"{conv}.bias"]
            if f"{conv}.bias" in weights:
                weights[f"{conv}.bias"] = torch.zeros(len(bias))
    fitting = {
        name: torch.from_numpy(np.array(stored[name], np.float32))
        for name, own in weights.items()
        if name in stored and stored[name].shape == tuple(own.shape)
    }
    return weights | fitting


def _shift_alone(name: str, norm: nn.Module, bias: npt.NDArray[np.float32]) -> dict[str, Tensor]:
    """Weights of a batch normalisation, in inference, that adds a bias and changes nothing else."""
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_var is not None
    ones = torch.ones(len(bias))
    return {
        f"{name}.weight": ones,
        f"{name}.bias": torch.from_numpy(np.array(bias, np.float32)),
        f"{name}.running_mean": torch.zeros(len(bias)),
        f"{name}.running_var": ones - norm.eps,
    }


def _require_same(path: Path, network: SkipNetwork, file: ExportedModel) -> None:
    """Compares what the network and the graph make of noise.

    Raises:
        CheckpointError: It is not the same.
    """
    difference = largest_difference(network, file.graph)
    # Not the other way round, since nothing compares with a figure that is no number.
    if not difference <= _LARGEST_DIFFERENCE:
        raise CheckpointError(
            f"{path}: its graph is not that of the network {file.info.network} that it names "
            f"(probabilities differ by {difference:.2g}); give the checkpoint, or export it again"
        )
