"""Makes a page that compares finished runs."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from crackseg.checkpoint import CheckpointParameters, read_checkpoint
from crackseg.config.overrides import relative_to_cwd
from crackseg.data.discovery.pairs import common_root
from crackseg.data.splits.manifest import SUBSETS
from crackseg.errors import (
    CheckpointError,
    ConfigError,
    DatasetError,
    RunsNotFoundError,
    name_some,
)
from crackseg.reporting.comparison.differences import Comparison, compare
from crackseg.reporting.comparison.entries import RunResult, names_of, ranked
from crackseg.reporting.comparison.page import Report, require_writable_page, write_report
from crackseg.reporting.comparison.pictures import RunPrediction
from crackseg.reporting.comparison.selection import Choice, choose_failures, choose_scenes
from crackseg.runs.reader import Run, find_runs, newest_first
from crackseg.runs.record import BEST
from crackseg.runs.search_record import SearchRecord, read_search
from crackseg.system.progress import progress
from crackseg.workflows.evaluate import RESOLUTIONS
from crackseg.workflows.run_predictions import predict_images
from crackseg.workflows.run_results import EVALUATIONS, legible, moved_roots, run_result

SUFFIXES = (".html", ".md")


def report(
    folders: Sequence[Path],
    output: Path,
    subset: str = "test",
    resolution: str = "training",
    baseline: str | None = None,
    roots: Sequence[Path] = (),
) -> Report:
    """Compares runs on a page, and first evaluates those that have no evaluation yet.

    Evaluations are stored below each run, in ``evaluation/SUBSET-RESOLUTION``.

    Args:
        folders: Folders of runs and of sweeps.
        output: Path of the page; Markdown, with its pictures beside it, where it ends in ``.md``.
        subset: Subset on which runs are compared: ``train``, ``val`` or ``test``.
        resolution: Resolution, see :class:`crackseg.config.schema.EvaluateConfig`.
        baseline: Name of the run that others are compared with; None takes the run that started
            first.
        roots: Folders of photographs that were moved since a run was trained on them.

    Returns:
        Content of the page.

    Raises:
        RunsNotFoundError: There is no finished run, or none of the baseline's name.
        ConfigError: The subset, the resolution or the kind of page is unknown.
        DatasetError: Photographs that runs were trained on do not exist any more.
    """
    _check(subset, resolution, output, roots)
    # Checked before runs are evaluated, which takes long.
    require_writable_page(output)
    runs = _find(folders)
    names = dict(zip((run.folder for run in runs), names_of(runs), strict=True))
    left_out = [(names[run.folder], run) for run in runs if run.state != "done"]
    done = [run for run in runs if run.state == "done"]
    done, parameters, damaged = _with_checkpoints(done)
    left_out += [(names[run.folder], run) for run in damaged]
    for name, run in left_out:
        if run.state == "damaged":
            print(f"left out {name}: {run.complaint}", file=sys.stderr)
    done, without = _with_photographs(subset, done, parameters)
    left_out += [(names[run.folder], run) for run in without]
    first = _baseline(done, names, baseline)
    entries = ranked(
        run_result(
            run,
            names[run.folder],
            parameters[run.folder],
            subset,
            resolution,
            roots,
            f"{place} of {len(done)}",
        )
        for place, run in enumerate(done, 1)
    )
    comparisons = compare(entries, next(one for one in entries if one.run is first))
    content = Report(
        title=", ".join(folder.resolve().name for folder in folders),
        entries=entries,
        left_out=left_out,
        comparisons=comparisons,
        subset=subset,
        resolution=resolution,
        searches=_searches(folders),
        **_looks(comparisons[0], resolution, roots),
    )
    write_report(content, output)
    return content


def _searches(folders: Sequence[Path]) -> list[tuple[str, SearchRecord]]:
    """Searches among the folders that were named, each once."""
    named = {folder.resolve(): read_search(folder) for folder in folders}
    return [(folder.name, record) for folder, record in named.items() if record is not None]


def _check(subset: str, resolution: str, output: Path, roots: Sequence[Path]) -> None:
    for root in roots:
        if not root.is_dir():
            raise ConfigError(f"--root {root}: there is no such folder of photographs")
    for name, value, known in (
        ("subset", subset, SUBSETS),
        ("resolution", resolution, RESOLUTIONS),
    ):
        if value not in known:
            raise ConfigError(f"--{name} {value}: one of {', '.join(known)}")
    if output.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"--output {output}: a page's name ends in {' or '.join(SUFFIXES)}")


def _find(folders: Iterable[Path]) -> list[Run]:
    """Finds all runs in and below the folders, each once, the oldest first.

    Raises:
        RunsNotFoundError: A folder has no run, or none of the folders has a finished one.
    """
    found: dict[Path, Run] = {}
    for folder in folders:
        here = find_runs(folder)
        if not here:
            raise RunsNotFoundError(
                f"{folder}: no runs here; name the folder of a run or of a sweep, crackseg runs "
                "lists them"
            )
        found |= {run.folder.resolve(): legible(run) for run in here}
    runs = newest_first(list(found.values()))[::-1]
    if not any(run.state == "done" for run in runs):
        states = ", ".join(
            f"{name} is {run.state}" + (f" ({run.complaint})" if run.state == "damaged" else "")
            for name, run in zip(names_of(runs), runs, strict=True)
        )
        raise RunsNotFoundError(f"no finished run to report on: {states}")
    return runs


def _with_checkpoints(
    done: Sequence[Run],
) -> tuple[list[Run], dict[Path, CheckpointParameters], list[Run]]:
    """Runs whose checkpoint can be read, its parameters by folder, and the other runs.

    Raises:
        CheckpointError: There are only others.
    """
    having, parameters, damaged = [], {}, []
    faults = []
    for run in done:
        try:
            parameters[run.folder] = read_checkpoint(run.folder / BEST).parameters
            having.append(run)
        except CheckpointError as error:
            faults.append(error)
            damaged.append(replace(run, state="damaged", error=str(error)))
    if not having:
        raise faults[0]
    return having, parameters, damaged


def _with_photographs(
    subset: str, done: Sequence[Run], parameters: Mapping[Path, CheckpointParameters]
) -> tuple[list[Run], list[Run]]:
    """Runs with photographs in a subset; and the others, with this as their error.

    Raises:
        RunsNotFoundError: There are only others.
    """
    having, without = [], []
    for run in done:
        if parameters[run.folder].data.counts[subset]:
            having.append(run)
        else:
            without.append(replace(run, error=f"its {subset} subset is empty"))
    if not having:
        raise RunsNotFoundError(
            f"no run has photographs in its {subset} subset; choose another with --subset"
        )
    return having, without


def _baseline(done: Sequence[Run], names: Mapping[Path, str], wanted: str | None) -> Run:
    if wanted is None:
        return done[0]
    for run in done:
        if wanted == names[run.folder] or Path(wanted).resolve() == run.folder.resolve():
            return run
    raise RunsNotFoundError(
        f"--baseline {wanted}: none of the finished runs; they are "
        f"{', '.join(names[run.folder] for run in done)}"
    )


def _looks(comparison: Comparison, resolution: str, roots: Sequence[Path]) -> dict[str, Any]:
    """Predictions of the runs that were judged on the baseline's photographs, for some of them."""
    scenes = choose_scenes(comparison.baseline.test.images)
    best = comparison.entries[0]
    failures = choose_failures(best.test.images)
    wanted = {entry.number: [choice.image for choice in scenes] for entry in comparison.entries}
    wanted[best.number] += [image for failure in failures for image, _ in failure.worst]
    entries = comparison.entries
    seen = {
        entry.number: _look_at(entry, dict.fromkeys(wanted[entry.number]), resolution, roots)
        for entry in progress(entries, "Looking at photographs", len(entries))
    }

    def under_all(choice: Choice) -> tuple[Choice, list[tuple[RunResult, RunPrediction]]]:
        return choice, [(entry, seen[entry.number][choice.image]) for entry in entries]

    return {
        "scenes": [under_all(choice) for choice in scenes],
        "failures": [(failure, seen[best.number]) for failure in failures],
    }


def _look_at(
    entry: RunResult, images: Iterable[str], resolution: str, roots: Sequence[Path]
) -> dict[str, RunPrediction]:
    """Predictions of a run for some images.

    Raises:
        DatasetError: Photographs or masks do not exist any more, or are not those that were judged.
    """
    moved = moved_roots(entry.parameters, roots)
    root = common_root(moved) if moved else Path(entry.parameters.data.root)
    looks = predict_images(entry.run.folder, images, resolution, root)
    judged = dict(zip(entry.test.images.names, entry.test.images.crack.tolist(), strict=True))
    others = [image for image, look in looks.items() if int(look.truth.sum()) != judged[image]]
    if others:
        run = relative_to_cwd(entry.run.folder)
        raise DatasetError(
            f"{root}: {len(others)} masks have other cracks than when {run} was judged: "
            f"{name_some(others)}; say with --root where the right ones stand, or remove "
            f"{run / EVALUATIONS} to judge these"
        )
    return looks
