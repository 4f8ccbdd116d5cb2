"""Lets a graph also give the deepest features of its network."""

import onnx
from onnx import TensorProto

from crackseg.errors import CheckpointError

FEATURES = "features"
# What a decoder begins with.
_ENLARGING = ("Resize", "Upsample", "ConvTranspose")


def with_features(graph: bytes) -> bytes:
    """A serialised graph that has the deepest features, float32 (N, C, h, w), as a second output.

    They are what is enlarged first; where nothing is, as there is no decoder, what the last
    convolution takes.

    Args:
        graph: Serialised graph of :mod:`crackseg.inference.graphs.export`, in float or in int8.

    Raises:
        CheckpointError: It has no convolution: it is none of those graphs.
    """
    model = onnx.load_model_from_string(graph)
    enlarging = [node for node in model.graph.node if node.op_type in _ENLARGING]
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    after = [*enlarging[:1], *convolutions[-1:]]
    if not after:
        raise CheckpointError("the graph has no convolution; export the network again")
    deepest = after[0].input[0]
    model.graph.node.append(onnx.helper.make_node("Identity", [deepest], [FEATURES]))
    output = onnx.helper.make_tensor_value_info(FEATURES, TensorProto.FLOAT, None)
    model.graph.output.append(output)
    data: bytes = model.SerializeToString()
    return data
