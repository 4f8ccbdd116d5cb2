"""Median width and width class of a photograph's cracks."""

import numpy as np

from crackseg.geometry import crack_widths
from crackseg.metrics.histogram import Mask

# In pixels of the evaluated resolution; a class holds its lower edge.
EDGES = (3, 6, 12)
NO_CRACK, VANISHED = "no crack", "vanished"
CLASSES = (NO_CRACK, VANISHED, "<3 px", "3-6 px", "6-12 px", ">=12 px")


def median_width(truth: Mask) -> float:
    """Median of :func:`crackseg.geometry.crack_widths`, in pixels; 0 without any crack.

    Args:
        truth: Whether a pixel is crack, bool (H, W).
    """
    widths = crack_widths(truth)
    return float(np.median(widths)) if len(widths) else 0.0


def width_class(width: float) -> str:
    """The class of a photograph by its median width.

    >>> [width_class(width) for width in (0, 2.9, 3, 11, 12)]
    ['no crack', '<3 px', '3-6 px', '6-12 px', '>=12 px']
    """
    return CLASSES[2 + int(np.searchsorted(EDGES, width, side="right"))] if width else NO_CRACK
