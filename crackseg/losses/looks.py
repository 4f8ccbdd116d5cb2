"""Loss of what a network says of an image at several scales."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

# Part of each scale's own loss beside that of their mean.
_EACH = 0.2


def loss_of_looks(
    loss: Callable[[Tensor, Tensor], Tensor], looks: Sequence[Tensor], mask: Tensor
) -> tuple[Tensor, Tensor]:
    """Judges the mean of logits, as a prediction takes it, and a little each of them.

    A scale may so leave to another one what it does not see itself: broad cracks to the small
    ones, hairlines to the large ones.

    Args:
        loss: Loss of logits and mask.
        looks: Logits (N, 1, H, W) at each scale.
        mask: Masks, (N, 1, H, W).

    Returns:
        The mean logits, (N, 1, H, W), and the loss.
    """
    logits = torch.stack(list(looks)).mean(dim=0)
    each = torch.stack([loss(one, mask) for one in looks]).mean()
    return logits, loss(logits, mask) + _EACH * each
