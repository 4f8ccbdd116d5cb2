"""Windows cut out of photographs at random, at their own scale or at one drawn from a range."""

import math
from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import Resize, UInt8Array, binarize, resize
from crackseg.system.progress import progress

FloatArray = npt.NDArray[np.float64]


class RandomCrop:
    """Cuts a window out of a photograph and its mask.

    A share of the windows is laid around a crack pixel drawn at random, if the photograph has any:
    cracks cover so little of a large photograph that most windows would have none. The other
    windows fall anywhere, and those without a crack teach what is not a crack. A photograph smaller
    than the window is mirrored at its borders.

    With a range of scales, each window is cut larger or smaller and resized, so that the network
    sees cracks from nearer and from farther away. Scales are drawn evenly on a logarithmic axis. A
    scale is raised, within the range, where its window would be larger than the photograph.

    Args:
        size: Size (H, W) of what is cut, in pixels.
        crack_share: Share of windows laid around a crack pixel, in [0, 1].
        mask_threshold: Threshold above which a grey mask is crack.
        scales: Smallest and largest number of pixels given for each of the photograph, along a
            side; None cuts photographs as they are.
        how: Way of resizing, see :func:`crackseg.images.pixels.resize`.
    """

    def __init__(
        self,
        size: tuple[int, int],
        crack_share: float,
        mask_threshold: int,
        scales: tuple[float, float] | None = None,
        how: Resize = "area",
    ) -> None:
        self.size = size
        self.crack_share = crack_share
        self.mask_threshold = mask_threshold
        self.scales = scales
        self.how = how

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Cuts uint8 image (H, W, 3) and grey mask (H, W) alike; equal seeds, equal windows."""
        # The augmentation that follows draws from the seed itself, so this is another stream.
        generator = np.random.default_rng([seed, 1])
        window = self.size
        if self.scales is not None:
            window = self._window(mask.shape, self.scales, generator.random())
        image, mask = (_mirrored(one, window) for one in (image, mask))
        held = self._crack_pixel(mask, generator) if generator.random() < self.crack_share else None
        place = tuple(
            _span(length, wanted, None if held is None else held[side], generator)
            for side, (length, wanted) in enumerate(zip(mask.shape, window, strict=True))
        )
        image, mask = (resize(one[place], self.size, self.how) for one in (image, mask))
        return np.ascontiguousarray(image), np.ascontiguousarray(mask)

    def expected_crack_pixels(self, mask: UInt8Array) -> float:
        """Mean number of crack pixels in what is cut from a photograph with this grey mask (H, W).

        It is exact: the mean over all windows, weighted by their probability. Where scales are
        drawn, it is that of the middle one.
        """
        window = self.size
        if self.scales is not None:
            window = self._window(mask.shape, self.scales, 0.5)
        crack = binarize(_mirrored(mask, window), self.mask_threshold).astype(np.float64)
        held = _window_sums(crack, window)
        if not held.any():
            return 0.0
        sides = zip(crack.shape, window, strict=True)
        rows, columns = (_windows_around(length, wanted) for length, wanted in sides)
        # Every crack pixel is equally likely, and then every window that holds it.
        likely = _window_sums(crack / np.outer(rows, columns), window) / crack.sum()
        laid, anywhere = float((likely * held).sum()), float(held.mean())
        expected = self.crack_share * laid + (1 - self.crack_share) * anywhere
        return expected * (math.prod(self.size) / math.prod(window))

    def _window(
        self, photograph: tuple[int, ...], scales: tuple[float, float], drawn: float
    ) -> tuple[int, int]:
        """Size (H, W) of the window at a scale; ``drawn`` in [0, 1] is its place in the range."""
        lowest, highest = scales
        fitting = max(wanted / has for wanted, has in zip(self.size, photograph, strict=True))
        lowest = min(max(lowest, fitting), highest)
        scale = lowest * (highest / lowest) ** drawn
        height, width = (max(round(side / scale), 1) for side in self.size)
        return height, width

    def _crack_pixel(
        self, mask: UInt8Array, generator: np.random.Generator
    ) -> tuple[int, int] | None:
        """Row and column of a random crack pixel; None where there is none."""
        cracks = np.flatnonzero(binarize(mask, self.mask_threshold))
        if not len(cracks):
            return None
        row, column = divmod(int(generator.choice(cracks)), mask.shape[1])
        return row, column


def count_in_crops(
    masks: Iterable[UInt8Array], photographs: int, crop: RandomCrop
) -> list[tuple[float, float]]:
    """A crop's pixels and its mean number of crack pixels, of each photograph.

    Args:
        masks: Grey mask (H, W) of each photograph.
        photographs: Number of photographs.
        crop: Way of cropping.
    """
    counted = progress(masks, "Counting crack pixels in crops", photographs)
    height, width = crop.size
    return [(height * width, crop.expected_crack_pixels(mask)) for mask in counted]


def _span(length: int, wanted: int, held: int | None, generator: np.random.Generator) -> slice:
    """A random span of ``wanted`` pixels of a side of ``length`` that contains pixel ``held``."""
    first, last = 0, length - wanted
    if held is not None:
        first, last = max(held - wanted + 1, 0), min(held, last)
    start = int(generator.integers(first, last + 1))
    return slice(start, start + wanted)


def _windows_around(length: int, wanted: int) -> FloatArray:
    """Number of windows of ``wanted`` pixels that hold each pixel of a side."""
    place = np.arange(length)
    return np.minimum(place, length - wanted) - np.maximum(place - wanted + 1, 0) + 1.0


def _window_sums(values: FloatArray, size: tuple[int, int]) -> FloatArray:
    """Sum of values (H, W) over each window, by its upper left corner."""
    height, width = size
    sums = cv2.integral(values)
    over = sums[height:] - sums[:-height]
    return np.asarray(over[:, width:] - over[:, :-width], np.float64)


def _mirrored(pixels: UInt8Array, size: tuple[int, int]) -> UInt8Array:
    below, right = (max(wanted - has, 0) for wanted, has in zip(size, pixels.shape, strict=False))
    if not below and not right:
        return pixels
    grown = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REFLECT)
    return np.asarray(grown, np.uint8)
