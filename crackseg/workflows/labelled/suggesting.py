"""Chooses photographs to label, and outlines what a network finds in them for correction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crackseg.adaptation.fitting import seen_by
from crackseg.adaptation.photographs import side_of_parts
from crackseg.adaptation.suggestion import glance, suggested
from crackseg.data.discovery.layouts import kind
from crackseg.errors import DatasetError, OutputError, UnreadableImageError
from crackseg.formats.registry import FORMATS, PhotographFormat
from crackseg.inference.engines import open_model
from crackseg.inference.graphs.trainable import trainable_network
from crackseg.inference.looks import Looking
from crackseg.inference.prediction import out_of_memory_said
from crackseg.inference.predictor import Predictor
from crackseg.system.progress import progress
from crackseg.workflows.folders.plan import Job, plan
from crackseg.workflows.folders.work import Skipped
from crackseg.workflows.measuring.exporting import export
from crackseg.workflows.measuring.photographs import MeasuringSettings, measure_photographs

log = logging.getLogger(__name__)

_FORMAT = "labelme"


@dataclass(frozen=True)
class Suggestion:
    """Photographs to label.

    Attributes:
        photographs: Their paths, the most useful first.
        folder: Folder with a copy of each, and its outlines.
        skipped: Chosen photographs that could not be looked at as a whole.
    """

    photographs: tuple[Path, ...]
    folder: Path
    skipped: tuple[Skipped, ...]


def suggest(path: Path, folders: Sequence[Path], count: int, output: Path) -> Suggestion:
    """Chooses photographs, and writes outlines of what is found in them in LabelMe's form.

    Args:
        path: File of the network.
        folders: Folders of photographs, searched at any depth.
        count: Number of photographs.
        output: Folder of the outlines.

    Raises:
        CheckpointError: The network's file cannot be used.
        DatasetNotFoundError: A folder does not exist, or there is no photograph in any of them.
        DatasetError: No photograph can be read.
        OutputError: The folder holds outlines already.
    """
    labelled = output / _FORMAT
    if any(labelled.rglob("*.json")):
        raise OutputError(
            f"{labelled}: there are outlines already, which may have been corrected; choose "
            "another --output"
        )
    # What could not be adapted afterwards is refused before anything is labelled.
    trainable_network(path)
    model = open_model(path)
    log.info("%s", model.line)
    predictor = Predictor(model)
    looking = Looking(model.engine, predictor.scales, model.usage.preprocessing.resize)
    as_used = seen_by(model.usage)
    side = side_of_parts(as_used.size, as_used.smallest)
    jobs = _without_masks(plan([str(folder) for folder in folders], output).jobs)
    seen = {}
    for job in progress(jobs, "Looking for what to label", len(jobs)):
        try:
            photograph = predictor.open(job.photograph)
            with out_of_memory_said(str(job.photograph)):
                image = photograph.rows(0, photograph.size[0])
                seen[job.photograph] = glance(looking, image, side)
        except UnreadableImageError as error:
            log.warning("left out: %s", error)
    if not seen:
        raise DatasetError(f"{', '.join(map(str, folders))}: no photograph can be read")
    paths = list(seen)
    chosen = tuple(paths[at] for at in suggested(list(seen.values()), count))
    names = [str(one) for one in chosen]
    outcome = measure_photographs(names, predictor, output, MeasuringSettings())
    done = sorted([*outcome.kept, *outcome.done], key=lambda job: job.name)
    labelme = FORMATS[_FORMAT]
    assert isinstance(labelme, PhotographFormat)
    export(done, output, (labelme,), None, predictor.white_level)
    outlined = {job.photograph for job in done}
    return Suggestion(
        tuple(one for one in chosen if one in outlined), labelled, tuple(outcome.skipped)
    )


def _without_masks(jobs: Sequence[Job]) -> list[Job]:
    """Photographs alone: pictures in folders that are named like masks are left out, and counted.

    Raises:
        DatasetError: There is nothing else.
    """
    kept = [job for job in jobs if kind(Path(job.name)) in (None, "image")]
    if not kept and jobs:
        raise DatasetError(
            f"{jobs[0].photograph.parent}: there are only pictures in folders that are named like "
            "masks; name the folder of the photographs"
        )
    if len(kept) < len(jobs):
        log.info("%d pictures in folders of masks are left out", len(jobs) - len(kept))
    return kept
