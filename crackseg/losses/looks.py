"""Loss of what a network says of an image at several scales."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

# Part of each scale's own loss beside that of their mean.
_EACH = 0.2


def loss_of_each(
    loss: Callable[[Tensor, Tensor], Tensor], looks: Sequence[Tensor], mask: Tensor
) -> Tensor:
    """A part of the mean loss of logits at several scales, beside the loss of their mean.

    The loss of the mean lets a scale leave to another one what it does not see itself: broad cracks
    to the small ones, hairlines to the large ones. This part keeps each scale of use alone.

    Args:
        loss: Loss of logits and mask.
        looks: Logits (N, 1, H, W) at each scale; of a single one nothing is added.
        mask: Masks, (N, 1, H, W).
    """
    if len(looks) == 1:
        return mask.new_zeros(())
    return _EACH * torch.stack([loss(one, mask) for one in looks]).mean()
