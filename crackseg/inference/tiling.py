"""Applies a network to large images in tiles, without visible seams."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from crackseg.models import SkipNetwork

# Large enough that margins are a small share of the work, small enough for a laptop's memory.
TILE = 1024


class Span(NamedTuple):
    """Span along one side: the network sees [start, stop), and a part of it is kept."""

    start: int
    stop: int
    keep_from: int
    keep_to: int


def spans(length: int, tile: int, margin: int) -> Iterator[Span]:
    """Divides a side into spans of at most ``tile`` pixels that overlap by twice ``margin``.

    Args:
        length: Length of the side in pixels.
        tile: Largest length of a span in pixels, greater than twice the margin.
        margin: Number of pixels at a tile's inner borders that are discarded.

    Raises:
        ValueError: A tile would keep nothing.
    """
    if tile <= 2 * margin:
        raise ValueError(f"a tile of {tile} pixels keeps nothing within margins of {margin}")
    start = 0
    while True:
        stop = min(start + tile, length)
        keep_from = start + margin if start > 0 else 0
        keep_to = stop - margin if stop < length else length
        yield Span(start, stop, keep_from, keep_to)
        if stop == length:
            return
        start += tile - 2 * margin


def apply_tiled(
    function: Callable[[Tensor], Tensor], image: Tensor, tile: int, radius: int, stride: int
) -> Tensor:
    """Applies a network tile by tile; equal to one pass over the whole image.

    Each tile has a margin of at least ``radius``; pixels beyond it cannot influence the kept part.
    Each tile starts on the network's grid of poolings. So the result does not depend on the tiles,
    up to rounding, and memory is bounded by the size of one tile.

    Args:
        function: Function that gives logits (N, 1, h, w) for a part (N, C, h, w) of the image.
        image: Image (N, C, H, W).
        tile: Side of a tile in pixels, a multiple of ``stride``; larger tiles are used where the
            margins would leave less than half of it.
        radius: Largest distance at which a pixel influences the output, in pixels.
        stride: Stride of the network in pixels.

    Returns:
        Logits (N, 1, H, W).
    """
    margin = -(-radius // stride) * stride
    tile = max(tile, 4 * margin)
    height, width = image.shape[-2:]
    if height <= tile and width <= tile:
        return function(image)
    rows = []
    for down in spans(height, tile, margin):
        row = []
        for right in spans(width, tile, margin):
            seen = function(image[..., down.start : down.stop, right.start : right.stop])
            kept = seen[
                ...,
                down.keep_from - down.start : down.keep_to - down.start,
                right.keep_from - right.start : right.keep_to - right.start,
            ]
            row.append(kept)
        rows.append(torch.cat(row, dim=-1))
    return torch.cat(rows, dim=-2)


def logits_at_size(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Resizes logits (N, 1, h, w) to ``size`` = (H, W).

    Logits are interpolated, not probabilities. Between a pixel of 1 and one of 0, probabilities
    fall below a high threshold at once, and thin cracks would break.
    """
    if logits.shape[-2:] == size:
        return logits
    shrinks = logits.shape[-2] > size[0]
    return torch.nn.functional.interpolate(logits, size, mode="bilinear", antialias=shrinks)


def full_size_logits(
    function: Callable[[Tensor], Tensor],
    image: Tensor,
    size: tuple[int, int],
    network: SkipNetwork,
) -> Tensor:
    """Computes logits of an image of any size at another size; used everywhere but in training.

    Args:
        function: Function that gives logits (N, 1, h, w) for a part (N, C, h, w) of the image.
        image: Image (N, C, H, W) at the scale that the network was trained at.
        size: Height and width of the returned logits.
        network: Network whose radius and stride decide how tiles are cut.

    Returns:
        Logits (N, 1, *size).
    """
    logits = apply_tiled(function, image, TILE, network.radius, network.stride)
    return logits_at_size(logits, size)
