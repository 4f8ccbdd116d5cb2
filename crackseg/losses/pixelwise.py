"""Terms that are a mean over pixels."""

import torch.nn.functional as F
from torch import Tensor


def bce(logits: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy, the mean over all pixels (report, section 3.3)."""
    return F.binary_cross_entropy_with_logits(logits.float(), mask)


def weighted_bce(logits: Tensor, mask: Tensor, class_weights: Tensor) -> Tensor:
    """Binary cross-entropy with every pixel weighted by its class.

    The mean over all pixels of ``(mask * w_crack + (1 - mask) * w_background) * bce``: equations
    3.1 and 3.2 of the report, read per pixel.

    Args:
        logits: Logits, (N, 1, H, W).
        mask: Masks in {0, 1}, (N, 1, H, W).
        class_weights: Weights of background and crack, (2,).
    """
    per_pixel = F.binary_cross_entropy_with_logits(logits.float(), mask, reduction="none")
    return (_weight_vector(mask, class_weights) * per_pixel).mean()


def weighted_bce_reduced(logits: Tensor, mask: Tensor, class_weights: Tensor) -> Tensor:
    """Mean cross-entropy times the mean weight, as the report's program computed it.

    The cross-entropy is reduced to one number before it is weighted. So the weights scale the
    gradient of the whole batch and favour no class.
    """
    return bce(logits, mask) * _weight_vector(mask, class_weights).mean()


def _weight_vector(mask: Tensor, class_weights: Tensor) -> Tensor:
    """The weight of each pixel (report, equation 3.1)."""
    return mask * class_weights[1] + (1 - mask) * class_weights[0]
