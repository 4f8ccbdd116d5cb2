"""Recognises pictures of plots that stand in the place of masks, by their margin."""

import numpy as np
import numpy.typing as npt

# What to do about such pictures.
REMEDY = "save the array itself, not the figure that shows it, white where cracks are"
# Least share of each side of the rim. No crack goes along the whole of a photograph's rim.
_ALONG = 0.95


def has_white_margin(mask: npt.NDArray[np.uint8], threshold: int = 127) -> bool:
    """Whether a mask marks crack along its whole rim, as a saved figure's white margin does.

    >>> has_white_margin(np.pad(np.zeros((4, 4), np.uint8), 1, constant_values=255))
    True
    """
    sides = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return bool(mask.size) and all(bool((side > threshold).mean() >= _ALONG) for side in sides)
