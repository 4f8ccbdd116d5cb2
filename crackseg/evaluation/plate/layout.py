"""What stands where on the test plate, in millimetres from the top left corner of the sheet.

The plate has four markers, two of each in every direction, and four blocks of lines, one for each
angle. The markers say where a photograph shows the plate, which way it lies, and how it is turned.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# A4.
SHEET = (210.0, 297.0)
WIDTHS_MM = (0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0)
ANGLES = (0.0, 90.0, 45.0, 20.0)
LINE_LENGTH = 45.0
# Distance between the middles of two lines of a block.
SPACING = 7.5
# Side of a marker, of six cells, and the middles of the four, by their number.
MARKER, CELLS = 18.0, 6
MARKERS = ((24.0, 30.0), (186.0, 30.0), (186.0, 262.0), (24.0, 262.0))
# Middles of the blocks, in the order of the angles.
_BLOCKS = ((62.0, 97.0), (148.0, 97.0), (62.0, 195.0), (148.0, 195.0))
# Left end of the scale bar, of 100 mm.
BAR = (55.0, 262.0)


@dataclass(frozen=True)
class PlateLine:
    """A line of the plate.

    Attributes:
        width: Width in millimetres.
        angle: Direction in degrees, from right counter-clockwise.
        middle: Position x and y of its middle, in millimetres.
    """

    width: float
    angle: float
    middle: tuple[float, float]

    @property
    def along(self) -> FloatArray:
        """Unit vector along it, x and y, with y down."""
        turned = np.radians(self.angle)
        return np.array([np.cos(turned), -np.sin(turned)])

    @property
    def across(self) -> FloatArray:
        """Unit vector across it."""
        x, y = self.along
        return np.array([-y, x])

    def corners(self, width: float | None = None, beyond: float = 0.0) -> FloatArray:
        """Corners (4, 2) in millimetres, of the line or of a band around it.

        Args:
            width: Width of the band; None for the line itself.
            beyond: Millimetres that the band is longer by at each end.
        """
        half = (LINE_LENGTH / 2 + beyond) * self.along
        aside = (self.width if width is None else width) / 2 * self.across
        middle = np.array(self.middle)
        signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        return np.asarray(middle + signs @ np.stack([half, aside]))


def plate_lines() -> Sequence[PlateLine]:
    """All lines of the plate, block after block, the widest of each first."""
    lines = []
    for angle, block in zip(ANGLES, _BLOCKS, strict=True):
        for number, width in enumerate(reversed(WIDTHS_MM)):
            across = PlateLine(width, angle, block).across
            away = (number - (len(WIDTHS_MM) - 1) / 2) * SPACING
            x, y = (np.array(block) + away * across).tolist()
            lines.append(PlateLine(width, angle, (x, y)))
    return lines


def marker_corners(number: int) -> FloatArray:
    """Corners (4, 2) of a marker in millimetres, clockwise from the top left."""
    half = MARKER / 2
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.array(MARKERS[number]) + half * signs
