"""Predicts masks for files, folders and globs of photographs."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackseg.errors import UnreadableImageError
from crackseg.images.pixels import UInt8Array
from crackseg.images.png import write_png
from crackseg.inference.predictor import Prediction, Predictor
from crackseg.system.files import require_writable_file
from crackseg.system.progress import progress
from crackseg.visualization.overlays import as_heat, overlay
from crackseg.workflows.prediction_record import RECORD, PredictionRecord
from crackseg.workflows.prediction_targets import RESULTS, Job, plan

log = logging.getLogger(__name__)


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

    Raises:
        DatasetNotFoundError: A path does not exist, or there is no photograph under any of them.
        CrackSegError: The results would be among the photographs, or cannot be written.
    """
    planned = plan(paths, output)
    require_writable_file(output / RECORD)
    kinds = RESULTS if probability else RESULTS[:2]
    record = PredictionRecord(output, predictor.identity, kinds)
    kept = [] if overwrite else [job for job in planned.jobs if record.holds(job)]
    waiting = [job for job in planned.jobs if job not in set(kept)]
    done: list[Path] = []
    skipped = [(path, f"{path}: of a kind that cannot be read") for path in planned.unread]
    for job in progress(waiting, "Finding cracks", len(waiting)):
        try:
            found = predictor.predict(job.photograph)
        except UnreadableImageError as error:
            log.warning("skipped %s", error)
            skipped.append((job.photograph, str(error)))
            continue
        _write(found, job, kinds)
        record.add(job)
        done.append(job.photograph)
    return Outcome(tuple(done), tuple(job.photograph for job in kept), tuple(skipped))


def _write(found: Prediction, job: Job, kinds: Sequence[str]) -> None:
    pictures: dict[str, Callable[[], UInt8Array]] = {
        "mask": lambda: np.where(found.mask, 255, 0).astype(np.uint8),
        "overlay": lambda: overlay(found.image, found.mask),
        "probability": lambda: as_heat(found.probability)[:, :, 0],
    }
    for kind in kinds:
        write_png(pictures[kind](), job.target.with_name(f"{job.target.name}_{kind}.png"))
