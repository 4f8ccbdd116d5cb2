"""A graph of 8 bits: which weights are in whole numbers, and that it says nearly the same."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, checker, numpy_helper

from crackseg.inference.graphs.limits import graph_faults
from crackseg.inference.quantization import (
    Ranges,
    errors_by_layer,
    inner_layers_of,
    layers_of,
    quantize,
    value_ranges,
)
from crackseg.inference.tiling import Pixels
from crackseg.models import NETWORKS
from tests.helpers.networks import small_graph


@pytest.fixture(scope="module", params=NETWORKS)
def graph(request: pytest.FixtureRequest) -> onnx.ModelProto:
    return small_graph(request.param)


@pytest.fixture(scope="module")
def tiles() -> list[Pixels]:
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (1, 3, 24, 20), np.uint8) for _ in range(4)]


@pytest.fixture(scope="module")
def ranges(graph: onnx.ModelProto, tiles: list[Pixels]) -> Ranges:
    return value_ranges(graph, tiles)


@pytest.fixture(scope="module")
def quantized(graph: onnx.ModelProto, ranges: Ranges) -> onnx.ModelProto:
    return quantize(graph, inner_layers_of(graph), ranges)


def probability(model: onnx.ModelProto, pixels: Pixels) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return np.asarray(session.run(None, {"image": pixels})[0])


def weights_of(model: onnx.ModelProto) -> Mapping[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def test_weights_have_7_bits_so_that_no_pair_of_products_leaves_16(
    quantized: onnx.ModelProto,
) -> None:
    weights = [one for one in weights_of(quantized).values() if one.dtype == np.int8 and one.ndim]
    largest = [int(np.abs(one.astype(int)).max()) for one in weights if one.ndim == 4]
    assert len(largest) == len(inner_layers_of(quantized))
    assert max(largest) == 64
    assert 2 * 255 * max(largest) < 2**15


def test_first_and_last_layer_stay_in_float(quantized: onnx.ModelProto) -> None:
    convs = [node for node in quantized.graph.node if node.op_type.startswith("Conv")]
    weights = weights_of(quantized)
    in_float = [weights[node.input[1]].dtype == np.float32 for node in (convs[0], convs[-1])]
    assert in_float == [True, True]
    assert not any(node.input[1] in weights for node in convs[1:-1])


def test_it_is_a_sound_file_of_the_same_form(
    graph: onnx.ModelProto, quantized: onnx.ModelProto
) -> None:
    checker.check_model(quantized, full_check=True)
    assert graph_faults(quantized) == []
    assert quantized.opset_import == graph.opset_import
    assert list(quantized.graph.input) == list(graph.graph.input)
    assert list(quantized.graph.output) == list(graph.graph.output)


@pytest.mark.parametrize(("count", "height", "width"), [(1, 1, 1), (2, 13, 7), (1, 40, 65)])
def test_probability_is_nearly_that_in_float_at_any_size(
    graph: onnx.ModelProto, quantized: onnx.ModelProto, count: int, height: int, width: int
) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (count, 3, height, width), np.uint8)
    wanted, found = probability(graph, pixels), probability(quantized, pixels)
    assert found.shape == wanted.shape
    assert 0 < np.abs(found - wanted).mean() < 0.02


def test_kernels_of_8_bits_say_what_float_arithmetic_says_of_the_same_file(
    quantized: onnx.ModelProto, tiles: list[Pixels]
) -> None:
    options = onnxruntime.SessionOptions()
    # Without its fusions every node between the pairs computes in float.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(quantized.SerializeToString(), options)
    (wanted,) = session.run(None, {"image": tiles[0]})
    # A value at the edge of two steps may fall to either side.
    assert np.abs(probability(quantized, tiles[0]) - wanted).mean() < 2e-3


def test_openvino_says_the_same(quantized: onnx.ModelProto, tiles: list[Pixels]) -> None:
    openvino = pytest.importorskip("openvino", reason="needs the extra openvino")
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(quantized.SerializeToString()), "CPU")
    found = compiled([tiles[0]])[0]
    assert np.abs(probability(quantized, tiles[0]) - found).mean() < 5e-3


def test_ranges_are_means_of_the_ends_of_every_tile(graph: onnx.ModelProto) -> None:
    black, white = (np.full((1, 3, 8, 8), grey, np.uint8) for grey in (0, 255))
    one, other, both = (value_ranges(graph, tiles) for tiles in ([black], [white], [black, white]))
    assert both.keys() == one.keys()
    for name, ends in both.items():
        np.testing.assert_allclose(ends, np.mean([one[name], other[name]], axis=0), rtol=1e-5)


def test_the_layer_that_costs_most_has_the_largest_error(
    graph: onnx.ModelProto, ranges: Ranges, tiles: list[Pixels]
) -> None:
    layers = inner_layers_of(graph)
    nodes = {node.name: node for node in graph.graph.node}
    coarse = nodes[layers[1].nodes[0]].input[0]
    wide = {**ranges, coarse: (-1e4, 1e4)}
    errors = list(errors_by_layer(graph, layers, wide, tiles))
    assert len(errors) == len(layers)
    costliest = [nodes[name] for name in layers[int(np.argmax(errors))].nodes]
    assert any(coarse in (*node.input, *node.output) for node in costliest)


def test_layers_that_are_left_out_stay_in_float(graph: onnx.ModelProto, ranges: Ranges) -> None:
    layers: Sequence = inner_layers_of(graph)
    part = quantize(graph, layers[1:], ranges)
    kept = f"network.{layers[0].name}.weight"
    assert weights_of(part)[kept].dtype == np.float32
    assert [layer.name for layer in layers_of(graph)][1] == layers[0].name
    types = {one.data_type for one in part.graph.initializer}
    assert TensorProto.INT8 in types
