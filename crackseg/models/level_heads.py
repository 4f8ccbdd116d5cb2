"""Logits of a decoder's lower levels, for a training that judges these too."""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crackseg.models.blocks import SkipNetwork


def lower_levels(network: nn.Module) -> list[nn.Module]:
    """The levels of a network's decoder below the full size, from the largest one down."""
    return list(getattr(network, "decoder", []))[-2::-1]


class LevelHeads(nn.Module):
    """A 1x1 convolution for each lower level of a decoder, which it watches in training.

    They are no part of the network, which is the same without them, and none of their weights is in
    a ``state_dict``: only a training that goes on needs them.

    Args:
        network: Network to watch.

    References:
        Lee et al.: Deeply-supervised nets, AISTATS 2015.
    """

    def __init__(self, network: SkipNetwork) -> None:
        super().__init__()
        self._seen: dict[int, Tensor] = {}
        # In a tuple, as its weights are not these heads' own.
        self._network = (network,)
        levels = lower_levels(network)
        for place, level in enumerate(levels):
            level.register_forward_hook(lambda *watched, at=place: self._note(at, watched[-1]))
        self.heads = nn.ModuleList(map(_Head, _channels_of(levels, network)))

    def forward(self, size: tuple[int, int]) -> list[Tensor]:
        """Logits (N, 1, H, W) at a size (H, W) of each level in the network's last pass."""
        logits = [head(self._seen[place]) for place, head in enumerate(self.heads)]
        self._seen.clear()
        return [F.interpolate(one, size, mode="bilinear") for one in logits]

    def weights(self) -> dict[str, Tensor]:
        """Weights by name, for the state of a training."""
        return {name: weight.detach() for name, weight in self.named_parameters()}

    @torch.no_grad()
    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Takes weights of :meth:`weights`."""
        for name, weight in self.named_parameters():
            weight.copy_(weights[name])

    def _note(self, place: int, features: Tensor) -> None:
        # Not where the network is judged.
        if self._network[0].training:
            self._seen[place] = features


class _Head(nn.Conv2d):
    """A convolution to one channel that no ``state_dict`` holds."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, 1, kernel_size=1)

    def _save_to_state_dict(self, *arguments: Any, **named: Any) -> None:
        pass

    def _load_from_state_dict(self, *arguments: Any, **named: Any) -> None:
        pass


@torch.no_grad()
def _channels_of(levels: list[nn.Module], network: SkipNetwork) -> list[int]:
    """Number of channels that each level gives, as the smallest image shows."""
    channels: dict[nn.Module, int] = {}

    def note(level: nn.Module, given: Any, features: Tensor) -> None:
        channels[level] = features.shape[1]

    watches = [level.register_forward_hook(note) for level in levels]
    training = network.training
    network.eval()
    network(torch.zeros(1, network.in_channels, network.stride, network.stride))
    network.train(training)
    for watch in watches:
        watch.remove()
    return [channels[level] for level in levels]
