"""Results of one run for a comparison: settings, curves, and evaluations, made if missing."""

import logging
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from crackseg.checkpoint import CheckpointParameters
from crackseg.config.overrides import relative_to_cwd
from crackseg.config.schema import EvaluateConfig
from crackseg.errors import (
    ConfigError,
    CrackSegError,
    DatasetError,
    OutputError,
    WorkerKilledError,
)
from crackseg.models.limits import outline
from crackseg.reporting.comparison.entries import RunResult, settings_as_text
from crackseg.reporting.comparison.evaluations import StoredEvaluation, read_evaluation
from crackseg.runs.history import read_history
from crackseg.runs.reader import Run
from crackseg.runs.record import BEST, CONFIG, read_record
from crackseg.system.logs import quiet
from crackseg.workflows.evaluate import evaluate

# What a page shows of run.json beside the state.
_OF_RECORD = (("code", "version"), ("code", "commit"), ("code", "dirty"), ("machine", "gpus"))
# What a file that was cut short, or that somebody else wrote, can raise when it is read.
_DAMAGES = (ConfigError, OSError, ValueError, KeyError, TypeError)
# Below a run's folder.
EVALUATIONS = "evaluation"


def run_result(
    run: Run,
    name: str,
    parameters: CheckpointParameters,
    subset: str,
    resolution: str,
    roots: Sequence[Path],
    place: str,
) -> RunResult:
    """Collects the results of a run for a page, and first evaluates it if necessary.

    Args:
        run: Finished run.
        name: Name of the run on the page.
        parameters: Parameters of its checkpoint.
        subset: Subset that runs are compared on, beside ``val``.
        resolution: Resolution of the masks, see :class:`crackseg.config.schema.EvaluateConfig`.
        roots: Folders of photographs that were moved since the training.
        place: Place of the run among all, such as ``2 of 5``, for the line that is printed.

    Raises:
        DatasetError: The run's photographs do not exist, or have changed.
    """
    network = outline(parameters.model.name, parameters.model.arguments)
    config = _read_settings(run.folder)
    # A page is for other readers, to whom the path of this folder is of no use.
    here = re.compile(rf"(?<![\w./-]){re.escape(str(Path.cwd()) + os.sep)}")
    moved = moved_roots(parameters, roots)
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
        settings={key: here.sub("", value) for key, value in settings_as_text(config).items()},
        history=_history(run),
        parameters=parameters,
        weights=sum(weights.numel() for weights in network.parameters()),
        val=judged["val"],
        test=judged[subset],
    )


def legible(run: Run) -> Run:
    """Marks a finished run as ``damaged`` whose files do not hold what a page takes from them.

    Returns:
        The run; where it is damaged, with the reason as its error.
    """
    if run.state != "done":
        return run
    try:
        _read_settings(run.folder)
        record = read_record(run.folder)
        for part, key in _OF_RECORD:
            record[part][key]
    except _DAMAGES as error:
        what = f"{error} is missing in run.json" if isinstance(error, KeyError) else str(error)
        return replace(run, state="damaged", error=" ".join(what.split()))
    return run


def _read_settings(folder: Path) -> dict[str, Any]:
    """Reads ``config.yaml``.

    Raises:
        ConfigError: It is missing, broken or no list of settings.
    """
    try:
        config = OmegaConf.to_container(OmegaConf.load(folder / CONFIG))
    except Exception as error:
        # The disk, YAML and OmegaConf each have errors of their own.
        raise ConfigError(f"{CONFIG} cannot be read: {error}") from error
    if not isinstance(config, dict) or not config:
        raise ConfigError(f"{CONFIG} holds no settings")
    return {str(key): value for key, value in config.items()}


def _history(run: Run) -> Mapping[str, Mapping[int, float]]:
    try:
        return read_history(run.folder / "csv" / "metrics.csv")
    except (OSError, ValueError):
        # A run without this log, or one that was cut short, has no curves, and the page says so.
        return {}


def _judged(
    run: Run, name: str, subset: str, resolution: str, moved: Sequence[Path], place: str
) -> StoredEvaluation:
    """The stored evaluation, or a new one."""
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
    # Each of several processes would run the whole command of this one.
    config.trainer.devices = 1
    try:
        # What it says of the data is the same for many runs.
        with quiet(logging.ERROR, "crackseg"):
            evaluate(config, folder, show=False)
    except (OutputError, WorkerKilledError):
        raise
    except CrackSegError as error:
        raise DatasetError(
            f"{relative_to_cwd(run.folder)}: its {subset} subset cannot be judged: {error}. Put "
            "back what it was trained on, say with --root where it stands now, or name other runs"
        ) from error
    judged = read_evaluation(folder, checkpoint)
    assert judged is not None
    return judged


def moved_roots(parameters: CheckpointParameters, roots: Sequence[Path]) -> Sequence[Path]:
    """New roots of a run's photographs; empty if they are still where they were."""
    return () if Path(parameters.data.root).is_dir() else roots
