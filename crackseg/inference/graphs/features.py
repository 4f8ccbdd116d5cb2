"""Lets a graph also give the deepest features of its network."""

import onnx
from onnx import TensorProto

FEATURES = "features"
# What a decoder begins with.
_ENLARGING = ("Resize", "Upsample", "ConvTranspose")


def with_features(graph: bytes) -> bytes:
    """A serialised graph that has the deepest features, float32 (N, C, h, w), as a second output.

    They are what is enlarged first.

    Args:
        graph: Serialised graph of :mod:`crackseg.inference.graphs.export`, in float or in int8.
    """
    model = onnx.load_model_from_string(graph)
    deepest = next(node.input[0] for node in model.graph.node if node.op_type in _ENLARGING)
    model.graph.node.append(onnx.helper.make_node("Identity", [deepest], [FEATURES]))
    output = onnx.helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, None)
    model.graph.output.append(output)
    data: bytes = model.SerializeToString()
    return data
