"""Photographs with the cracks that were found on them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from crackseg.images.pixels import UInt8Array, resize
from crackseg.visualization.plots import save_figure

CRACK_COLOUR = (255, 40, 90)


def overlay(image: UInt8Array, mask: npt.NDArray[np.bool_], strength: float = 0.6) -> UInt8Array:
    """Colours the crack pixels of a photograph.

    Args:
        image: Photograph, uint8 (H, W, 3).
        mask: Whether a pixel is crack, bool (H, W).
        strength: Share of the colour in a crack's pixel, in [0, 1].
    """
    coloured = image.astype(np.float32)
    coloured[mask] = (1 - strength) * coloured[mask] + strength * np.array(CRACK_COLOUR)
    return np.round(coloured).astype(np.uint8)


def as_heat(probability: npt.NDArray[np.float32]) -> UInt8Array:
    """Draws a probability (H, W) in [0, 1] as a grey picture, uint8 (H, W, 3)."""
    grey = np.round(np.clip(probability, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


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
