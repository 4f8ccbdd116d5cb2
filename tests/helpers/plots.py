"""Plots that nobody looks at."""

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from matplotlib.figure import Figure

BLANK = {
    "png": cv2.imencode(".png", np.zeros((1, 1), np.uint8))[1].tobytes(),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"/>',
}


def save_blank(figure: Figure, file: str | Path | BinaryIO, **settings: str) -> None:
    """Takes the place of matplotlib's ``Figure.savefig``."""
    with ExitStack() as stack:
        if isinstance(file, str | Path):
            file = stack.enter_context(Path(file).open("wb"))
        file.write(BLANK[settings["format"]])
