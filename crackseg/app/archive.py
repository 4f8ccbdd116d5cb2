"""Everything that was found on a page, in one ZIP file."""

import zipfile
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np

from crackseg.app.finding import read
from crackseg.app.sessions import AppPhotograph, Session
from crackseg.images.png import write_png
from crackseg.inference.predictor import Predictor
from crackseg.measurement.classes import ClassLimits
from crackseg.visualization.overlays import overlay

NAME = "cracks.zip"


def write_archive(session: Session, predictor: Predictor, limits: ClassLimits) -> Path:
    """Writes masks and overlays of all measured photographs into a ZIP file.

    Returns:
        Its path, in the session's folder.
    """
    with session.open_folder() as folder, TemporaryDirectory(dir=folder) as place:
        path = Path(place) / NAME
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for photograph in session.photographs:
                if photograph.measured is not None:
                    _add(archive, photograph, predictor, Path(place))
        return path.replace(folder / NAME)


def _add(
    archive: zipfile.ZipFile, photograph: AppPhotograph, predictor: Predictor, place: Path
) -> None:
    image, probability = read(photograph, predictor)
    mask = probability > (photograph.threshold or 0.0)
    stem = PurePath(photograph.name).stem
    pictures = {
        "mask": np.where(mask, 255, 0).astype(np.uint8),
        "overlay": overlay(image, mask),
    }
    for kind, picture in pictures.items():
        file = place / f"{kind}.png"
        write_png(picture, file)
        archive.write(file, f"{kind}s/{stem}_{kind}.png")
