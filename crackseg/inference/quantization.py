"""Brings the layers of a network's ONNX graph to 8 bits, after its training.

Activations become uint8 with a zero point, weights int8 by channel with 7 bits. Processors without
VNNI add pairs of products in 16 bits: 2 x 255 x 64 fits there, with 8 bits it would not, and the
file would say something else on them.

The first and the last layer stay in float. Both are a small part of the work, and the first sees
the photograph's own greys, the last makes the logits.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, shape_inference
from onnxruntime.quantization import CalibrationMethod, QDQQuantizer, QuantType
from onnxruntime.quantization.calibrate import TensorData, TensorsData

from crackseg.inference.engines import onnxruntime_session
from crackseg.inference.graphs.limits import IMAGE, PROBABILITY
from crackseg.inference.tiling import Logits, Pixels

_WEIGHTED = ("Conv", "ConvTranspose")
_ACTIVATIONS = ("Clip", "HardSwish", "LeakyRelu", "Relu")
# Smallest and largest value of every tensor.
Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True)
class Layer:
    """A convolution of a graph with what is computed in the same bits as it.

    Attributes:
        name: Name of its weights in the network.
        nodes: Names of its nodes: the concatenation before it, itself, the activation after it.
    """

    name: str
    nodes: tuple[str, ...]


def layers_of(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """All layers of a graph in order."""
    weighted = (node for node in model.graph.node if node.op_type in _WEIGHTED)
    return tuple(_layer(model.graph, node) for node in weighted)


def inner_layers_of(model: onnx.ModelProto) -> tuple[Layer, ...]:
    """The layers that can be brought to 8 bits: all but the first and the last one."""
    return layers_of(model)[1:-1]


def _layer(graph: onnx.GraphProto, conv: onnx.NodeProto) -> Layer:
    joined = (
        node for node in graph.node if node.op_type == "Concat" and node.output[0] in conv.input
    )
    activations = (
        node
        for node in graph.node
        if node.op_type in _ACTIVATIONS and node.input[0] == conv.output[0]
    )
    nodes = (*joined, conv, *activations)
    name = conv.input[1].removeprefix("network.").removesuffix(".weight")
    return Layer(name, tuple(node.name for node in nodes))


def value_ranges(model: onnx.ModelProto, tiles: Iterable[Pixels]) -> Ranges:
    """Finds the range of every tensor that a quantised layer reads or writes.

    The ends of a range are means over the tiles of their smallest and largest values: those of the
    one strangest photograph would make the steps of all others coarse.

    Args:
        model: Graph in float.
        tiles: Tiles of photographs, uint8 (1, 3, h, w), at the scale of training.
    """
    names = _tensors(model)
    run = _runner(*_with_ends(model, names))
    ends = np.mean([run(tile) for tile in tiles], axis=0, dtype=np.float64).reshape(-1, 2)
    return {name: (float(low), float(high)) for name, (low, high) in zip(names, ends, strict=True)}


def _with_ends(
    model: onnx.ModelProto, names: Sequence[str]
) -> tuple[onnx.ModelProto, Sequence[str]]:
    """A graph that also finds the smallest and the largest value of its tensors."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    nodes = [
        onnx.helper.make_node(kind, [name], [f"{name}_{kind}"], keepdims=0)
        for name in names
        for kind in ("ReduceMin", "ReduceMax")
    ]
    ends = [node.output[0] for node in nodes]
    probe.graph.node.extend(nodes)
    probe.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, TensorProto.FLOAT, ()) for name in ends
    )
    return probe, ends


def _tensors(model: onnx.ModelProto) -> list[str]:
    """Names of the tensors around all nodes that can be brought to 8 bits."""
    weights = {tensor.name for tensor in model.graph.initializer}
    wanted = {name for layer in inner_layers_of(model) for name in layer.nodes}
    nodes = [node for node in model.graph.node if node.name in wanted]
    names = {name for node in nodes for name in (*node.input, *node.output)}
    return sorted(names - weights)


def _runner(model: onnx.ModelProto, outputs: Sequence[str]) -> Callable[[Pixels], list[Logits]]:
    session = onnxruntime_session(model.SerializeToString())
    return lambda tile: session.run(list(outputs), {IMAGE: tile})


def quantize(model: onnx.ModelProto, layers: Sequence[Layer], ranges: Ranges) -> onnx.ModelProto:
    """Brings layers of a graph to 8 bits.

    Args:
        model: Graph in float; it stays as it is.
        layers: Layers to bring to 8 bits.
        ranges: Ranges of :func:`value_ranges`.

    Returns:
        A graph of the same inputs and outputs, with pairs of QuantizeLinear and DequantizeLinear.
    """
    wanted = {name for layer in layers for name in layer.nodes}
    values = {
        name: TensorData(lowest=np.float32(low), highest=np.float32(high))
        for name, (low, high) in ranges.items()
    }
    quantizer = QDQQuantizer(
        # It changes the graph that it is given.
        shape_inference.infer_shapes(model),
        per_channel=True,
        reduce_range=True,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, values),
        nodes_to_quantize=sorted(wanted),
        nodes_to_exclude=[],
        op_types_to_quantize=sorted({n.op_type for n in model.graph.node if n.name in wanted}),
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    quantized: onnx.ModelProto = quantizer.model.model
    del quantized.graph.value_info[:]
    quantized.producer_name, quantized.producer_version = model.producer_name, ""
    return quantized


def errors_by_layer(
    model: onnx.ModelProto, layers: Sequence[Layer], ranges: Ranges, tiles: Sequence[Pixels]
) -> Iterator[float]:
    """Measures what each layer costs by itself.

    Yields:
        For every layer the mean absolute difference of probability on the tiles when this layer
        alone is brought to 8 bits.
    """
    exact = _probabilities(model, tiles)
    for layer in layers:
        found = _probabilities(quantize(model, [layer], ranges), tiles)
        yield float(np.mean([np.abs(a - b).mean() for a, b in zip(found, exact, strict=True)]))


def _probabilities(model: onnx.ModelProto, tiles: Sequence[Pixels]) -> list[Logits]:
    run = _runner(model, [PROBABILITY])
    return [run(tile)[0] for tile in tiles]
