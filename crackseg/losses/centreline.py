"""A term that compares what is found with the middle lines of the cracks."""

import torch
from torch import Tensor

# Cracks are thinned to their middle lines up to this many pixels on either side.
_HALF_WIDTH = 20


def skeleton_recall(logits: Tensor, mask: Tensor) -> Tensor:
    """One minus the share of the cracks' middle lines that the probability covers, over the batch.

    Terms of areas leave a hairline out for a pixel more along a broad crack; here, each pixel of
    length counts the same. It says nothing of false alarms and widths, so it goes beside another
    term. One is added above and below the fraction line, as in :func:`~crackseg.losses.dice`.

    Args:
        logits: Logits, (N, 1, H, W).
        mask: Masks in [0, 1], (N, 1, H, W); above a half there is crack.

    References:
        Kirchhoff et al.: Skeleton Recall Loss for Connectivity Conserving and Resource Efficient
        Segmentation of Thin Tubular Structures, ECCV 2024 (there with lines of several pixels).
    """
    line = middle_lines(mask > 0.5)
    covered = (torch.sigmoid(logits.float()) * line).sum()
    return 1 - (covered + 1) / (line.sum() + 1)


def middle_lines(crack: Tensor) -> Tensor:
    """Middle lines of cracks, bool (N, 1, H, W), from pixels that are crack, of the same kind.

    References:
        Lantuéjoul's formula: what openings take away from a shape that is eroded step by step
        (Serra: Image Analysis and Mathematical Morphology, 1982).
    """
    lines = torch.zeros_like(crack)
    for _ in range(_HALF_WIDTH):
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
