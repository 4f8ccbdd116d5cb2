"""Dropout that does not take as long as the rest of the training step on a CPU."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_LEVELS = 256


class Dropout(nn.Module):
    """Drops single activations, as :class:`torch.nn.Dropout` does.

    On a CPU torch draws one random number for every activation, one after the other. In a small
    U-Net this costs as much as all convolutions. Here one draw of 64 bits serves eight
    activations, so the share is rounded to a multiple of 1/256. The activations that stay are
    scaled by the rounded share, so that the expectation is exact. On other devices torch's own
    dropout is fast and is used.

    Args:
        share: Share of activations to drop, in [0, 1).
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, features: Tensor) -> Tensor:
        """Drops activations of any shape in training; returns them unchanged otherwise."""
        if not self.training:
            return features
        if features.device.type != "cpu":
            return F.dropout(features, self.share)
        dropped: Tensor = _Drop.apply(features, min(round(self.share * _LEVELS), _LEVELS - 1))
        return dropped

    def extra_repr(self) -> str:
        """The text that is shown when the network is printed."""
        return f"share={self.share}"


class _Drop(torch.autograd.Function):
    """Multiplies by a mask of 0 and 256 / (256 - level), and the gradient likewise.

    The mask has the activations' own type, because products of different types are not
    vectorised, and is kept for the backward pass instead of being made again.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, level: int) -> Tensor:
        keep = (_random_bytes_like(features) >= level).view(torch.int8)
        mask = keep.to(features.dtype).mul_(_LEVELS / (_LEVELS - level))
        ctx.save_for_backward(mask)
        return features * mask

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (mask,) = ctx.saved_tensors
        return gradients[0] * mask, None


def _random_bytes_like(tensor: Tensor) -> Tensor:
    """Random uint8 from torch's generator, laid out in memory as the tensor is."""
    draws = torch.empty(-(-tensor.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
    in_memory_order = draws.view(torch.uint8)[: tensor.numel()]
    return in_memory_order.as_strided(tensor.shape, tensor.stride())
