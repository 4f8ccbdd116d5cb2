"""Weights in 16 bits: the same graph to every runtime, and a file of half the size."""

import numpy as np
import onnx
import pytest
from onnx import checker, numpy_helper

from crackseg.inference.engines import OnnxEngine
from crackseg.inference.graphs.half_precision import with_half_weights
from crackseg.inference.graphs.limits import graph_faults
from tests.helpers.networks import small_graph


@pytest.fixture
def graph() -> onnx.ModelProto:
    return small_graph("unet")


def tensors(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}


def test_kernels_are_rounded_and_all_else_stays(graph: onnx.ModelProto) -> None:
    before = graph.SerializeToString()
    half = with_half_weights(graph)
    assert graph.SerializeToString() == before
    checker.check_model(half, full_check=True)
    assert graph_faults(half) == []
    found = tensors(half)
    for name, values in tensors(graph).items():
        if values.dtype == np.float32 and values.ndim > 1:
            assert found[f"{name}_half"].dtype == np.float16
            np.testing.assert_array_equal(found[f"{name}_half"], values.astype(np.float16))
        else:
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_every_runtime_computes_in_float32(graph: onnx.ModelProto, engine: str) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    widened = onnx.ModelProto()
    widened.CopyFrom(graph)
    for tensor in widened.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.ndim > 1:
            rounded = values.astype(np.float16).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(rounded, tensor.name))
    pixels = np.random.default_rng(1).integers(0, 256, (1, 3, 24, 40), np.uint8)
    one, other = (
        OnnxEngine(engine, model.SerializeToString(), 4, 20, float32=True).logits(pixels)
        for model in (with_half_weights(graph), widened)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_weights_beyond_the_range_are_seen_as_no_numbers(graph: onnx.ModelProto) -> None:
    huge = onnx.ModelProto()
    huge.CopyFrom(graph)
    kernel = next(one for one in huge.graph.initializer if len(one.dims) == 4)
    values = np.full(tuple(kernel.dims), 1e6, np.float32)
    kernel.CopyFrom(numpy_helper.from_array(values, kernel.name))
    assert graph_faults(with_half_weights(huge)) == ["some of its weights are not finite numbers"]
