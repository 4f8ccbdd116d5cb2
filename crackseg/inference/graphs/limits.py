"""Limits of an ONNX graph, so that it can be run in time and memory."""

from collections.abc import Iterator, Mapping, Sequence
from math import prod

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from crackseg.errors import reason_of

IMAGE, PROBABILITY = "image", "probability"
# Of 2022: newer than all that a U-Net needs, and read by every runtime of the last years.
OPSET = 18
# Of what a network may consist: nothing that loops, branches, or makes much of little.
# fmt: off
OPERATORS = frozenset((
    "Add", "AveragePool", "BatchNormalization", "Cast", "Clip", "Concat", "Conv", "ConvTranspose",
    "DequantizeLinear", "Div", "Gather", "GlobalAveragePool", "HardSigmoid", "HardSwish",
    "Identity", "LeakyRelu", "MaxPool", "Mod", "Mul", "Neg", "Pad", "QuantizeLinear", "Relu",
    "Reshape", "Resize", "Shape", "Sigmoid", "Slice", "Squeeze", "Sub", "Unsqueeze",
))
# Of these, what computes with sizes alone.
_OF_SHAPES = frozenset((
    "Add", "Cast", "Concat", "Div", "Gather", "Identity", "Mod", "Mul", "Neg", "Reshape", "Shape",
    "Slice", "Squeeze", "Sub", "Unsqueeze",
))
# fmt: on
_QUANTISING = frozenset(("DequantizeLinear", "QuantizeLinear"))
_BYTES = (TensorProto.INT8, TensorProto.UINT8)
# What takes sizes as further inputs.
_SIZED = frozenset(("Pad", "Reshape", "Resize", "Slice"))
# A size has at most a start and an end for each of four sides; joined twice, it has twice as many.
_MOST_OF_SIZES, _MOST_JOINED = 8, 4
_MOST_NODES = 5_000
# The largest known networks keep some ten thousand numbers for a pixel of a photograph.
_MOST_NUMBERS_PER_PIXEL = 200_000
_FORM = {
    IMAGE: (TensorProto.UINT8, ("N", 3, "H", "W")),
    PROBABILITY: (TensorProto.FLOAT, ("N", 1, "H", "W")),
}
# Sides that no network pads to a multiple of.
_PROBE = (1, 3, 70, 90)


def graph_faults(model: onnx.ModelProto) -> list[str]:
    """Finds what is beyond the limits in a graph that :func:`onnx.checker.check_model` has passed.

    Nothing of the graph is run but what computes the width of padding.

    Returns:
        A line for every fault.
    """
    graph = model.graph
    foreign = sorted({node.op_type for node in graph.node} - OPERATORS)
    domains = sorted({entry.domain for entry in model.opset_import} - {"", "ai.onnx"})
    checks = (
        (not foreign, f"its operators {', '.join(foreign)} are none of a network"),
        (not domains and not model.functions, "it has functions or operators of its own"),
        (len(graph.node) <= _MOST_NODES, f"it has more than {_MOST_NODES:,} nodes"),
        (_has_form(graph), "it does not take pixels uint8 (N, 3, H, W) and give probability"),
        (not any(map(_is_elsewhere, graph.initializer)), "its weights are in another file"),
    )
    faults = [message for holds, message in checks if not holds]
    if faults:
        return faults
    if not all(map(_is_finite, graph.initializer)):
        return ["some of its weights are not finite numbers"]
    weights = {tensor.name: tensor for tensor in graph.initializer}
    steps = (node for node in graph.node if node.op_type in _QUANTISING)
    if not all(_has_sound_steps(node, weights) for node in steps):
        return ["some of its steps of quantisation are not positive or their zeros not of 8 bits"]
    return _size_faults(model)


def _has_form(graph: onnx.GraphProto) -> bool:
    weights = {tensor.name for tensor in graph.initializer}
    values = [value for value in graph.input if value.name not in weights]
    found = {value.name: _form(value) for value in (*values, *graph.output)}
    return found == _FORM


def _form(value: onnx.ValueInfoProto) -> tuple[int, tuple[int | str, ...]]:
    tensor = value.type.tensor_type
    return tensor.elem_type, tuple(side.dim_value or side.dim_param for side in tensor.shape.dim)


def _image(graph: onnx.GraphProto) -> onnx.ValueInfoProto:
    images: list[onnx.ValueInfoProto] = [one for one in graph.input if one.name == IMAGE]
    return images[0]


