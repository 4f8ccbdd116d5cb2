"""Every engine gives the same deepest features, whatever form the network has."""

import numpy as np
import onnx
import pytest

from crackseg.inference.engines import OnnxEngine
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import SkipNetwork


@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_features_are_those_of_the_network(
    network: SkipNetwork, graph: onnx.ModelProto, name: str
) -> None:
    pytest.importorskip(name, reason=f"needs the extra {name}")
    pixels = np.random.default_rng(1).integers(0, 256, (2, 3, 40, 64), np.uint8)
    wanted_logits, wanted = TorchEngine(network, "cpu").logits_and_features(pixels)
    data = graph.SerializeToString()
    engine = OnnxEngine(name, data, network.stride, network.radius, float32=True)
    logits, found = engine.logits_and_features(pixels)
    assert found.shape == wanted.shape
    assert found.shape[2:] == (40 // network.stride, 64 // network.stride)
    np.testing.assert_allclose(found, wanted, atol=1e-4 * np.abs(wanted).max())
    np.testing.assert_allclose(logits, wanted_logits, atol=1e-2)
    np.testing.assert_array_equal(logits, engine.logits(pixels))
    # No hook is left behind.
    assert not network.decoder[0]._forward_pre_hooks
