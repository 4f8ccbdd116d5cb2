"""Draws the test plate at its true size: a PDF to print at 100 %."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from crackseg.evaluation.plate.layout import (
    BAR,
    CELLS,
    LINE_LENGTH,
    MARKER,
    MARKERS,
    SHEET,
    marker_corners,
    plate_lines,
)
from crackseg.system.files import atomic_write

DICTIONARY = cv2.aruco.DICT_4X4_50
_MM_PER_INCH = 25.4
_TITLE = "crackseg test plate: print at 100 % (actual size), on A4, matt paper, best quality"
_ABOUT = (
    "Check the bar with a ruler. Photograph the whole sheet as you photograph cracks, then:\n"
    "crackseg certify --read-plate PHOTO"
)


def write_plate(path: Path) -> None:
    """Writes the plate as a PDF whose lines are areas of exact width."""
    with atomic_write(path) as temporary:
        plate_figure().savefig(temporary, format="pdf", metadata={"CreationDate": None})


def plate_pixels(pixels_per_mm: float) -> npt.NDArray[np.uint8]:
    """The plate as a printer without faults prints it, uint8 (H, W)."""
    figure = plate_figure()
    figure.set_dpi(pixels_per_mm * _MM_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels: npt.NDArray[np.uint8] = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    return pixels[..., 0].copy()


def plate_figure() -> Figure:
    """The plate as a figure whose axes are the sheet in millimetres, y down."""
    width, height = SHEET
    figure = Figure(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for number in range(len(MARKERS)):
        for x, y, side in _black_cells(number):
            axes.add_patch(Rectangle((x, y), side, side, color="black", lw=0, snap=False))
    for line in plate_lines():
        axes.add_patch(Polygon(line.corners(), color="black", lw=0, snap=False))
        x, y = np.array(line.middle) + (LINE_LENGTH / 2 + 3.5) * line.along
        label = f"{line.width:g}"
        axes.text(x, y, label, size=5, ha="center", va="center", rotation=line.angle)
    _draw_bar(axes)
    axes.text(width / 2, 11, _TITLE, size=9, ha="center", va="center", weight="bold")
    axes.text(width / 2, 278, _ABOUT, size=8, ha="center", va="center")
    axes.text(width / 2, 30, "up", size=16, ha="center", va="center")
    return figure


def _black_cells(number: int) -> list[tuple[float, float, float]]:
    """Left, top and side of each black cell of a marker, in millimetres."""
    dictionary = cv2.aruco.getPredefinedDictionary(DICTIONARY)
    cells = cv2.aruco.generateImageMarker(dictionary, number, CELLS)
    side = MARKER / CELLS
    left, top = marker_corners(number)[0].tolist()
    rows, columns = np.nonzero(cells == 0)
    return [
        (left + column * side, top + row * side, side)
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
    ]


def _draw_bar(axes: Axes) -> None:
    """A bar of 100 mm with steps of 10 mm, black and white in turn."""
    x, y = BAR
    for step in range(10):
        colour = "black" if step % 2 == 0 else "white"
        part = Rectangle((x + 10 * step, y - 2), 10, 2, fc=colour, ec="black", lw=0.3)
        axes.add_patch(part)
    for mark in (0, 50, 100):
        axes.text(x + mark, y + 3, f"{mark} mm", size=7, ha="center", va="center")
