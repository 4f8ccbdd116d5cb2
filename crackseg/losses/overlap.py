"""Terms that compare the area found with the area of the cracks."""

import torch
from torch import Tensor


def dice(logits: Tensor, mask: Tensor) -> Tensor:
    """Soft Dice loss, one minus the Dice score of probabilities over the whole batch.

    It is taken over the batch and not per image, so that a photograph without cracks costs its
    false alarms and nothing else. One is added above and below the fraction line, so that a batch
    without any crack is well defined.

    References:
        Milletari et al.: V-Net, 2016 (there with squares in the denominator).
    """
    probability = torch.sigmoid(logits.float())
    overlap = (probability * mask).sum()
    return 1 - (2 * overlap + 1) / (probability.sum() + mask.sum() + 1)
