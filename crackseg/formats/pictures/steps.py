"""Steps of width, each with a colour and a thickness of line.

Lines grow thicker with each step, so that nothing is said by colour alone.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crackseg.formats.drawings.drawing import Colour, shades
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Measurement
from crackseg.measurement.graph import FloatArray, IntArray

# The same steps for all photographs, so that pictures can be compared.
_PIXELS = (2.0, 3.0, 4.0, 6.0, 9.0, 14.0)
_MILLIMETRES = (0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0)


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps of width.

    Attributes:
        borders: Borders between steps, in the unit, rising.
        unit: Unit, ``mm`` or ``px``.
        factor: Units for each pixel.
    """

    borders: tuple[float, ...]
    unit: str
    factor: float

    @classmethod
    def of(cls, measurement: Measurement, limits: ClassLimits | None) -> "Steps":
        """The classes, or steps of our own where there are none or where the scale is unknown."""
        if measurement.scale is None:
            return cls(_PIXELS, "px", 1.0)
        factor = measurement.scale.mm_per_pixel
        return cls(_MILLIMETRES if limits is None else limits.limits_mm, "mm", factor)

    def of_pixels(self, widths: FloatArray) -> IntArray:
        """Step of each width in pixels, from 0."""
        return np.searchsorted(self.borders, widths * self.factor, side="left").astype(np.int64)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the steps, from the narrowest."""
        between = (f"{low:g} to {high:g}" for low, high in pairwise(self.borders))
        every = (f"up to {self.borders[0]:g}", *between, f"above {self.borders[-1]:g}")
        return tuple(f"{one} {self.unit}" for one in every)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """Colour of each step."""
        return shades(len(self.borders) + 1)

    def thickness(self, step: int, base: int) -> int:
        """Thickness of a step's line, in pixels, where the thinnest has ``base``."""
        return base + round(1.5 * base * step / len(self.borders))
