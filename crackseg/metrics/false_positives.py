"""Where false positives lie: near true cracks, or far from all of them."""

from typing import NamedTuple

import numpy as np

from crackseg.metrics.histogram import Mask
from crackseg.metrics.thin_structures import widened

# In pixels of the evaluated resolution; a pixel at exactly this distance is near.
NEAR = 4


class Strays(NamedTuple):
    """Number of false positives in pixels, by their distance to the next true crack.

    Attributes:
        near: False positives within 4 px, where a crack was drawn too thick or beside its place.
        far: All other false positives, where something else was taken for a crack.
    """

    near: int
    far: int


def measure_strays(prediction: Mask, truth: Mask) -> Strays:
    """Counts the false positives of one image.

    Args:
        prediction: Whether a pixel is called crack, bool (H, W).
        truth: Whether a pixel is crack, bool (H, W).
    """
    false = prediction & ~truth
    near = int(np.count_nonzero(false & widened(truth, NEAR)))
    return Strays(near, int(np.count_nonzero(false)) - near)
