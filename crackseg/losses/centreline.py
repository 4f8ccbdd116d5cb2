"""A term that counts cracks by their length."""

import torch
from torch import Tensor

# Steps that cracks are eroded by: those that are broader than twice as many pixels leave no line.
_STEPS = 20


def skeleton_recall(logits: Tensor, mask: Tensor) -> Tensor:
    """One minus the share of the cracks' middle lines that the probability covers, over the batch.

    Terms of areas leave a hairline out for a pixel more along a broad crack; here, a crack counts
    for about as much as it is long. It says nothing of false alarms and widths, so it goes beside
    another term. One is added above and below the fraction line, as in
    :func:`~crackseg.losses.dice`.

    Args:
        logits: Logits, (N, 1, H, W).
        mask: Masks in [0, 1], (N, 1, H, W); above a half there is crack.

    References:
        Kirchhoff et al.: Skeleton Recall Loss for Connectivity Conserving and Resource Efficient
        Segmentation of Thin Tubular Structures, ECCV 2024 (there with true skeletons, made
        beforehand, that are several pixels wide).
    """
    line = middle_lines(mask > 0.5)
    covered = (torch.sigmoid(logits.float()) * line).sum()
    return 1 - (covered + 1) / (line.sum() + 1)


def middle_lines(crack: Tensor) -> Tensor:
    """Pixels in the middle of cracks, bool (N, 1, H, W), from those that are crack.

    They are what an opening by a square takes away at each step of an erosion by a cross, as in the
    soft skeleton of Shit et al. (clDice, CVPR 2021): quick on any device, but no connected line.
    Lines of one pixel are kept whole. Of straight cracks of 2 to 10 pixels, .3 to 2 pixels are left
    for each pixel of length, most along the axes.
    """
    lines = torch.zeros_like(crack)
    for _ in range(_STEPS):
        inner = _eroded(crack)
        lines |= crack & ~_dilated(inner)
        crack = inner
    return lines


def _eroded(crack: Tensor) -> Tensor:
    """Pixels that are crack with those above, below and beside them; beyond the image is crack."""
    inner = crack.clone()
    inner[..., 1:, :] &= crack[..., :-1, :]
    inner[..., :-1, :] &= crack[..., 1:, :]
    inner[..., 1:] &= crack[..., :-1]
    inner[..., :-1] &= crack[..., 1:]
    return inner


def _dilated(crack: Tensor) -> Tensor:
    """Pixels that touch crack, at a corner too."""
    rows = crack.clone()
    rows[..., 1:, :] |= crack[..., :-1, :]
    rows[..., :-1, :] |= crack[..., 1:, :]
    around = rows.clone()
    around[..., 1:] |= rows[..., :-1]
    around[..., :-1] |= rows[..., 1:]
    return around
