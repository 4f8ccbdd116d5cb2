"""From finished runs to one page that compares them."""

import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from crackseg.checkpoint import read_checkpoint
from crackseg.config.overrides import relative_to_cwd
from crackseg.config.schema import EvaluateConfig
from crackseg.data.discovery.pairs import common_root
from crackseg.data.splits.manifest import SUBSETS
from crackseg.errors import (
    ConfigError,
    CrackSegError,
    DatasetError,
    RunsNotFoundError,
    name_some,
)
from crackseg.models import build_network
from crackseg.reporting.comparison.differences import Comparison, compare
from crackseg.reporting.comparison.entries import RunResult, flattened, names_of, ranked
from crackseg.reporting.comparison.evaluations import StoredEvaluation, read_evaluation
from crackseg.reporting.comparison.page import Report, write_report
from crackseg.reporting.comparison.pictures import RunPrediction
from crackseg.reporting.comparison.selection import Choice, choose_failures, choose_scenes
from crackseg.runs.history import read_history
from crackseg.runs.reader import Run, find_runs, newest_first
from crackseg.runs.record import BEST, CONFIG, read_record
from crackseg.system.progress import progress
from crackseg.workflows.evaluate import RESOLUTIONS, evaluate
from crackseg.workflows.run_predictions import predict_images

SUFFIXES = (".html", ".md")
# Below a run's folder.
EVALUATIONS = "evaluation"


def report(
    folders: Sequence[Path],
    output: Path,
    subset: str = "test",
    resolution: str = "training",
    baseline: str | None = None,
    roots: Sequence[Path] = (),
) -> Report:
    """Compares runs, and judges those first that were not judged yet.

    Evaluations are kept below each run, in ``evaluation/SUBSET-RESOLUTION``.

    Args:
        folders: of runs and of sweeps.
        output: the page; Markdown, with its pictures beside it, where it ends in .md.
        subset: train, val or test, on which runs are compared.
        resolution: see :class:`crackseg.config.schema.EvaluateConfig`.
        baseline: name of the run that others are compared with; the one that began first if None.
        roots: where photographs stand now that are not where a run was trained on them.

    Returns:
        What the page shows.

    Raises:
        RunsNotFoundError: no finished run, or none of the baseline's name.
        ConfigError: an unknown subset, resolution or kind of page.
        DatasetError: photographs that runs were trained on are not there any more.
    """
    _check(subset, resolution, output)
    runs = _find(folders)
    names = dict(zip((run.folder for run in runs), names_of(runs), strict=True))
    left_out = [(names[run.folder], run) for run in runs if run.state != "done"]
    done = [run for run in runs if run.state == "done"]
    parameters = {
        run.folder: read_checkpoint(run.folder / BEST)["hyper_parameters"] for run in done
    }
    done, without = _with_photographs(subset, done, parameters)
    left_out += [(names[run.folder], run) for run in without]
    first = _baseline(done, names, baseline)
    entries = ranked(
        _entry(
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
        **_looks(comparisons[0], resolution, roots),
    )
    write_report(content, output)
    return content


def _check(subset: str, resolution: str, output: Path) -> None:
    for name, value, known in (
        ("subset", subset, SUBSETS),
        ("resolution", resolution, RESOLUTIONS),
    ):
        if value not in known:
            raise ConfigError(f"--{name} {value}: one of {', '.join(known)}")
    if output.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"--output {output}: a page's name ends in {' or '.join(SUFFIXES)}")


def _find(folders: Iterable[Path]) -> list[Run]:
    """All runs at and below the folders, each once, the oldest first.

    Raises:
        RunsNotFoundError: a folder without any, or no finished one in all of them.
    """
    found: dict[Path, Run] = {}
    for folder in folders:
        here = find_runs(folder)
        if not here:
            raise RunsNotFoundError(
                f"{folder}: no runs here; name the folder of a run or of a sweep, crackseg runs "
                "lists them"
            )
        found |= {run.folder.resolve(): run for run in here}
    runs = newest_first(list(found.values()))[::-1]
    if not any(run.state == "done" for run in runs):
        states = ", ".join(
            f"{name} is {run.state}" for name, run in zip(names_of(runs), runs, strict=True)
        )
        raise RunsNotFoundError(f"no finished run to report on: {states}")
    return runs


