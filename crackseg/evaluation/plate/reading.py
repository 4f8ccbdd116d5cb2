"""Reads the test plate: measures each line in a photograph as a crack, and compares.

How dark a pixel is between the paper's white and the markers' black says how much of it is line;
that stands for the probability that a network would give. All else is the measuring of cracks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.evaluation.plate.finding import FoundPlate, Grey, PlateError, find_plate
from crackseg.evaluation.plate.layout import (
    ANGLES,
    LINE_LENGTH,
    SPACING,
    WIDTHS_MM,
    FloatArray,
    PlateLine,
    plate_lines,
)
from crackseg.measurement.cracks import Crack
from crackseg.measurement.measuring import measure
from crackseg.measurement.scale import Measured, Scale

# Coarsest millimetres for each pixel: the widest line has four pixels then.
_COARSEST = 0.5
# Share of a pixel that is line, above which there is one.
_THRESHOLD = 0.25
# Width of the band around a line that is looked at, in millimetres, and its length beyond the line.
_BAND, _BEYOND = 0.7 * SPACING, 0.8
# Percentile of a band that is paper, whatever the line's width.
_PAPER = 75.0


@dataclass(frozen=True)
class ReadLine:
    """A line of the plate in a photograph.

    Attributes:
        line: The line as it was printed.
        width: Its width in millimetres as it was measured; None where it was not seen.
        printed_pixels: Printed width in pixels of the photograph.
    """

    line: PlateLine
    width: Measured | None
    printed_pixels: float

    @property
    def is_resolved(self) -> bool:
        """Whether its width was resolved."""
        return self.width is not None and self.width.resolved


@dataclass(frozen=True)
class ReadPlate:
    """What a photograph says of the plate.

    Attributes:
        lines: All lines, those of one width together, the narrowest first.
        mm_per_pixel: Millimetres for each pixel in the middle of the sheet.
        misfit: How far the markers are from where a flat sheet and a straight lens would show
            them, in pixels.
        blur: Blur of the photograph, a standard deviation in pixels.
    """

    lines: tuple[ReadLine, ...]
    mm_per_pixel: float
    misfit: float
    blur: float

    @property
    def narrowest(self) -> float | None:
        """Narrowest printed width from which on all lines are resolved, in millimetres."""
        unresolved = [one.line.width for one in self.lines if not one.is_resolved]
        widest = max(unresolved, default=0.0)
        return min((width for width in WIDTHS_MM if width > widest), default=None)


def read_plate(image: npt.NDArray[np.uint8]) -> ReadPlate:
    """Reads the plate in a photograph, uint8 (H, W, 3) or (H, W).

    Raises:
        PlateError: It shows no plate, or too small or blurred a one.
    """
    grey: Grey = image
    if image.ndim == 3:
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
    plate = find_plate(grey)
    if plate.mm_per_pixel > _COARSEST:
        raise PlateError(
            f"the test plate is too small: a pixel is {plate.mm_per_pixel:.2f} mm, and lines of up "
            f"to 2 mm need {_COARSEST:g} mm or less; photograph it from nearer by"
        )
    lines = sorted(plate_lines(), key=lambda one: (one.width, ANGLES.index(one.angle)))
    found = measure(grey, _ink(grey, plate, lines), _THRESHOLD)
    read = ReadPlate(
        lines=tuple(_read(line, plate, found.cracks) for line in lines),
        mm_per_pixel=plate.mm_per_pixel,
        misfit=plate.misfit,
        blur=found.blur,
    )
    if not any(one.is_resolved for one in read.lines):
        raise PlateError(
            f"the test plate is too blurred: no line is resolved at a blur of {read.blur:.1f} "
            "pixels; focus, and hold the camera still"
        )
    return read


def _ink(grey: Grey, plate: FoundPlate, lines: Sequence[PlateLine]) -> npt.NDArray[np.float32]:
    """Share of each pixel near a line that is line, float32 (H, W)."""
    ink = np.zeros(grey.shape, np.float32)
    for line in lines:
        corners = plate.pixels(line.corners(_BAND, _BEYOND))
        left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0).tolist()
        right, bottom = (np.ceil(corners.max(axis=0)).astype(int) + 1).tolist()
        part = grey[top:bottom, left:right]
        band = np.zeros(part.shape, np.uint8)
        cv2.fillPoly(band, [np.rint(corners - [left, top]).astype(np.int32)], 1)
        white = float(np.percentile(part[band > 0], _PAPER)) if band.any() else 255.0
        share = (white - part) / max(white * (1 - plate.black), 1.0)
        ink[top:bottom, left:right][band > 0] = np.clip(share, 0, 1)[band > 0]
    return ink


def _read(line: PlateLine, plate: FoundPlate, cracks: Sequence[Crack]) -> ReadLine:
    """A line, and what was measured where it lies."""
    middle, end = plate.pixels(np.array([line.middle, line.middle + line.along]))
    normal = _normal(end - middle)
    # Millimetres across the line for a step of a pixel across it in the photograph.
    steps = plate.millimetres(np.stack([middle - normal, middle + normal]))
    scale = float(abs((steps[1] - steps[0]) @ line.across) / 2)
    on_line = [one for one in cracks if one.widths is not None and _is_on(one, plate, line)]
    width = None
    if on_line:
        longest = max(on_line, key=lambda one: one.length.value)
        assert longest.widths is not None
        share = plate.misfit / (LINE_LENGTH / scale)
        width = Scale(scale, scale * share).millimetres(longest.widths.mean)
    return ReadLine(line, width, line.width / scale)


def _normal(along: FloatArray) -> FloatArray:
    turned = np.array([-along[1], along[0]])
    return np.asarray(turned / np.hypot(*turned), np.float64)


def _is_on(crack: Crack, plate: FoundPlate, line: PlateLine) -> bool:
    """Whether a crack lies where the line does."""
    away = plate.millimetres(crack.points).mean(axis=0) - np.array(line.middle)
    return bool(abs(away @ line.across) < SPACING / 2 and abs(away @ line.along) < LINE_LENGTH / 2)
