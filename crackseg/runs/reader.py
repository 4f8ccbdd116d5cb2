"""Reads runs from their folders: their state, settings and figures."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crackseg.config.overrides import key_of
from crackseg.errors import RunsNotFoundError
from crackseg.runs.record import RECORD, read_record, state_of
from crackseg.runs.status import Status, read_status

METRICS = "metrics.json"
# The keys of metrics.json for the part of a figure's name after the @.
_THRESHOLDS = {"": "stored", "0.5": "half"}
# Errors that reading a truncated file, or one of another program, can raise.
_DAMAGES = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class Run:
    """A training, as read from its folder.

    Attributes:
        folder: Folder of the run.
        state: State ``running``, ``done``, ``failed`` or ``interrupted``, or ``damaged`` where the
            files cannot be read.
        overrides: Settings given on the command line, as typed, by key.
        varied: Keys among them that the sweep varies; empty for a single run.
        metrics: Content of ``metrics.json``; None before the end of the training.
        error: Reason of a failure, one or several lines.
        started: Start with its time zone.
        finished: End with its time zone; None while it runs, and after its process was killed.
        status: How it goes, or went last; None where it has not said.
    """

    folder: Path
    state: str
    overrides: Mapping[str, str]
    varied: tuple[str, ...]
    metrics: Mapping[str, Any] | None
    error: str | None
    started: datetime
    finished: datetime | None
    status: Status | None = None

    def figure(self, name: str) -> float | None:
        """One of the run's figures; None where it has no such figure.

        Args:
            name: Name of the figure. ``val/crack_iou`` is at the stored threshold and
                ``val/crack_iou@0.5`` at .5; ``threshold``, ``epochs`` and other names without a
                stage belong to the whole run.
        """
        name, _, at = name.partition("@")
        stage, _, metric = name.rpartition("/")
        keys = [stage, _THRESHOLDS.get(at, at), metric] if stage else [metric]
        value: Any = self.metrics
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return value if isinstance(value, int | float) and math.isfinite(value) else None

    @property
    def complaint(self) -> str:
        """First line of the error; empty where there is none."""
        lines = (line.strip() for line in (self.error or "").splitlines())
        return next(filter(None, lines), "")


def read_run(folder: Path) -> Run:
    """Reads a run's folder; damaged files give a run in the state ``damaged``.

    Raises:
        FileNotFoundError: There is no ``run.json``.
    """
    try:
        run = _from_record(folder)
    except _DAMAGES as error:
        written = datetime.fromtimestamp((folder / RECORD).stat().st_mtime, UTC)
        return Run(folder, "damaged", {}, (), None, _damage(RECORD, error), written, None)
    if run.state != "done":
        # A finished run that was resumed has figures that no longer belong to its files.
        return run
    try:
        return replace(run, metrics=read_metrics(folder))
    except _DAMAGES as error:
        return replace(run, state="damaged", error=_damage(METRICS, error))


def find_runs(root: Path) -> list[Run]:
    """Finds all runs in and below a folder, the newest first.

    Raises:
        RunsNotFoundError: There is no such folder.
    """
    if not root.is_dir():
        raise RunsNotFoundError(
            f"{root}: there is no such folder; runs stand below outputs/ of the folder that they "
            "were started from: go there, or name it: crackseg runs FOLDER"
        )
    return newest_first([read_run(path.parent) for path in root.rglob(RECORD)])


def read_jobs(sweep: Path) -> list[Run]:
    """Reads the runs directly in a sweep's folder, the oldest first."""
    return newest_first([read_run(path.parent) for path in sweep.glob(f"*/{RECORD}")])[::-1]


def newest_first(runs: Sequence[Run]) -> list[Run]:
    """Sorts runs by their start, and those of the same second by their folder."""
    return sorted(runs, key=lambda run: (run.started, run.folder), reverse=True)


def _from_record(folder: Path) -> Run:
    record = read_record(folder)
    overrides, finished = record["overrides"], record["finished"]
    return Run(
        folder=folder,
        state=state_of(folder),
        overrides={key_of(one): one.partition("=")[2] for one in map(str, overrides)},
        varied=tuple(map(key_of, record["varied"])),
        metrics=None,
        error=None if record["error"] is None else str(record["error"]),
        started=_moment(record["started"]),
        finished=None if finished is None else _moment(finished),
        status=read_status(folder),
    )


def read_metrics(folder: Path) -> Mapping[str, Any] | None:
    """Content of ``metrics.json``; None where there is none.

    Raises:
        ValueError: It is damaged.
        TypeError: It holds something else.
    """
    try:
        text = (folder / METRICS).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    metrics = json.loads(text)
    if not isinstance(metrics, dict):
        raise TypeError("holds no table")
    return metrics


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    # Times with and without a time zone cannot be sorted together.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _damage(name: str, error: Exception) -> str:
    reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
    return f"{name} cannot be read: {reason}"
