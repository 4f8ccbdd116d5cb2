"""A network that takes what is dark for crack, and photographs for it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.images.windows import AnyPhotograph, open_by_rows
from crackseg.inference.features import FeatureMoments
from crackseg.inference.prediction import Prediction
from crackseg.measurement.photograph import Method
from tests.measurement.drawn import drawn_line, photographed

ROWS = 64


class DarkIsCrack:
    """What the app needs of a predictor."""

    line = "model: a stand-in (CC0)"
    threshold = 0.5
    max_megapixels = 1.0

    def __init__(self) -> None:
        self.predicted: list[str] = []

    def method(self, threshold: float) -> Method:
        return Method(self.line, threshold, "1", "0.1.0")

    def open(self, path: Path) -> AnyPhotograph:
        return open_by_rows(path, max_megapixels=self.max_megapixels)

    def moments(self) -> None:
        """It knows no photographs."""

    def bands(
        self, photograph: AnyPhotograph, name: str, moments: FeatureMoments | None = None
    ) -> Iterator[Prediction]:
        self.predicted.append(name)
        for start in range(0, photograph.size[0], ROWS):
            rgb = photograph.rows(start, min(start + ROWS, photograph.size[0]))
            probability = darkness(rgb)
            yield Prediction(rgb, probability, probability > self.threshold, self.threshold)


def darkness(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    return np.clip((120 - rgb[:, :, 0].astype(np.float32)) / 60, 0, 1)


def draw_photograph(path: Path, width: float = 6.0, angle: float = 20.0) -> Path:
    """A drawn crack of a width in pixels, 150 pixels long."""
    Image.fromarray(photographed(drawn_line(width, angle))).save(path)
    return path


def work_off(desk: Desk, session: Session) -> None:
    """Finds and measures all photographs of a page."""
    while not all(photograph.is_done for photograph in session.photographs):
        desk.work_on_next()
