"""What a format writes: a measured photograph, with its pixels where it wants them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackseg.measurement.photograph import MeasuredPhotograph


@dataclass(frozen=True, eq=False)
class Result:
    """A measured photograph and the ways to its pixels, which most formats do not need.

    Attributes:
        photograph: What was measured; its name is text that UTF-8 can write.
        file: Path of the photograph's file.
        image: Function that gives the upright photograph, uint8 (H, W, 3).
        mask: Function that gives whether a pixel is crack, bool (H, W).
    """

    photograph: MeasuredPhotograph
    file: Path
    image: Callable[[], npt.NDArray[np.uint8]]
    mask: Callable[[], npt.NDArray[np.bool_]]
