"""Sheets of many pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from crackseg.images.pixels import UInt8Array, resize
from crackseg.visualization.plots import save_figure


def contact_sheet(
    pictures: Sequence[UInt8Array],
    columns: int,
    path: Path,
    titles: Sequence[str] = (),
    side: int = 160,
) -> None:
    """Writes pictures row by row as one PNG.

    Args:
        pictures: Pictures, uint8 (H, W, 3) each; all are resized to a square of ``side`` pixels.
        columns: Number of pictures in a row.
        path: Path of the PNG file.
        titles: Titles of the columns; none if empty.
        side: Side of a picture on the sheet, in pixels.
    """
    rows = -(-len(pictures) // columns)
    gap, head = 4, 22 if titles else 0
    height, width = head + rows * (side + gap), columns * (side + gap)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas = np.full((height, width, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        top, left = head + row * (side + gap), column * (side + gap)
        canvas[top : top + side, left : left + side] = resize(picture, (side, side))
    figure.figimage(canvas)
    for column, title in enumerate(titles):
        x = (column * (side + gap) + side / 2) / width
        figure.text(x, 1 - head / 2 / height, title, ha="center", va="center", fontsize=9)
    save_figure(figure, path, dpi=100)