def _with_photographs(
    subset: str, done: Sequence[Run], parameters: Mapping[Path, Mapping[str, Any]]
) -> tuple[list[Run], list[Run]]:
    """Those whose division has photographs in a subset; and the others, with this as their error.

    Raises:
        RunsNotFoundError: there are only others.
    """
    having, without = [], []
    for run in done:
        if parameters[run.folder]["data"]["counts"][subset]:
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


def _entry(
    run: Run,
    name: str,
    parameters: Mapping[str, Any],
    subset: str,
    resolution: str,
    roots: Sequence[Path],
    place: str,
) -> RunResult:
    network = build_network(parameters["model"]["name"], parameters["model"]["arguments"])
    config: Any = OmegaConf.to_container(OmegaConf.load(run.folder / CONFIG))
    # A page is for others, whom it is no use to tell where this folder stands.
    here = re.compile(rf"(?<![\w./-]){re.escape(str(Path.cwd()) + os.sep)}")
    moved = _moved(parameters, roots)
    judged = {
        one: _judged(run, name, one, resolution, moved, place)
        for one in dict.fromkeys(("val", subset))
    }
    return RunResult(
        number=0,
        label="",
        name=name,
        run=run,
        record=read_record(run.folder),
        settings={key: here.sub("", value) for key, value in flattened(config).items()},
        history=_history(run),
        parameters=parameters,
        weights=sum(weights.numel() for weights in network.parameters()),
        val=judged["val"],
        test=judged[subset],
    )


def _history(run: Run) -> Mapping[str, Mapping[int, float]]:
    try:
        return read_history(run.folder / "csv" / "metrics.csv")
    except (OSError, ValueError):
        # A run without this log, or one that was cut short, has no curves, and the page says so.
        return {}


def _judged(
    run: Run, name: str, subset: str, resolution: str, moved: Sequence[Path], place: str
) -> StoredEvaluation:
    """The evaluation that was kept, or a new one."""
    folder, checkpoint = run.folder / EVALUATIONS / f"{subset}-{resolution}", run.folder / BEST
    kept = read_evaluation(folder, checkpoint)
    if kept is not None:
        return kept
    print(f"judging {name} on its {subset} subset ({place})", file=sys.stderr)
    config = EvaluateConfig(
        checkpoint=str(checkpoint),
        subset=subset,
        resolution=resolution,
        root=[str(root) for root in moved] or None,
    )
    # Several would each run the whole command that this process is.
    config.trainer.devices = 1
    try:
        with _quiet():
            evaluate(config, folder, show=False)
    except CrackSegError as error:
        raise DatasetError(
            f"{relative_to_cwd(run.folder)}: its {subset} subset cannot be judged: {error}. Put "
            "back what it was trained on, say with --root where it stands now, or name other runs"
        ) from error
    judged = read_evaluation(folder, checkpoint)
    assert judged is not None
    return judged


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps back what an evaluation says of the data, which is the same for many runs."""
    logger = logging.getLogger("crackseg")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


def _looks(comparison: Comparison, resolution: str, roots: Sequence[Path]) -> dict[str, Any]:
    """What the runs that were judged on the baseline's photographs see in some of them."""
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
    """What a run sees.

    Raises:
        DatasetError: photographs or masks that are gone, or are not those that were judged.
    """
    moved = _moved(entry.parameters, roots)
    root = common_root(moved) if moved else Path(entry.parameters["data"]["root"])
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


def _moved(parameters: Mapping[str, Any], roots: Sequence[Path]) -> Sequence[Path]:
    """Where a run's photographs stand now; nowhere else if they are still where they were."""
    return () if Path(parameters["data"]["root"]).is_dir() else roots
