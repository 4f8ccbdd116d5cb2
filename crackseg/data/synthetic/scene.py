"""Planes of a scene, from which a synthetic photograph is made.

Lengths are given in pixels of a 400 px photograph and multiplied by ``Scene.unit``.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]


@dataclass(slots=True)
class BrickBond:
    """Places of the bed and head joints of a running bond.

    Attributes:
        length: Distance between two head joints of one course, in pixels.
        height: Distance between two bed joints, in pixels.
        warp: Offsets ``(2, H, W)`` in pixels added to x and y before the bond is looked up.
    """

    length: float
    height: float
    warp: Plane


@dataclass(slots=True)
class Scene:
    """A surface before it is photographed.

    Attributes:
        albedo: Colour ``(H, W, 3)``, RGB, 0 to 1.
        height: Relief ``(H, W)`` in pixels, towards the camera.
        light: Light that falls on each point, ``(H, W)``, 1 where nothing shades it.
        crack: Coverage by crack ``(H, W)``, 0 to 1.
        unit: Pixels of this scene for one pixel of a 400 px photograph.
        bond: The joints of a brick wall, None on other surfaces.
    """

    albedo: Plane
    height: Plane
    light: Plane
    crack: Plane
    unit: float
    bond: BrickBond | None = None

    @property
    def size(self) -> int:
        """Side of the scene in pixels."""
        return len(self.height)

    def tone(self, factor: Plane | NDArray[np.float64]) -> None:
        """Multiplies the colour by a factor for each pixel ``(H, W)`` or channel ``(H, W, 3)``."""
        each = factor if factor.ndim == 3 else factor[..., None]
        self.albedo = np.asarray(self.albedo * each, np.float32)

    def lift(self, pixels: Plane | NDArray[np.float64]) -> None:
        """Adds to the relief ``(H, W)``."""
        self.height = np.asarray(self.height + pixels, np.float32)


def rgb(red: float, green: float, blue: float) -> Plane:
    """A colour, or a factor for each channel, as an array ``(3,)``."""
    return np.array([red, green, blue], np.float32)
