"""Measures the cracks of files, folders and globs of photographs."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crackseg.errors import name_some
from crackseg.formats.record import read_record, write_record
from crackseg.images.georeference import Placement, files_beside, read_placement
from crackseg.images.location import read_location
from crackseg.images.notices import warn
from crackseg.images.png import is_as_written, write_png
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.prediction import Prediction, out_of_memory_said
from crackseg.inference.predictor import Predictor
from crackseg.measurement.measuring import measure
from crackseg.measurement.photograph import MeasuredPhotograph, Method
from crackseg.measurement.scale import Scale
from crackseg.reporting.formatting import counted
from crackseg.visualization.overlays import overlay
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.overlap import WriteBehind
from crackseg.workflows.folders.plan import MASK, MEASUREMENTS, Job, plan
from crackseg.workflows.folders.shards import Shard
from crackseg.workflows.folders.work import Outcome, work_on
from crackseg.workflows.measuring.scales import scale_of_map, why_no_scale

log = logging.getLogger(__name__)

RECORD, OVERLAY = "_cracks.json", "_measured.png"
# Memory for each pixel of a whole photograph: its prediction, and what measuring makes of it.
_WHOLE_BYTES = 40
# Share by which a scale that is given and that of a map may differ without a word.
_MOST_APART = 0.05


@dataclass(frozen=True)
class MeasuringSettings:
    """What is measured, and what is written of a photograph.

    Attributes:
        scale: Millimetres for each pixel of all photographs; None takes those of each one's map.
        location: Whether place and time of the photographs are kept.
        points: Points x and y, in pixels of a photograph, that the scale was taken from.
    """

    scale: Scale | None = None
    location: bool = False
    points: tuple[tuple[float, float], ...] = field(default=(), repr=False)


def measure_photographs(
    paths: Sequence[str],
    predictor: Predictor,
    output: Path,
    settings: MeasuringSettings,
    overwrite: bool = False,
    shard: Shard | None = None,
    shared: Sequence[str] = (),
) -> Outcome:
    """Writes ``NAME_cracks.json``, ``NAME_mask.png`` and ``NAME_measured.png`` for photographs.

    The results are below the same relative folders as the photographs. A photograph that cannot be
    read is named and skipped. Results that an earlier call made of the same photographs, in the
    same way, are kept.

    Args:
        paths: Files, folders (searched at any depth) and globs.
        predictor: Predictor of a checkpoint.
        output: Folder of the results, made if it is missing.
        settings: What is measured.
        overwrite: Whether existing results are made again.
        shard: Share of the photographs that is done; None for all.
        shared: Names of files in ``output`` that will be written of all photographs together.

    Raises:
        DatasetNotFoundError: A path does not exist, or there is no photograph under any of them.
        CrackSegError: The results would be among the photographs, would replace those of other
            ones or other files, or cannot be written.
    """
    planned = plan(paths, output).share(shard)
    method = predictor.method()
    way = f"{predictor.identity} {settings}"
    record = FinishedRecord(output, MEASUREMENTS, way, _results, files_beside, shard, shared)

    def opened(path: Path) -> AnyPhotograph:
        return predictor.open(path, _WHOLE_BYTES)

    def do(job: Job, photograph: AnyPhotograph, results: WriteBehind[Job]) -> None:
        moments = predictor.moments()
        found = predictor.whole(photograph, str(job.photograph), moments)
        record.note(job, moments, bool(found.mask.any()))
        measured = _measured(job, found, method, settings)
        results.put(job, [found], lambda whole: _write(job, next(whole), measured))

    outcome = work_on(planned, record, "Measuring cracks", opened, do, overwrite)
    _warn_of_corrected(outcome.kept)
    return outcome


def _warn_of_corrected(kept: Sequence[Job]) -> None:
    """Warns of masks that are no longer those whose cracks were measured."""
    masks = [job.result(MASK) for job in kept]
    corrected = [str(mask) for mask in masks if not is_as_written(mask)]
    if corrected:
        log.warning(
            "%s corrected by hand, or of an earlier version: lengths, widths and lines stay those "
            "of the network's mask, and formats of masks and outlines show the corrected one: %s",
            counted(len(corrected), "mask"),
            name_some(corrected),
        )


def read_measured(jobs: Sequence[Job]) -> Iterator[MeasuredPhotograph]:
    """Reads what was measured on photographs, one at a time."""
    return (read_record(job.result(RECORD)) for job in jobs)


def _measured(
    job: Job, found: Prediction, method: Method, settings: MeasuringSettings
) -> MeasuredPhotograph:
    _warn_of_points_outside(job, found.mask.shape, settings.points)
    placement = read_placement(job.photograph)
    scale = _scale_of(job, placement, settings.scale)
    with out_of_memory_said(str(job.photograph)):
        measurement = measure(found.image, found.probability, found.threshold, scale)
    georeference = None if placement is None else placement.georeference
    location = read_location(job.photograph) if settings.location else None
    return MeasuredPhotograph(job.name, measurement, method, georeference, location)


def _warn_of_points_outside(
    job: Job, size: tuple[int, ...], points: Sequence[tuple[float, float]]
) -> None:
    height, width = size
    if any(not (0 <= x <= width and 0 <= y <= height) for x, y in points):
        warn(
            "points",
            f"{job.photograph}: the points of --scale-points are not in it, it has {width} x "
            f"{height} pixels; its millimetres hold only if it was taken from as far away as the "
            "photograph that they are of",
        )


def _scale_of(job: Job, placement: Placement | None, given: Scale | None) -> Scale | None:
    """The scale that was given, else that of a photograph's map; warns of a map that does not fit.

    Args:
        job: Photograph.
        placement: Its map; None where it has none.
        given: Scale of all photographs; None where none was given.
    """
    if placement is None:
        return given
    of_map = scale_of_map(placement)
    if given is None:
        why = why_no_scale(placement)
        if why:
            warn("scale", f"{job.photograph}: measured in pixels, as {why}; --mm-per-pixel says it")
        return of_map
    if of_map is not None and abs(of_map.mm_per_pixel / given.mm_per_pixel - 1) > _MOST_APART:
        warn(
            "scale of a map",
            f"{job.photograph}: its map says {of_map.mm_per_pixel:.4g} mm for each pixel, and "
            f"{given.mm_per_pixel:.4g} are taken as they were given; without that, the map's",
        )
    return given


def _write(job: Job, found: Prediction, measured: MeasuredPhotograph) -> None:
    write_png(np.where(found.mask, np.uint8(255), np.uint8(0)), job.result(MASK), sealed=True)
    write_png(overlay(found.image, found.mask), job.result(OVERLAY))
    write_record(measured, job.result(RECORD))


def _results(job: Job) -> tuple[Path, ...]:
    return tuple(job.result(ending) for ending in (RECORD, MASK, OVERLAY))