def _is_elsewhere(tensor: TensorProto) -> bool:
    return tensor.data_location == TensorProto.EXTERNAL


def _is_finite(tensor: TensorProto) -> bool:
    values = numpy_helper.to_array(tensor)
    return values.dtype.kind != "f" or bool(np.isfinite(values).all())


def _has_sound_steps(node: onnx.NodeProto, weights: Mapping[str, TensorProto]) -> bool:
    """Whether the steps and zeros of a quantisation are constants that can be computed with."""
    names = (*node.input, "", "")[1:3]
    step, zero = (weights.get(name) for name in names)
    if step is None or zero is None or step.data_type != TensorProto.FLOAT:
        return False
    # Biases are whole numbers of 32 bits around zero.
    whole = zero.data_type == TensorProto.INT32 and node.op_type == "DequantizeLinear"
    sound = not numpy_helper.to_array(zero).any() if whole else zero.data_type in _BYTES
    return sound and step.dims == zero.dims and bool((numpy_helper.to_array(step) > 0).all())


def _size_faults(model: onnx.ModelProto) -> list[str]:
    """Adds up the numbers that the graph makes of a small image."""
    small = onnx.ModelProto()
    small.CopyFrom(model)
    for side, length in zip(_image(small.graph).type.tensor_type.shape.dim, _PROBE, strict=True):
        side.Clear()
        side.dim_value = length
    try:
        _fix_sizes(small)
        small = shape_inference.infer_shapes(small, strict_mode=True, data_prop=True)
    except Exception as error:
        # A graph that does not fit can fail in any way, as the reference evaluator does.
        return [f"the sizes within its graph do not fit ({reason_of(error)[:80]})"]
    shapes = list(_shapes(small))
    if any(0 in shape for shape in shapes):
        return ["the sizes within its graph cannot be known beforehand"]
    pixels = prod(_PROBE[2:])
    if sum(map(prod, shapes)) > pixels * _MOST_NUMBERS_PER_PIXEL:
        return [f"it makes more than {_MOST_NUMBERS_PER_PIXEL:,} numbers of a pixel"]
    return []


def _fix_sizes(model: onnx.ModelProto) -> None:
    """Replaces sizes that are computed from the image's by those of the small image."""
    made = {name for node in model.graph.node for name in node.output}
    for node in [one for one in model.graph.node if one.op_type in _SIZED]:
        for place, name in enumerate(node.input):
            if place and name in made:
                sizes = np.asarray(_computed(model.graph, name), np.int64)
                fixed = numpy_helper.from_array(sizes, f"{name}_fixed")
                model.graph.initializer.append(fixed)
                node.input[place] = fixed.name


def _computed(graph: onnx.GraphProto, name: str) -> npt.NDArray[np.generic]:
    """Computes a value that depends on the image's shape alone."""
    needed, nodes = {name}, []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            nodes.append(node)
    foreign = {node.op_type for node in nodes} - _OF_SHAPES
    if foreign:
        raise ValueError(f"{', '.join(foreign)} within the computation of a size")
    weights = [tensor for tensor in graph.initializer if tensor.name in needed]
    widest = max((prod(tensor.dims) for tensor in weights), default=1)
    joined = sum(node.op_type == "Concat" for node in nodes)
    if widest > _MOST_OF_SIZES or joined > _MOST_JOINED:
        raise ValueError("too much arithmetic within the computation of a size")
    output = onnx.helper.make_tensor_value_info(name, TensorProto.INT64, None)
    part = onnx.helper.make_graph(nodes[::-1], "part", [_image(graph)], [output], weights)
    opset = onnx.helper.make_opsetid("", OPSET)
    evaluator = ReferenceEvaluator(onnx.helper.make_model(part, opset_imports=[opset]))
    (value,) = evaluator.run(None, {IMAGE: np.zeros(_PROBE, np.uint8)})
    return np.asarray(value)


def _shapes(model: onnx.ModelProto) -> Iterator[Sequence[int]]:
    """Shape of every value of a graph; 0 where a side is not known."""
    graph = model.graph
    known = {value.name: value for value in (*graph.value_info, *graph.output)}
    for name in (name for node in graph.node for name in node.output if name):
        sides = known[name].type.tensor_type.shape.dim if name in known else None
        yield (0,) if sides is None else [side.dim_value for side in sides]
