"""Works on the photographs of a plan, one after the other, and goes on where it was interrupted."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from crackseg.errors import UnreadableImageError, name_some
from crackseg.images.photographs import size_of_photograph
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.features import FloatArray
from crackseg.reporting.formatting import counted
from crackseg.system.progress import progress
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.overlap import WriteBehind, read_ahead
from crackseg.workflows.folders.plan import PICTURES, Job, Plan, why_not_read

log = logging.getLogger(__name__)

# Photographs of more pixels are read, worked on and written one at a time, to save memory.
_LARGE = 16_000_000

# Works on an opened photograph, and hands over what is to be written.
Work = Callable[[Job, AnyPhotograph, WriteBehind[Job]], None]


@dataclass(frozen=True)
class Skipped:
    """A photograph that could not be read.

    Attributes:
        path: Its path.
        name: Its path below the folder of all, as text that can be written anywhere.
        reason: Why it could not be read, without its path.
    """

    path: Path
    name: str
    reason: str


@dataclass(frozen=True)
class Outcome:
    """Results of the work, by photograph.

    Attributes:
        done: Photographs whose results were written now.
        kept: Photographs whose results existed already.
        skipped: Photographs that could not be read.
        features: What the network saw of each photograph that is done or was kept, (D,), as far as
            that was kept.
        cracks: Whether it found crack in each of them, likewise.
    """

    done: tuple[Job, ...]
    kept: tuple[Job, ...]
    skipped: tuple[Skipped, ...]
    features: tuple[FloatArray, ...] = ()
    cracks: tuple[bool, ...] = ()


def work_on(
    planned: Plan,
    record: FinishedRecord,
    what: str,
    opened: Callable[[Path], AnyPhotograph],
    do: Work,
    overwrite: bool = False,
) -> Outcome:
    """Works on photographs; one that cannot be read is named and skipped.

    Args:
        planned: Photographs.
        record: Record of those that are done.
        what: What is done, for the display of the progress.
        opened: Function that opens a photograph; called in another thread.
        do: Function that works on it.
        overwrite: Whether what is done is done again, also where the results are those of others.

    Raises:
        CrackSegError: The results would replace those of other photographs, or cannot be written.
    """
    kept = record.begin(planned.jobs, overwrite)
    finished = set(kept)
    waiting = [job for job in planned.jobs if job not in finished]
    done: list[Job] = []

    def skip(path: Path, reason: str) -> Skipped:
        return Skipped(path, planned.name_of(path), reason.removeprefix(f"{path}: "))

    skipped = [skip(path, why_not_read(path)) for path in planned.unread]

    def finish(job: Job) -> None:
        record.add(job)
        done.append(job)

    def work(job: Job, photograph: AnyPhotograph) -> None:
        record.withdraw(job)
        do(job, photograph, results)

    is_large = lru_cache(maxsize=4)(_is_large)
    with WriteBehind(finish) as results:
        ahead = read_ahead(waiting, lambda job: opened(job.photograph), is_large)
        for job, photograph in progress(ahead, what, len(waiting)):
            try:
                work(job, photograph())
            except UnreadableImageError as error:
                log.warning("skipped %s", error)
                skipped.append(skip(job.photograph, str(error)))
            if is_large(job):
                results.finish()
    _tell_of_former(done, record)
    both = [*kept, *done]
    seen, cracks = record.features(both), record.cracks(both)
    return Outcome(tuple(done), tuple(kept), tuple(skipped), tuple(seen), tuple(cracks))


def _tell_of_former(done: Sequence[Job], record: FinishedRecord) -> None:
    """Names pictures beside new results that are not made anew, and so are of other ones."""
    former: list[str] = []
    for job in done:
        pictures = {job.result(ending) for ending in PICTURES}.difference(record.results(job))
        former.extend(str(picture) for picture in sorted(pictures) if picture.is_file())
    if former:
        log.warning(
            "%s not made anew, and of an earlier call, which may have found other cracks; remove "
            "them, or have them made anew: %s",
            counted(len(former), "picture"),
            name_some(former),
        )


def _is_large(job: Job) -> bool:
    height, width = size_of_photograph(job.photograph)
    return height * width > _LARGE
