"""Predicts masks for files, folders and globs of photographs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np

from crackseg.images.pixels import UInt8Array
from crackseg.images.png import png_rows
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.prediction import Prediction
from crackseg.inference.predictor import Predictor
from crackseg.visualization.overlays import as_grey, overlay
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.overlap import WriteBehind
from crackseg.workflows.folders.plan import MASK, PREDICTIONS, RESULTS, Job, plan
from crackseg.workflows.folders.shards import Shard
from crackseg.workflows.folders.work import Outcome, work_on


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
    record = FinishedRecord(output, PREDICTIONS, way, partial(_results, kinds=kinds), shard=shard)

    def do(job: Job, photograph: AnyPhotograph, results: WriteBehind[Job]) -> None:
        size = photograph.size
        moments = predictor.moments()
        has_cracks = False

        def bands() -> Iterator[Prediction]:
            nonlocal has_cracks
            for band in predictor.bands(photograph, str(job.photograph), moments):
                has_cracks = has_cracks or bool(band.mask.any())
                yield band

        results.put(job, bands(), lambda bands: _write(bands, size, job, kinds))
        record.note(job, moments, has_cracks)

    return work_on(planned, record, "Finding cracks", predictor.open, do, overwrite)


def _write(
    bands: Iterator[Prediction], size: tuple[int, int], job: Job, kinds: Sequence[str]
) -> None:
    """Writes the pictures of a photograph as its rows come."""
    mask = job.result(MASK)
    with ExitStack() as files:
        pictures = [
            (_PICTURES[kind], files.enter_context(png_rows(path, _shape(kind, size), path == mask)))
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
