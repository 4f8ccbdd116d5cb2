"""The command ``crackseg measure``."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.cli.parser import number
from crackseg.cli.photographs import (
    add_photographs,
    chosen_shard,
    name_skipped,
    opened_predictor,
    tell_reliance,
)
from crackseg.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crackseg.formats.registry import FolderFormat, PhotographFormat
    from crackseg.inference.predictor import Predictor
    from crackseg.inference.reliance import Reliance
    from crackseg.measurement.classes import ClassLimits
    from crackseg.measurement.scale import Scale
    from crackseg.workflows.folders.plan import Job
    from crackseg.workflows.folders.shards import Shard
    from crackseg.workflows.folders.work import Outcome
    from crackseg.workflows.measuring.photographs import MeasuringSettings

    Formats = Sequence[PhotographFormat | FolderFormat]


def add_measure(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    measure = commands.add_parser(
        "measure",
        help="measure lengths and widths of cracks in photographs, with intervals",
        description="Writes NAME_cracks.json, NAME_mask.png and NAME_measured.png for every "
        "photograph, below the same relative folders, and prints the totals. Lengths and widths "
        "are in millimetres where a scale is given or a map says it, else in pixels. Exit code 1 "
        "if some photographs could not be read.",
    )
    add_photographs(measure, Path("outputs/measured"))
    _add_scale(measure)
    measure.add_argument(
        "--classes",
        metavar="NAME|LIMITS",
        help="count cracks by classes of width: aci224r, en1992, bre251, tm5-826-6, or limits in "
        "millimetres such as .1,.3,.5; classes are no verdict on a structure",
    )
    measure.add_argument(
        "--format",
        default="csv",
        metavar="NAMES",
        help="files for other programs, with commas between: csv, geojson, gpkg, dxf, svg, coco, "
        "labelme, mask, numbered, width-map; see docs/formats.md (default: %(default)s)",
    )
    measure.add_argument(
        "--html", action="store_true", help="also write OUTPUT/cracks.html, a page to look through"
    )
    measure.add_argument(
        "--with-location",
        action="store_true",
        help="keep place and time of the photographs from their EXIF data, in all results",
    )
    measure.set_defaults(run=_measure)


def _add_scale(measure: argparse.ArgumentParser) -> None:
    scale = measure.add_argument_group(
        "scale", "One for all photographs; without it, that of each GeoTIFF or world file."
    )
    scale.add_argument(
        "--mm-per-pixel", type=number, metavar="MM", help="millimetres for each pixel"
    )
    scale.add_argument(
        "--mm-per-pixel-uncertainty",
        type=number,
        metavar="MM",
        help="standard deviation of it (default: 0)",
    )
    scale.add_argument(
        "--scale-points",
        type=number,
        nargs=4,
        metavar=("X1", "Y1", "X2", "Y2"),
        help="two points of a photograph, in pixels from its upper left corner, that are as far "
        "apart as --scale-length says",
    )
    scale.add_argument(
        "--scale-length", type=number, metavar="MM", help="their distance in millimetres"
    )
    scale.add_argument(
        "--scale-length-uncertainty",
        type=number,
        metavar="MM",
        help="standard deviation of it (default: 0)",
    )


def _measure(options: argparse.Namespace) -> int:
    # Imported here because they take a second, and --help must not wait for them.
    from crackseg.inference.reliance import reliance
    from crackseg.reporting.terminal.measured import print_measured
    from crackseg.workflows.measuring.exporting import chosen_formats
    from crackseg.workflows.measuring.photographs import read_measured
    from crackseg.workflows.measuring.scales import NotedSizes

    limits, formats = _limits(options), chosen_formats(options.format)
    settings, shard = _settings(options), chosen_shard(options)
    predictor = opened_predictor(options)
    outcome = _measured(options, predictor, settings, formats, shard)
    relied = reliance(predictor, outcome.features)
    jobs = sorted([*outcome.kept, *outcome.done], key=lambda job: job.name)
    if shard is None:
        _write_all(options, predictor.white_level, formats, limits, jobs, outcome, relied)
    else:
        _write_part(options, predictor.white_level, formats, limits, jobs)
    photographs = NotedSizes(read_measured(jobs))
    print_measured(photographs, limits)
    if settings.scale is not None and photographs.warning:
        print(f"warning: {photographs.warning}", file=sys.stderr)
    tell_reliance(relied)
    return name_skipped(outcome.skipped)


def _measured(
    options: argparse.Namespace,
    predictor: "Predictor",
    settings: "MeasuringSettings",
    formats: "Formats",
    shard: "Shard | None",
) -> "Outcome":
    """Measures the photographs, and says what was done."""
    from crackseg.reporting.formatting import counted
    from crackseg.workflows.measuring.exporting import shared_files
    from crackseg.workflows.measuring.photographs import measure_photographs

    if options.with_location:
        print("place and time of the photographs go into all results (--with-location)")
    if settings.scale is not None:
        print(_scale_line(settings.scale), flush=True)
    shared = shared_files(formats, options.html)
    outcome = measure_photographs(
        options.paths, predictor, options.output, settings, options.overwrite, shard, shared
    )
    kept = f", {len(outcome.kept)} kept from before" if outcome.kept else ""
    print(
        f"{counted(len(outcome.done), 'photograph')} measured{kept}, results below "
        f"{options.output} (engine: {predictor.engine.name})"
    )
    return outcome


def _write_all(
    options: argparse.Namespace,
    white_level: int | None,
    formats: "Formats",
    limits: "ClassLimits | None",
    jobs: "Sequence[Job]",
    outcome: "Outcome",
    relied: "Reliance | None",
) -> None:
    """Writes the files for other programs and the page, and names what is older than they are."""
    from crackseg.workflows.measuring.exporting import export, former_files, write_page

    export(jobs, options.output, formats, limits, white_level, options.overwrite)
    if options.html:
        page = write_page(jobs, options.output, limits, outcome.skipped, white_level, relied)
        print(f"page: {page}")
    former = former_files(options.output, formats, options.html)
    if former and outcome.done:
        print(
            f"not made anew, and of an earlier call: {', '.join(former)}; name them again, or "
            "remove them"
        )


def _write_part(
    options: argparse.Namespace,
    white_level: int | None,
    formats: "Formats",
    limits: "ClassLimits | None",
    jobs: "Sequence[Job]",
) -> None:
    """Writes the files of each photograph of a shard; those of all are for the whole folder."""
    from crackseg.formats.registry import PhotographFormat
    from crackseg.workflows.measuring.exporting import export

    print("tables and page of all photographs: the same command without --shard")
    own = [one for one in formats if isinstance(one, PhotographFormat)]
    export(jobs, options.output, own, limits, white_level, options.overwrite)


def _scale_line(scale: "Scale") -> str:
    exact = "taken as exact: --mm-per-pixel-uncertainty widens the intervals by its error"
    known = f"standard deviation {scale.uncertainty:.2g}" if scale.uncertainty else exact
    # A wrong unit shows in the size of what a photograph would show.
    size = f"1,000 pixels are {scale.mm_per_pixel:.3g} m"
    return (
        f"scale: {scale.mm_per_pixel:.5g} mm for each pixel, so that {size} ({known}), for all "
        "photographs"
    )


def _settings(options: argparse.Namespace) -> "MeasuringSettings":
    from crackseg.workflows.measuring.photographs import MeasuringSettings

    return MeasuringSettings(_scale(options), options.with_location, _points(options))


def _scale(options: argparse.Namespace) -> "Scale | None":
    """The scale that the options name; None for that of each photograph.

    Raises:
        ConfigError: Options contradict each other, or a number is out of range.
    """
    from crackseg.measurement.scale import Scale

    mm, deviation = options.mm_per_pixel, options.mm_per_pixel_uncertainty
    points, length = options.scale_points, options.scale_length
    length_deviation = options.scale_length_uncertainty
    if mm is not None and (points or length is not None):
        raise ConfigError("--mm-per-pixel and --scale-points: name the scale by one of them")
    if (points is None) != (length is None):
        raise ConfigError("--scale-points and --scale-length: name both, or none of them")
    if deviation is not None and mm is None:
        instead = "; that of --scale-length is --scale-length-uncertainty" if points else ""
        raise ConfigError(f"--mm-per-pixel-uncertainty: needs --mm-per-pixel{instead}")
    if length_deviation is not None and length is None:
        raise ConfigError(
            "--scale-length-uncertainty: needs --scale-points and --scale-length; that of "
            "--mm-per-pixel is --mm-per-pixel-uncertainty"
        )
    if mm is not None:
        return Scale(mm, deviation or 0.0)
    if points is None:
        return None
    one, other = _points(options)
    return Scale.of_two_points(one, other, length, length_deviation or 0.0)


def _points(options: argparse.Namespace) -> tuple[tuple[float, float], ...]:
    """The points that the scale is taken from; none where it is given otherwise."""
    if not options.scale_points:
        return ()
    x1, y1, x2, y2 = options.scale_points
    return (x1, y1), (x2, y2)


def _limits(options: argparse.Namespace) -> "ClassLimits | None":
    """The limits of classes that the options name; None for no classes.

    Raises:
        ConfigError: There are no such ones.
    """
    from crackseg.measurement.classes import class_limits

    if options.classes is None:
        return None
    try:
        return class_limits([float(limit) for limit in options.classes.split(",")])
    except ValueError:
        return class_limits(options.classes)
