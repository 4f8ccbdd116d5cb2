"""COCO's run-length codes: numbers of pixels that are not, are, are not ... part of a mask.

Pixels are counted down the columns, from left to right. A file holds the runs as a list or
compressed into a text.
"""

from collections.abc import Sequence

import numpy as np

from crackseg.images.pixels import UInt8Array


def decompress(counts: str) -> list[int]:
    """Reads the runs in a compressed code.

    A run is a series of characters from "0" on: five bits each, the lowest first, and a sixth
    while more follow; the last one's fifth is the sign. From the fourth run on they are
    differences to the run before the last.
    """
    runs: list[int] = []
    value = place = 0
    for character in counts:
        bits = ord(character) - 48
        value |= (bits & 31) << place
        place += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << place
            runs.append(value + runs[-2] if len(runs) > 2 else value)
            value = place = 0
    return runs


def expand(runs: Sequence[int], size: tuple[int, int]) -> UInt8Array:
    """Draws runs as a mask.

    It checks the runs: where they end too early, the library's own decoder would return random
    memory.

    Returns:
        uint8 array of shape (H, W), 0 or 255.

    Raises:
        ValueError: Runs are negative or do not end with the last pixel.
    """
    height, width = size
    if min(runs, default=0) < 0 or sum(runs) != height * width:
        raise ValueError("its run-length code is damaged")
    values = np.where(np.arange(len(runs)) % 2, 255, 0).astype(np.uint8)
    return np.ascontiguousarray(np.repeat(values, runs).reshape(width, height).T)
