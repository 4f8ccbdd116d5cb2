"""Predicts masks for files, folders and globs of photographs."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from crackseg.errors import UnreadableImageError
from crackseg.images.photographs import size_of_photograph
from crackseg.images.pixels import UInt8Array
from crackseg.images.png import png_rows
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.predictor import Prediction, Predictor
from crackseg.system.progress import progress
from crackseg.visualization.overlays import as_grey, overlay
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.overlap import WriteBehind, read_ahead
from crackseg.workflows.folders.plan import RESULTS, Job, plan
from crackseg.workflows.folders.shards import Shard

log = logging.getLogger(__name__)

# Photographs of more pixels are read, predicted and written one at a time, to save memory.
_LARGE = 16_000_000


@dataclass(frozen=True)
class Outcome:
    """Results of a prediction, by photograph.

    Attributes:
        done: Photographs whose results were written now.
        kept: Photographs whose results existed already.
        skipped: Photographs that could not be read, each with the reason.
    """

    done: tuple[Path, ...]
    kept: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def predict(
    paths: Sequence[str],
    predictor: Predictor,
    output: Path,
    probability: bool = False,
    overwrite: bool = False,
    shard: Shard | None = None,
) -> Outcome:
    """Writes ``NAME_mask.png`` (0/255) and ``NAME_overlay.png`` for every photograph.

    The results are below the same relative folders as the photographs. A photograph that cannot be
    read is named and skipped. Results that an earlier call made of the same photographs, in the
    same way, are kept.

    Args:
        paths: Files, folders (searched at any depth) and globs.
        predictor: Predictor of a checkpoint.
        output: Folder of the results, made if it is missing.
        probability: Whether ``NAME_probability.png`` is written too, 0-255 for 0-1.
        overwrite: Whether existing results are made again.
        shard: Share of the photographs that is done; None for all.

    Raises:
        DatasetNotFoundError: A path does not exist, or there is no photograph under any of them.
        CrackSegError: The results would be among the photographs, would replace those of other
            ones, or cannot be written.
    """
    planned = plan(paths, output).share(shard)
    kinds = RESULTS if probability else RESULTS[:2]
    way = f"{predictor.identity} {kinds}"
    record = FinishedRecord(output, "predictions", way, partial(_results, kinds=kinds), shard)
    if not overwrite:
        record.refuse_results_of_others(planned.jobs)
    kept = [] if overwrite else [job for job in planned.jobs if record.holds(job)]
    waiting = [job for job in planned.jobs if job not in set(kept)]
    done: list[Path] = []
    skipped = [(path, f"{path}: of a kind that cannot be read") for path in planned.unread]

    def finish(job: Job) -> None:
        record.add(job)
        done.append(job.photograph)

    is_large = lru_cache(maxsize=4)(_is_large)
    with WriteBehind(finish) as results:
        opened = read_ahead(waiting, lambda job: predictor.open(job.photograph), is_large)
        for job, photograph in progress(opened, "Finding cracks", len(waiting)):
            try:
                _predict(job, photograph(), predictor, kinds, results)
            except UnreadableImageError as error:
                log.warning("skipped %s", error)
                skipped.append((job.photograph, str(error)))
            if is_large(job):
                results.finish()
    return Outcome(tuple(done), tuple(job.photograph for job in kept), tuple(skipped))


def _is_large(job: Job) -> bool:
    height, width = size_of_photograph(job.photograph)
    return height * width > _LARGE


def _predict(
    job: Job,
    photograph: AnyPhotograph,
    predictor: Predictor,
    kinds: Sequence[str],
    results: WriteBehind[Job],
) -> None:
    size = photograph.size
    bands = predictor.bands(photograph, str(job.photograph))
    results.put(job, bands, lambda bands: _write(bands, size, job, kinds))


def _write(
    bands: Iterator[Prediction], size: tuple[int, int], job: Job, kinds: Sequence[str]
) -> None:
    """Writes the pictures of a photograph as its rows come."""
    with ExitStack() as files:
        pictures = [
            (_PICTURES[kind], files.enter_context(png_rows(path, _shape(kind, size))))
            for kind, path in zip(kinds, _results(job, kinds), strict=True)
        ]
        for band in bands:
            for picture_of, add in pictures:
                add(picture_of(band))


def _results(job: Job, kinds: Sequence[str]) -> tuple[Path, ...]:
    return tuple(job.result(f"_{kind}.png") for kind in kinds)


def _shape(kind: str, size: tuple[int, int]) -> tuple[int, ...]:
    return (*size, 3) if kind == "overlay" else size


# Makes a picture of a result.
_PICTURES: Mapping[str, Callable[[Prediction], UInt8Array]] = {
    "mask": lambda found: np.where(found.mask, 255, 0).astype(np.uint8),
    "overlay": lambda found: overlay(found.image, found.mask),
    "probability": lambda found: as_grey(found.probability),
}
