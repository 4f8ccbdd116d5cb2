"""Everything that was found on a page, in one ZIP file."""

import logging
import zipfile
from collections.abc import Sequence
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from crackseg.app.finding import read_image, read_probability
from crackseg.app.sessions import AppPhotograph, Session
from crackseg.formats.record import write_record
from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from crackseg.formats.writing import write_formats
from crackseg.inference.predictor import Predictor
from crackseg.measurement.classes import ClassLimits
from crackseg.system.logs import quiet
from crackseg.workflows.folders.places import targets

NAME = "cracks.zip"


def formats() -> tuple[PhotographFormat | FolderFormat, ...]:
    """The formats whose libraries are installed."""
    return tuple(one for one in FORMATS.values() if all(map(find_spec, one.libraries)))


def write_archive(
    session: Session, predictor: Predictor, limits: ClassLimits, wanted: Sequence[str]
) -> Path:
    """Writes the results of a page into a ZIP file: a record of each photograph, and formats.

    Args:
        session: Session of the page.
        predictor: Predictor that found the cracks.
        limits: Limits of classes of width.
        wanted: Names of the formats.

    Returns:
        The path of the file, in the session's folder.

    Raises:
        SessionEndedError: The page was closed.
        OutputError: The disk is full.
    """
    photographs = [one for one in session.photographs if one.measured is not None]
    results = _results(photographs, predictor)
    places = [Path(place) for place in targets([one.name for one in photographs])]
    with session.open_folder() as folder:
        room = TemporaryDirectory(dir=folder, ignore_cleanup_errors=True)
    # The folder is not held meanwhile: that takes long, and others wait for this session's turn.
    with room as place:
        content = Path(place) / "content"
        _write(results, places, content, [FORMATS[name] for name in wanted], limits)
        packed = _packed(content, Path(place) / NAME)
        with session.open_folder():
            return packed.replace(folder / NAME)


def _results(photographs: Sequence[AppPhotograph], predictor: Predictor) -> list[Result]:
    # Several formats ask for the same pixels one after the other.
    image = lru_cache(maxsize=1)(partial(read_image, predictor=predictor))
    mask = lru_cache(maxsize=1)(_mask)
    return [
        Result(one.measured, one.path, partial(image, one), partial(mask, one))
        for one in photographs
        if one.measured is not None
    ]


def _mask(photograph: AppPhotograph) -> npt.NDArray[np.bool_]:
    assert photograph.threshold is not None
    return np.asarray(read_probability(photograph) > photograph.threshold)


def _write(
    results: Sequence[Result],
    places: Sequence[PurePath],
    content: Path,
    wanted: Sequence[PhotographFormat | FolderFormat],
    limits: ClassLimits,
) -> None:
    placed = list(zip(places, results, strict=True))
    for target, result in placed:
        write_record(result.photograph, content / "record" / f"{target}_cracks.json")
    # Their warnings name private paths, and stand in the files too, where the user is.
    with quiet(logging.ERROR, "crackseg.formats"):
        write_formats(lambda _: placed, content, wanted, limits)


def _packed(content: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(content.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(content))
    return path
