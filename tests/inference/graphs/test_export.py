"""A network as an ONNX graph: the same probability, for any size, without what training needs."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import checker

from crackseg.inference.graphs.export import fold_batch_norms
from crackseg.inference.graphs.limits import OPSET, graph_faults
from crackseg.models import SkipNetwork
from crackseg.models.unet import PaperUNet

SIZES = [(1, 1, 1), (1, 8, 12), (3, 13, 7), (2, 40, 65)]


@pytest.mark.parametrize(("count", "height", "width"), SIZES)
def test_probability_is_that_of_the_network_at_any_size(
    network: SkipNetwork, graph: onnx.ModelProto, count: int, height: int, width: int
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (count, 3, height, width), np.uint8)
    with torch.inference_mode():
        wanted = torch.sigmoid(network(torch.from_numpy(pixels).float() / 255)).numpy()
    session = onnxruntime.InferenceSession(graph.SerializeToString())
    (found,) = session.run(None, {"image": pixels})
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_graph_is_sound_and_says_what_it_takes_and_gives(graph: onnx.ModelProto) -> None:
    checker.check_model(graph, full_check=True)
    assert [(entry.domain, entry.version) for entry in graph.opset_import] == [("", OPSET)]
    ((image,), (probability,)) = graph.graph.input, graph.graph.output
    sides = [
        [side.dim_value or side.dim_param for side in value.type.tensor_type.shape.dim]
        for value in (image, probability)
    ]
    assert sides == [["N", 3, "H", "W"], ["N", 1, "H", "W"]]
    assert (image.name, probability.name) == ("image", "probability")


def test_batch_normalisation_is_part_of_the_convolutions(
    network: SkipNetwork, graph: onnx.ModelProto
) -> None:
    operators = {node.op_type for node in graph.graph.node}
    assert "Conv" in operators
    assert "Dropout" not in operators
    # That of the report's network comes after skips are joined, not after convolutions.
    assert ("BatchNormalization" in operators) == isinstance(network, PaperUNet)


def test_padding_of_features_is_part_of_the_convolutions(graph: onnx.ModelProto) -> None:
    assert [node.op_type for node in graph.graph.node].count("Pad") == 1
    assert graph_faults(graph) == []


def test_folding_leaves_the_network_as_it_is(network: SkipNetwork) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_batch_norms(network)
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
