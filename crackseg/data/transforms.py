"""Random crops of photographs in training."""

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import UInt8Array, binarize

FloatArray = npt.NDArray[np.float64]


class RandomCrop:
    """Cuts a window out of a photograph and its mask.

    A share of the windows is laid around a crack pixel drawn at random, if the photograph has any:
    cracks cover so little of a large photograph that most windows would have none. The other
    windows fall anywhere, and those without a crack teach what is not a crack. A photograph smaller
    than the window is mirrored at its borders.

    Args:
        size: Size (H, W) of the window in pixels.
        crack_share: Share of windows laid around a crack pixel, in [0, 1].
        mask_threshold: Threshold above which a grey mask is crack.
    """

    def __init__(self, size: tuple[int, int], crack_share: float, mask_threshold: int) -> None:
        self.size = size
        self.crack_share = crack_share
        self.mask_threshold = mask_threshold

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Cuts uint8 image (H, W, 3) and grey mask (H, W) alike; equal seeds, equal windows."""
        # The augmentation that follows draws from the seed itself, so this is another stream.
        generator = np.random.default_rng([seed, 1])
        image, mask = (_mirrored(one, self.size) for one in (image, mask))
        held = self._crack_pixel(mask, generator) if generator.random() < self.crack_share else None
        window = tuple(
            _span(length, wanted, None if held is None else held[side], generator)
            for side, (length, wanted) in enumerate(zip(mask.shape, self.size, strict=True))
        )
        return np.ascontiguousarray(image[window]), np.ascontiguousarray(mask[window])

    def expected_crack_pixels(self, mask: UInt8Array) -> float:
        """Mean number of crack pixels in a window of a photograph with this grey mask (H, W).

        It is exact: the mean over all windows, weighted by their probability.
        """
        crack = binarize(_mirrored(mask, self.size), self.mask_threshold).astype(np.float64)
        held = _window_sums(crack, self.size)
        if not held.any():
            return 0.0
        sides = zip(crack.shape, self.size, strict=True)
        rows, columns = (_windows_around(length, wanted) for length, wanted in sides)
        # Every crack pixel is equally likely, and then every window that holds it.
        likely = _window_sums(crack / np.outer(rows, columns), self.size) / crack.sum()
        laid, anywhere = float((likely * held).sum()), float(held.mean())
        return self.crack_share * laid + (1 - self.crack_share) * anywhere

    def _crack_pixel(
        self, mask: UInt8Array, generator: np.random.Generator
    ) -> tuple[int, int] | None:
        """Row and column of a random crack pixel; None where there is none."""
        cracks = np.flatnonzero(binarize(mask, self.mask_threshold))
        if not len(cracks):
            return None
        row, column = divmod(int(generator.choice(cracks)), mask.shape[1])
        return row, column


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
