"""Where false positives lie: along the rims of true cracks, or away from all of them."""

from typing import NamedTuple

import numpy as np

from crackseg.metrics.histogram import Mask
from crackseg.metrics.thin_structures import widened

# In pixels of the evaluated resolution; what lies at exactly this distance is near.
NEAR = 4


class Strays(NamedTuple):
    """False positives in pixels, by their distance to the next true crack.

    Attributes:
        near: within 4 px, where a crack was drawn too thick or beside its place.
        far: all others, where something else was taken for a crack.
    """

    near: int
    far: int


def measure_strays(prediction: Mask, truth: Mask) -> Strays:
    """Counts one image.

    Args:
        prediction: bool (H, W), whether a pixel is called crack.
        truth: bool (H, W).
    """
    false = prediction & ~truth
    near = int(np.count_nonzero(false & widened(truth, NEAR)))
    return Strays(near, int(np.count_nonzero(false)) - near)
