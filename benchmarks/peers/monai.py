"""MONAI: its BasicUNet with its own default widths, in two dimensions."""

from torch import nn

from benchmarks.peers import torch_loop


def build() -> nn.Module:
    """The network."""
    from monai.networks.nets import BasicUNet

    return BasicUNet(spatial_dims=2, in_channels=3, out_channels=1)


def step(network: str, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps, see :mod:`benchmarks.peers`."""
    return torch_loop.step(build, size, batch, seconds)


def infer(seconds: float) -> dict[str, float]:
    """Times inference, see :mod:`benchmarks.peers`."""
    return torch_loop.infer(build, seconds)


def prepare(output: str) -> dict[str, float]:
    """Exports the network and counts its work."""
    return torch_loop.prepare(build, output)
