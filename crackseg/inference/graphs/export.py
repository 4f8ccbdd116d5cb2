"""Writes a network as an ONNX graph that other programs run: pixels in, probability out."""

import copy
import logging
import warnings
from collections.abc import Sequence
from functools import partial

import onnx
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from crackseg.inference.graphs.limits import IMAGE, OPSET, PROBABILITY
from crackseg.models import SkipNetwork
from crackseg.system.logs import quiet


def export_network(network: SkipNetwork) -> onnx.ModelProto:
    """Makes the ONNX graph of a network.

    The graph takes ``image``, uint8 RGB (N, 3, H, W) of any size at the scale of training, and
    gives ``probability``, float32 (N, 1, H, W) in [0, 1]. Scaling to [0, 1], padding to the
    network's stride and the sigmoid are inside; batch normalisation is part of the convolutions.

    Args:
        network: Trained network; it stays as it is.
    """
    whole = _PixelsToProbability(fold_batch_norms(network))
    # Not a size that any part could take for a constant.
    example = torch.zeros(2, 3, 3 * network.stride + 1, 2 * network.stride + 3, dtype=torch.uint8)
    model = trace(whole, example, (0, 2, 3))
    for value in (*model.graph.input, *model.graph.output):
        for place, name in ((0, "N"), (2, "H"), (3, "W")):
            value.type.tensor_type.shape.dim[place].dim_param = name
    return model


def trace(module: nn.Module, example: Tensor, free: Sequence[int] = ()) -> onnx.ModelProto:
    """Makes an ONNX graph of a module that gives the probability of an image.

    Args:
        module: Module that takes one tensor and gives one.
        example: Input of any values.
        free: Dimensions of the input whose length is left open.
    """
    dimensions = dict.fromkeys(free, torch.export.Dim.DYNAMIC)
    # What torch says here is about its own exporter.
    exporters = quiet(logging.ERROR, "torch.onnx", "onnxscript", "onnx_ir")
    with exporters, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module.eval(),
            (example,),
            dynamo=True,
            dynamic_shapes=(dimensions,),
            input_names=[IMAGE],
            output_names=[PROBABILITY],
            opset_version=OPSET,
            verbose=False,
        )
    assert program is not None
    return _tidied(program.model_proto)


def fold_batch_norms(network: SkipNetwork) -> SkipNetwork:
    """A copy in inference mode whose batch normalisations are part of the convolutions before them.

    A normalisation that does not follow a convolution stays.
    """
    folded = copy.deepcopy(network).cpu().float().eval()
    for conv_name, norm_name in normalised_convs(folded):
        conv, norm = folded.get_submodule(conv_name), folded.get_submodule(norm_name)
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        folded.set_submodule(conv_name, fuse_conv_bn_eval(conv, norm))
        # A normalisation may hold its activation.
        folded.set_submodule(norm_name, nn.Sequential(*norm.children()))
    return folded


def normalised_convs(network: SkipNetwork) -> list[tuple[str, str]]:
    """Names of convolutions, each with the batch normalisation that gets what it makes.

    Args:
        network: Network in inference mode.
    """
    made: dict[int, tuple[str, Tensor]] = {}
    pairs = []

    def keep(name: str, module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        made[id(output)] = (name, output)

    def look(name: str, module: nn.Module, given: tuple[Tensor, ...]) -> None:
        if id(given[0]) in made:
            pairs.append((made[id(given[0])][0], name))

    handles = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            handles.append(module.register_forward_hook(partial(keep, name)))
        elif isinstance(module, nn.BatchNorm2d):
            handles.append(module.register_forward_pre_hook(partial(look, name)))
    with torch.inference_mode():
        network(torch.zeros(1, network.in_channels, network.stride, network.stride))
    for handle in handles:
        handle.remove()
    return pairs


class _PixelsToProbability(nn.Module):
    """Everything between a photograph's pixels and its probability, for any size.

    Args:
        network: Network that gives logits.
    """

    def __init__(self, network: SkipNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        """Computes probability, float32 (N, 1, H, W), of images, uint8 (N, 3, H, W)."""
        height, width = image.shape[-2:]
        stride = self.network.stride
        # Without the question whether there is anything to pad, which an export would answer
        # once for all sizes.
        below, right = -height % stride, -width % stride
        padded = F.pad(image.float() / 255, (0, right, 0, below), mode="replicate")
        logits = self.network.logits_on_grid(padded)[..., :height, :width]
        return torch.sigmoid(logits)


def _tidied(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keeps of a graph what is needed to run it."""
    model.graph.name = "crackseg"
    model.producer_name, model.doc_string = "crackseg", ""
    del model.metadata_props[:]
    del model.graph.value_info[:]
    for part in (
        model.graph,
        *model.graph.node,
        *model.graph.input,
        *model.graph.output,
        *model.graph.initializer,
    ):
        del part.metadata_props[:]
        part.doc_string = ""
    return model
