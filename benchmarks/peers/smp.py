"""segmentation_models_pytorch: its U-Net on a ResNet-18, as its users run it."""

from torch import nn

from benchmarks.peers import torch_loop

# It takes multiples of 32; users pad.
_SIDE = 416


def build() -> nn.Module:
    """The network, with random weights: those of ImageNet would be fetched."""
    import segmentation_models_pytorch

    return segmentation_models_pytorch.Unet("resnet18", encoder_weights=None)


def step(network: str, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps, see :mod:`benchmarks.peers`."""
    return torch_loop.step(build, size, batch, seconds)


def from_files(
    network: str, size: int, batch: int, epochs: int, folder: str, output: str
) -> dict[str, float]:
    """Times epochs, see :mod:`benchmarks.peers`."""
    return torch_loop.from_files(build, size, batch, epochs, folder, output)


def infer(seconds: float) -> dict[str, float]:
    """Times inference, see :mod:`benchmarks.peers`."""
    return torch_loop.infer(build, seconds, _SIDE)


def prepare(output: str) -> dict[str, float]:
    """Exports the network and counts its work."""
    return torch_loop.prepare(build, output, _SIDE)
