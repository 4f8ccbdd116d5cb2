"""Everything that was found on a page, in one ZIP file."""

import zipfile
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from crackseg.app.finding import read_image, read_probability
from crackseg.app.sessions import AppPhotograph, Session
from crackseg.errors import MissingLibraryError
from crackseg.formats.record import write_record
from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from crackseg.images.png import write_png
from crackseg.inference.predictor import Predictor
from crackseg.measurement.classes import ClassLimits
from crackseg.visualization.overlays import overlay

NAME = "cracks.zip"


def write_archive(session: Session, predictor: Predictor, limits: ClassLimits) -> Path:
    """Writes all results of a page into a ZIP file, in every format whose library is installed.

    Args:
        session: Session of the page.
        predictor: Predictor that found the cracks.
        limits: Limits of classes of width.

    Returns:
        The path of the file, in the session's folder.

    Raises:
        SessionEndedError: The page was closed.
        OutputError: The disk is full.
    """
    photographs = [one for one in session.photographs if one.measured is not None]
    results = [_result(one, predictor) for one in photographs]
    targets = _targets([one.name for one in photographs])
    with session.open_folder() as folder:
        room = TemporaryDirectory(dir=folder, ignore_cleanup_errors=True)
    # The folder is not held meanwhile: that takes long, and others wait for this session's turn.
    with room as place:
        content = Path(place) / "content"
        for result, target in zip(results, targets, strict=True):
            _write_pictures(result, content, target)
            write_record(result.photograph, content / "records" / f"{target}_cracks.json")
        _write_formats(results, targets, content, limits)
        packed = _packed(content, Path(place) / NAME)
        with session.open_folder():
            return packed.replace(folder / NAME)


def _result(photograph: AppPhotograph, predictor: Predictor) -> Result:
    assert photograph.measured is not None
    return Result(
        photograph=photograph.measured,
        file=photograph.path,
        image=partial(read_image, photograph, predictor),
        mask=partial(_mask, photograph),
    )


def _mask(photograph: AppPhotograph) -> npt.NDArray[np.bool_]:
    assert photograph.threshold is not None
    return np.asarray(read_probability(photograph) > photograph.threshold)


def _targets(names: Sequence[str]) -> list[PurePath]:
    """``x`` for ``x.jpg``, or ``x_jpg`` where there is an ``x.png`` too."""
    stems = Counter(PurePath(name).stem.casefold() for name in names)
    alone = (stems[PurePath(name).stem.casefold()] == 1 for name in names)
    return [
        PurePath(PurePath(name).stem if free else name.replace(".", "_"))
        for name, free in zip(names, alone, strict=True)
    ]


def _write_pictures(result: Result, content: Path, target: PurePath) -> None:
    mask = result.mask()
    white = np.where(mask, 255, 0).astype(np.uint8)
    write_png(white, content / "masks" / f"{target}_mask.png")
    write_png(overlay(result.image(), mask), content / "overlays" / f"{target}_overlay.png")


def _write_formats(
    results: Sequence[Result], targets: Sequence[PurePath], content: Path, limits: ClassLimits
) -> None:
    for kind in FORMATS.values():
        try:
            kind.require()
        except MissingLibraryError:
            continue
        if isinstance(kind, FolderFormat):
            kind.write(results, kind.paths(content), limits)
        if isinstance(kind, PhotographFormat):
            for result, target in zip(results, targets, strict=True):
                kind.write(result, kind.paths(content, target), limits)


def _packed(content: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(content.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(content))
    return path
