"""Small GeoTIFF files for tests."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tifffile

PIXELS = np.full((30, 40, 3), 128, np.uint8)
UTM = 25832


def keys(**values: int) -> list[int]:
    """The directory of GeoTIFF keys, of which each holds a number."""
    numbers = {"model": 1024, "raster": 1025, "geographic": 2048, "projected": 3072}
    numbers |= {"conversion": 3074, "method": 3075, "unit": 3076}
    entries = sorted((numbers[name], 0, 1, value) for name, value in values.items())
    return [1, 1, 0, len(entries), *(number for entry in entries for number in entry)]


def geotiff(
    path: Path,
    directory: list[int],
    pixels: npt.NDArray[np.uint8] = PIXELS,
    orientation: int = 1,
    **tags: list[float],
) -> Path:
    """Writes a GeoTIFF of 5 cm pixels, or with these tags."""
    found = tags or {"scale": [0.05, 0.05, 0.0], "tie": [0, 0, 0, 691000.0, 5334000.0, 0]}
    codes = {"scale": 33550, "tie": 33922, "transformation": 34264}
    extra: list[tuple[Any, ...]] = [
        (codes[name], "d", len(values), tuple(values), True) for name, values in found.items()
    ]
    extra += [(34735, "H", len(directory), tuple(directory), True)]
    extra += [(274, "H", 1, orientation, True)]
    tifffile.imwrite(path, pixels, photometric="rgb", extratags=extra)
    return path
