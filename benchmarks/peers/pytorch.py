"""The same two U-Nets in plain PyTorch: contiguous float32, no allocator setting, usual loop."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.peers import torch_loop
from benchmarks.settings import WEIGHTS, Network


class UNet(nn.Module):
    """A U-Net of given blocks."""

    def __init__(
        self,
        encoder: Sequence[nn.Module],
        bottom: nn.Module,
        decoder: Sequence[tuple[nn.Module, nn.Module]],
        head: nn.Module,
    ) -> None:
        super().__init__()
        self.encoder, self.bottom = nn.ModuleList(encoder), bottom
        self.decoder = nn.ModuleList(nn.ModuleList(level) for level in decoder)
        self.head, self.pool = head, nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (N, 1, H, W) of images (N, 3, H, W)."""
        skips = []
        for level in self.encoder:
            image = level(image)
            skips.append(image)
            image = self.pool(image)
        image = self.bottom(image)
        for (up, after), skip in zip(self.decoder, reversed(skips), strict=True):
            image = after(torch.cat([up(image), skip], dim=1))
        return self.head(image)


def default_unet() -> UNet:
    """The default U-Net of crackseg."""

    def block(inputs: int, outputs: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for channels in (inputs, outputs):
            layers += [nn.Conv2d(channels, outputs, 3, padding=1), nn.BatchNorm2d(outputs)]
            layers += [nn.LeakyReLU(0.1), nn.Dropout(0.1)]
        return nn.Sequential(*layers)

    return UNet(
        [block(3, 16), block(16, 32), block(32, 64), block(64, 128)],
        block(128, 256),
        [(nn.ConvTranspose2d(2 * n, n, 2, 2), block(2 * n, n)) for n in (128, 64, 32, 16)],
        nn.Conv2d(16, 1, 1),
    )


def report_unet() -> UNet:
    """The U-Net of the report."""

    def normalised(channels: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01), nn.LeakyReLU(0.1)]

    def block(inputs: int, outputs: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), *normalised(outputs))

    def level(inputs: int, outputs: int, skip: int) -> tuple[nn.Module, nn.Module]:
        up = nn.ConvTranspose2d(inputs, outputs, 2, 2)
        return up, nn.Sequential(*normalised(outputs + skip))

    return UNet(
        [block(3, 16), block(16, 32), block(32, 64), block(64, 128)],
        nn.Identity(),
        [level(128, 128, 128), level(256, 64, 64), level(128, 32, 32), level(64, 1, 16)],
        nn.Conv2d(17, 1, 1),
    )


def build(network: Network, weights: str | None = None) -> UNet:
    """A network, with the weights of a checkpoint of crackseg if they are given."""
    built = {"default": default_unet, "report": report_unet}[network]()
    assert sum(weight.numel() for weight in built.parameters()) == WEIGHTS[network]
    if weights is not None:
        # The same layers in the same order, under other names.
        values = torch.load(weights, weights_only=True)
        built.load_state_dict(dict(zip(built.state_dict(), values, strict=True)))
    return built


def step(network: Network, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps, see :mod:`benchmarks.peers`."""
    return torch_loop.step(partial(build, network), size, batch, seconds)


def from_files(
    network: Network, size: int, batch: int, epochs: int, folder: str, output: str
) -> dict[str, float]:
    """Times epochs, see :mod:`benchmarks.peers`."""
    return torch_loop.from_files(partial(build, network), size, batch, epochs, folder, output)


def infer(weights: str, seconds: float) -> dict[str, float]:
    """Times inference of the default U-Net, see :mod:`benchmarks.peers`."""
    return torch_loop.infer(partial(build, "default", weights), seconds)


def prepare(weights: str, output: str) -> dict[str, float]:
    """Exports the default U-Net and counts its work."""
    return torch_loop.prepare(partial(build, "default", weights), output)


def count_work(network: Network) -> dict[str, float]:
    """Counts the work of a network."""
    return torch_loop.count_work(partial(build, network))
