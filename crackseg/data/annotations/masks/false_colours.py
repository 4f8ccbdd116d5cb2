"""Recognises maps of probabilities that a plotting program has painted in false colours.

``imsave`` and ``applyColorMap`` give each value a colour of a colour map. Which value a pixel had
is no matter of brightness then, and its colours are no classes.
"""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.masks.summaries import MaskSummary

_MAPS = (
    *(cv2.COLORMAP_VIRIDIS, cv2.COLORMAP_PLASMA, cv2.COLORMAP_INFERNO, cv2.COLORMAP_MAGMA),
    *(cv2.COLORMAP_CIVIDIS, cv2.COLORMAP_JET, cv2.COLORMAP_TURBO, cv2.COLORMAP_HOT),
    *(cv2.COLORMAP_PARULA, cv2.COLORMAP_HSV, cv2.COLORMAP_RAINBOW),
)
# Maps of matplotlib that OpenCV lacks, at equal steps: rainbow, coolwarm, YlOrRd.
_STEPS = (
    "8000ff 4062fa 00b5eb 40ecd4 80ffb4 c0eb8d ffb462 ff6232 ff0000",
    "3b4cc0 6282ea 8db0fe b8d0f9 dddddd f5c4ad f49a7b de604d b40426",
    "ffffcc ffeda0 fed976 feb24c fd8c3c fc4d2a e2191c bb0026 800026",
)
# Distance in levels by which the maps of two programs differ, and what lossy formats add.
_NEAR = 36.0
_MOST_CLASSES = 8
# Least share of the pixels that are of the map, and of its 16 parts that they are from.
_SHARE, _PARTS = 0.97, 6


def is_shaded(one: MaskSummary) -> bool:
    """Whether a mask has more colours than there are classes."""
    return one.form == "colour" and len(one.colours) > _MOST_CLASSES


def is_false_coloured(one: MaskSummary) -> bool:
    """Whether a shaded mask has the colours of a colour map."""
    colours = np.array(list(one.colours), np.float64)
    counts = np.array(list(one.colours.values()), np.float64)
    for table in _tables():
        steps = np.linalg.norm(colours[:, None, :] - table[None], axis=2)
        near = steps.min(axis=1) <= _NEAR
        parts = np.unique(steps.argmin(axis=1)[near] // 16)
        if len(parts) >= _PARTS and counts[near].sum() >= _SHARE * counts.sum():
            return True
    return False


@lru_cache(maxsize=1)
def _tables() -> list[npt.NDArray[np.float64]]:
    """The 256 colours (R, G, B) of each colour map."""
    values = np.arange(256, dtype=np.uint8)[:, None]
    named = [cv2.applyColorMap(values, one)[:, 0, ::-1].astype(np.float64) for one in _MAPS]
    return [*named, *map(_between, _STEPS)]


def _between(steps: str) -> npt.NDArray[np.float64]:
    known = np.array([[*bytes.fromhex(step)] for step in steps.split()], np.float64)
    places, values = np.linspace(0, 255, len(known)), np.arange(256)
    return np.stack([np.interp(values, places, band) for band in known.T], axis=1)
