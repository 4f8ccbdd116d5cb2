"""Networks as tests want them."""

from functools import cache
from typing import Any

import onnx
import pytest
import torch
from torch import nn

from crackseg.inference.graphs.export import export_network
from crackseg.models import SkipNetwork, build_network


def small_arguments(name: str, depth: int) -> dict[str, Any]:
    """Arguments of a narrow network of so many halvings; skips a test without its library."""
    if name == "unet_pretrained":
        pytest.importorskip("timm", reason="needs the extra pretrained")
        return {"encoder_levels": depth, "decoder_channels": 4}
    return {"base_channels": 4, "depth": depth}


@cache
def small_network(name: str) -> SkipNetwork:
    """A narrow network of two halvings, in inference mode; not to be changed."""
    torch.manual_seed(0)
    return with_statistics(build_network(name, small_arguments(name, depth=2))).eval()


def small_graph(name: str) -> onnx.ModelProto:
    """The graph of :func:`small_network`, made once, as it takes seconds."""
    graph = onnx.ModelProto()
    graph.CopyFrom(_graph(name))
    return graph


@cache
def _graph(name: str) -> onnx.ModelProto:
    return export_network(small_network(name))


def with_statistics(network: SkipNetwork) -> SkipNetwork:
    """Gives its batch normalisations something to say in inference."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.3)
    return network


def watch_tensorfloat(network: SkipNetwork, patch: pytest.MonkeyPatch) -> list[bool]:
    """Allows TensorFloat-32, and learns of each pass whether cuDNN may take it for float32.

    It has 10 bits of mantissa instead of 23.
    """
    allowed: list[bool] = []
    forward = network.forward

    def watched(image: torch.Tensor) -> torch.Tensor:
        allowed.append(torch.backends.cudnn.allow_tf32)
        return forward(image)

    patch.setattr(network, "forward", watched)
    patch.setattr(torch.backends.cudnn, "allow_tf32", True)
    return allowed
