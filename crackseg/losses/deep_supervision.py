"""Loss at the lower levels of a decoder."""

from collections.abc import Callable, Sequence

from torch import Tensor


def loss_below(
    loss: Callable[[Tensor, Tensor], Tensor], levels: Sequence[Tensor], mask: Tensor, factor: float
) -> Tensor:
    """Sums a loss over lower levels, of which each counts half as much as the one above it.

    Args:
        loss: Loss of logits and mask.
        levels: Logits of each level at the mask's size, the largest level first.
        mask: Masks in {0, 1}, (N, 1, H, W).
        factor: Factor of the first one.

    References:
        Isensee et al.: nnU-Net, Nature Methods 2021, for the halves; the mask stays whole here, as
        thin cracks vanish from a smaller one.
    """
    total = mask.new_zeros(())
    for depth, logits in enumerate(levels):
        total = total + factor / 2**depth * loss(logits, mask)
    return total
