"""Cuts what is too large for one pass into tiles, so that no seam shows."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor


class Span(NamedTuple):
    """Along one side: what the network sees, [start, stop), and what of it is kept."""

    start: int
    stop: int
    keep_from: int
    keep_to: int


def spans(length: int, tile: int, margin: int) -> Iterator[Span]:
    """Divides a side into spans of at most ``tile`` pixels that overlap by twice ``margin``.

    Args:
        length: of the side.
        tile: greater than twice the margin.
        margin: pixels at a tile's inner borders that are thrown away.

    Raises:
        ValueError: a tile that would keep nothing.
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

    Each tile is seen with a margin of at least ``radius``, beyond which nothing can influence
    what is kept, and starts on the network's grid of poolings. So the result does not depend on
    the tiles, up to rounding, and memory is bounded by one of them.

    Args:
        function: (1, C, h, w) -> (1, 1, h, w).
        image: (1, C, H, W).
        tile: side of a tile in pixels, a multiple of ``stride``; a larger one is taken where the
            margins would leave less than half of it.
        radius: how far a pixel influences the output.
        stride: of the network.

    Returns:
        (1, 1, H, W).
    """
    margin = -(-radius // stride) * stride
    tile = max(tile, 4 * margin)
    height, width = image.shape[-2:]
    if height <= tile and width <= tile:
        return function(image)
    result = torch.empty((1, 1, height, width), dtype=torch.float32)
    for down in spans(height, tile, margin):
        for right in spans(width, tile, margin):
            seen = function(image[..., down.start : down.stop, right.start : right.stop])
            kept = seen[
                ...,
                down.keep_from - down.start : down.keep_to - down.start,
                right.keep_from - right.start : right.keep_to - right.start,
            ]
            result[..., down.keep_from : down.keep_to, right.keep_from : right.keep_to] = kept
    return result
