"""Stores the weights of a network's ONNX graph in 16 bits; it computes in 32 bits as before.

Processors have no arithmetic for float16, so every runtime widens the weights when it opens the
file, and takes as much time and memory as with the whole ones. Only the file is half as large.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_SUFFIX = "_half"


def with_half_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """A graph whose kernels are stored in float16, each before a Cast to float32.

    Biases and other short rows of numbers stay, since they are next to nothing of the file.

    Args:
        model: Graph in float32; it stays as it is.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    kernels = [one for one in graph.initializer if _is_kernel(one)]
    casts = [
        helper.make_node("Cast", [_half(name)], [name], f"{name}_widened", to=TensorProto.FLOAT)
        for name in (kernel.name for kernel in kernels)
    ]
    for kernel in kernels:
        # Numbers beyond its range become infinite, which whoever compares the two graphs finds.
        with np.errstate(over="ignore"):
            values = numpy_helper.to_array(kernel).astype(np.float16)
        kernel.CopyFrom(numpy_helper.from_array(values, _half(kernel.name)))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return halved


def _is_kernel(tensor: TensorProto) -> bool:
    return tensor.data_type == TensorProto.FLOAT and len(tensor.dims) > 1


def whole_name(name: str) -> str:
    """Name that a tensor of a graph had before it was stored in float16; others keep theirs."""
    return name.removesuffix(_SUFFIX)


def _half(name: str) -> str:
    return f"{name}{_SUFFIX}"
