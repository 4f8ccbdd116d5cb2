"""Writes what was measured for other programs, and as a page, from the records of a folder."""

import logging
import os
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path, PurePath
from urllib.parse import quote

import numpy as np
import numpy.typing as npt

from crackseg.errors import ConfigError, did_you_mean, name_some
from crackseg.formats.record import read_record
from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from crackseg.formats.writing import write_formats
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array
from crackseg.inference.reliance import Reliance
from crackseg.measurement.classes import ClassLimits
from crackseg.reporting.formatting import counted
from crackseg.reporting.inspection.component import DEFAULT_LIMITS
from crackseg.reporting.inspection.page import (
    InspectedPhotograph,
    LeftOut,
    write_inspection_page,
)
from crackseg.system.progress import progress
from crackseg.workflows.folders.plan import MASK, Job
from crackseg.workflows.folders.work import Skipped
from crackseg.workflows.measuring.photographs import OVERLAY, RECORD

log = logging.getLogger(__name__)

PAGE = "cracks.html"


def chosen_formats(names: str) -> tuple[PhotographFormat | FolderFormat, ...]:
    """The formats of names with commas between, whose libraries are there.

    Raises:
        ConfigError: There is no such format.
        MissingLibraryError: A library is not installed.
    """
    chosen = []
    for name in dict.fromkeys(filter(None, (one.strip() for one in names.split(",")))):
        if name not in FORMATS:
            guess = "--html writes the page" if name == "html" else did_you_mean(name, FORMATS)
            raise ConfigError(
                f"--format {name}: one of {', '.join(FORMATS)}, or several with commas between"
                + (f"; {guess}" if guess else "")
            )
        FORMATS[name].require()
        chosen.append(FORMATS[name])
    return tuple(chosen)


def export(
    jobs: Sequence[Job],
    output: Path,
    formats: Sequence[PhotographFormat | FolderFormat],
    limits: ClassLimits | None,
    white_level: int | None,
    overwrite: bool = False,
) -> None:
    """Writes formats, one photograph in memory at a time.

    Args:
        jobs: Photographs that were measured.
        output: Folder of all results.
        formats: Formats.
        limits: Limits of classes of width; None for no classes.
        white_level: White in photographs deeper than 8 bits; None for what each file says.
        overwrite: Whether files that somebody has corrected are replaced; else they are named.

    Raises:
        CrackSegError: A photograph has changed since, or a file cannot be written.
    """
    _refuse_mixed(jobs, output, formats)

    def results(names: str) -> Iterator[tuple[PurePath, Result]]:
        for job in progress(iter(jobs), f"Writing {names}", len(jobs)):
            yield PurePath(job.target.relative_to(output)), _result(job, white_level)

    left = write_formats(results, output, formats, limits, overwrite)
    if left:
        log.warning(
            "%s not written anew, because changed since (corrected by hand, or of an earlier "
            "version); --overwrite replaces such files too: %s",
            counted(len(left), "file"),
            name_some(map(str, left)),
        )


def _refuse_mixed(
    jobs: Sequence[Job], output: Path, formats: Sequence[PhotographFormat | FolderFormat]
) -> None:
    """Refuses formats whose folder has the name of a folder of photographs.

    Raises:
        ConfigError: Results of one photograph would be taken for another one's.
    """
    below = (job.target.relative_to(output).parts for job in jobs)
    folders = {first for first, *others in below if others}
    for one in formats:
        if isinstance(one, PhotographFormat) and one.name in folders:
            raise ConfigError(
                f"--format {one.name}: its folder {output / one.name} would be that of the "
                f"photographs of {one.name}/ too; measure those by themselves, into another "
                "--output, or give their folder another name"
            )


def write_page(
    jobs: Sequence[Job],
    output: Path,
    limits: ClassLimits | None,
    skipped: Sequence[Skipped],
    white_level: int | None,
    relied: Reliance | None,
) -> Path:
    """Writes the inspection page of a folder, and gives its path.

    Args:
        jobs: Photographs that were measured.
        output: Folder of all results.
        limits: Limits of classes of width; None for those of ACI 224R-01.
        skipped: Photographs that could not be measured.
        white_level: White in photographs deeper than 8 bits; None for what each file says.
        relied: Whether the network can be relied on for them; None where that is not known.

    Raises:
        CrackSegError: A photograph has changed since, or the page cannot be written.
    """
    page = output / PAGE
    shown = (
        _inspected(job, output, white_level)
        for job in progress(iter(jobs), "Writing the page", len(jobs))
    )
    # The page may go to others, whom the folders of this machine are no business of.
    left_out = [LeftOut(one.name, one.reason) for one in skipped]
    title = output.resolve().name
    write_inspection_page(shown, len(jobs), page, title, limits or DEFAULT_LIMITS, left_out, relied)
    return page


def shared_files(formats: Sequence[PhotographFormat | FolderFormat], with_page: bool) -> list[str]:
    """Names of what formats and page write of all photographs together."""
    of_folder = [name for one in formats if isinstance(one, FolderFormat) for name in one.names]
    return [*of_folder, *([PAGE] if with_page else [])]


def former_files(
    output: Path, formats: Sequence[PhotographFormat | FolderFormat], with_page: bool
) -> list[str]:
    """Names of what an earlier call wrote below a folder and this one does not.

    Args:
        output: Folder of all results.
        formats: Formats that this call writes.
        with_page: Whether it writes the page.
    """
    names = [] if with_page else [PAGE]
    for one in FORMATS.values():
        if one not in formats:
            names += one.names if isinstance(one, FolderFormat) else [one.name]
    return [name for name in names if (output / name).exists()]


def _inspected(job: Job, output: Path, white_level: int | None) -> InspectedPhotograph:
    result = _result(job, white_level)
    overlay = os.fsencode(job.result(OVERLAY).relative_to(output).as_posix())
    return InspectedPhotograph(result.photograph, result.image(), quote(overlay))


def _result(job: Job, white_level: int | None) -> Result:
    # Several formats ask for the same pixels, one after the other.
    @cache
    def image() -> UInt8Array:
        return read_photograph(job.photograph, white_level)

    @cache
    def mask() -> npt.NDArray[np.bool_]:
        return read_photograph(job.result(MASK))[..., 0] > 127

    return Result(read_record(job.result(RECORD)), job.photograph, image, mask)
