"""Applies a network to large images in tiles, without visible seams."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
Logits = npt.NDArray[np.float32]

# Large enough that margins are a small share of the work, small enough for a laptop's memory.
TILE = 1024


class Span(NamedTuple):
    """Span along one side: the network sees [start, stop), and a part of it is kept."""

    start: int
    stop: int
    keep_from: int
    keep_to: int

    @property
    def kept(self) -> slice:
        """The part that is kept, along the whole side."""
        return slice(self.keep_from, self.keep_to)

    @property
    def kept_of_tile(self) -> slice:
        """The part that is kept, along the tile."""
        return slice(self.keep_from - self.start, self.keep_to - self.start)


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


def tiled_bands(
    function: Callable[[Pixels], Logits],
    rows: Callable[[int, int], Pixels],
    size: tuple[int, int],
    radius: int,
    stride: int,
    tile: int,
    batch: int = 1,
) -> Iterator[Logits]:
    """Applies a network tile by tile; equal to one pass over the whole image.

    Each tile has a margin of at least ``radius``; pixels beyond it cannot influence the kept part.
    Each tile starts on the network's grid of poolings. So the result does not depend on the tiles,
    up to rounding, and memory is bounded by the size of one batch of tiles.

    Args:
        function: Function that gives logits (N, 1, h, w) for a part (N, C, h, w) of the image.
        rows: Function that gives the rows from one to before another, (N, C, h, W).
        size: Size (H, W) of the image.
        radius: Largest distance at which a pixel influences the output, in pixels.
        stride: Stride of the network in pixels.
        tile: Side of a tile in pixels, a multiple of ``stride``; larger tiles are used where the
            margins would leave less than half of it.
        batch: Largest number of tiles that the function is given at a time.

    Yields:
        Logits of the next rows, float32 (N, 1, h, W), from top to bottom.
    """
    margin = -(-radius // stride) * stride
    tile = max(tile, 4 * margin)
    height, width = size
    if height <= tile and width <= tile:
        yield function(rows(0, height))
        return
    for down in spans(height, tile, margin):
        seen = rows(down.start, down.stop)
        band = np.empty((len(seen), 1, down.keep_to - down.keep_from, width), np.float32)
        for several in _batches(spans(width, tile, margin), batch):
            tiles = np.concatenate([seen[..., right.start : right.stop] for right in several])
            found = np.split(function(cast(Pixels, tiles)), len(several))
            for right, logits in zip(several, found, strict=True):
                band[..., right.kept] = logits[..., down.kept_of_tile, right.kept_of_tile]
        yield band


def _batches(neighbours: Iterable[Span], most: int) -> Iterator[list[Span]]:
    """Puts up to ``most`` spans of one length together; the last one of a side may be shorter."""
    for _, alike in groupby(neighbours, lambda span: span.stop - span.start):
        while several := list(islice(alike, most)):
            yield several


def apply_tiled(
    function: Callable[[Pixels], Logits], image: Pixels, tile: int, radius: int, stride: int
) -> Logits:
    """Applies a network to an image (N, C, H, W) as :func:`tiled_bands` does.

    Returns:
        Logits, float32 (N, 1, H, W).
    """

    def rows(start: int, stop: int) -> Pixels:
        return image[:, :, start:stop]

    bands = list(tiled_bands(function, rows, image.shape[-2:], radius, stride, tile))
    return bands[0] if len(bands) == 1 else np.concatenate(bands, axis=2)


def logits_at_size(logits: Logits, size: tuple[int, int]) -> Logits:
    """Resizes logits (N, 1, h, w) to ``size`` = (H, W), as :mod:`crackseg.inference.resizing` does.

    As a whole, which takes less time for small pictures.
    """
    if logits.shape[-2:] == size:
        return logits
    resized = np.empty((len(logits), 1, *size), np.float32)
    for one, target in zip(logits[:, 0], resized[:, 0], strict=True):
        height, width = size
        if one.shape[0] > height or one.shape[1] > width:
            small = Image.fromarray(one).resize((width, height), Image.Resampling.BILINEAR)
            target[:] = np.asarray(small)
        else:
            cv2.resize(one, (width, height), dst=target, interpolation=cv2.INTER_LINEAR)
    return resized


def full_size_logits(
    function: Callable[[Pixels], Logits],
    image: Pixels,
    size: tuple[int, int],
    radius: int,
    stride: int,
) -> Logits:
    """Computes logits of an image of any size at another size; used everywhere but in training.

    Args:
        function: Function that gives logits (N, 1, h, w) for a part (N, C, h, w) of the image.
        image: Image (N, C, H, W) at the scale that the network was trained at.
        size: Height and width of the returned logits.
        radius: Largest distance at which a pixel influences the output, in pixels.
        stride: Stride of the network in pixels.

    Returns:
        Logits, float32 (N, 1, *size).
    """
    return logits_at_size(apply_tiled(function, image, TILE, radius, stride), size)


def sigmoid(logits: Logits) -> Logits:
    """Probability of logits, float32 in [0, 1]."""
    # Large negative logits overflow to infinity, whose inverse is the 0 that is meant.
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
