"""Runs of a report, each with its settings, curves and evaluations."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonpath
from typing import Any

from crackseg.checkpoint import CheckpointParameters
from crackseg.config.overrides import flatten
from crackseg.evaluation.results import Bounds
from crackseg.reporting.comparison.evaluations import StoredEvaluation
from crackseg.runs.reader import Run

# Settings of where a run lies and what it writes, which do not change its figures.
_ELSEWHERE = ("data.cache", "resume", "sweep.", "logger.", "runtime.", "hydra.")
_EXPERIMENT = "experiment"


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run with its evaluations.

    Attributes:
        number: Place in the table, from 1.
        label: Short text of what distinguishes the run.
        name: Name of its folder, with the folders above where the name alone is not unique.
        run: Run as read from its folder.
        record: Content of its ``run.json``.
        settings: Settings as texts, by dotted key.
        history: Values by epoch of every metric; empty where no CSV log was kept.
        parameters: Parameters of its checkpoint.
        weights: Number of weights that the network trains.
        val: Evaluation on its validation subset.
        test: Evaluation on the subset of the report.
    """

    number: int
    label: str
    name: str
    run: Run
    record: Mapping[str, Any]
    settings: Mapping[str, str]
    history: Mapping[str, Mapping[int, float]]
    parameters: CheckpointParameters
    weights: int
    val: StoredEvaluation
    test: StoredEvaluation

    @property
    def val_iou(self) -> float:
        """Crack IoU on validation at the stored threshold; runs are ranked by it."""
        return self.val.metrics.stored.totals["crack_iou"]

    @property
    def test_iou(self) -> float:
        """Crack IoU on the report's subset at the stored threshold."""
        return self.test.metrics.stored.totals["crack_iou"]

    @property
    def test_iou_bounds(self) -> Bounds:
        """Interval of :attr:`test_iou`."""
        return self.test.metrics.stored.intervals.totals["crack_iou"]

    @property
    def division(self) -> str:
        """First eight characters of the hash of its manifest."""
        return self.parameters.data.manifest_hash[:8]


def names_of(runs: Sequence[Run]) -> list[str]:
    """A unique name for each run."""
    folders = [run.folder.resolve() for run in runs]
    counted = Counter(folder.name for folder in folders)
    if max(counted.values(), default=0) < 2:
        return [folder.name for folder in folders]
    above = commonpath([folder.parent for folder in folders])
    return [folder.relative_to(above).as_posix() for folder in folders]


def ranked(entries: Iterable[RunResult]) -> list[RunResult]:
    """Sorts runs, the best on validation first (never by the test), and numbers and labels them."""
    order = sorted(entries, key=lambda entry: (-entry.val_iou, entry.name))
    labels = labels_of([entry.run for entry in order])
    if len(set(labels)) < len(order):
        labels = [entry.name for entry in order]
    return [
        replace(entry, number=place, label=label)
        for place, (entry, label) in enumerate(zip(order, labels, strict=True), 1)
    ]


def labels_of(runs: Sequence[Run]) -> list[str]:
    """The shortest text for each run that says which command-line settings distinguish it.

    Keys are cut to their last words where these are unique. Settings that were not given are left
    out, and an experiment is called by its name alone. A run without any such setting is called by
    its folder.
    """
    labels = _labels([run.overrides for run in runs])
    return [label or run.folder.name for label, run in zip(labels, runs, strict=True)]


def labels_but_for(key: str, runs: Sequence[Run]) -> list[str]:
    """Labels as :func:`labels_of` without one of the keys; empty where a run has no other."""
    return _labels(
        [{name: value for name, value in run.overrides.items() if name != key} for run in runs]
    )


def _labels(given: Sequence[Mapping[str, str]]) -> list[str]:
    keys = [key for key in _varied(given) if key != _EXPERIMENT]
    last = [key.rpartition(".")[2] for key in keys]
    short = last if len(set(last)) == len(keys) else keys

    def label(one: Mapping[str, str]) -> str:
        parts = [f"{word}={one[key]}" for key, word in zip(keys, short, strict=True) if key in one]
        experiment = one.get(_EXPERIMENT, "").rpartition("/")[2]
        return ", ".join(filter(None, [experiment, *parts]))

    return [label(one) for one in given]


def settings_as_text(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings by dotted key, as a page shows them.

    >>> settings_as_text({"model": {"name": "unet"}, "loss": {"terms": {}}, "seed": 0})
    {'model.name': 'unet', 'loss.terms': '', 'seed': '0'}
    """
    return {
        key: "" if value in (None, {}) else str(value) for key, value in flatten(settings).items()
    }


def varied_settings(entries: Sequence[RunResult]) -> list[str]:
    """Dotted keys of the settings in which the runs differ."""
    return _varied([entry.settings for entry in entries])


def _varied(settings: Sequence[Mapping[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for one in settings for key in one)
    return [
        key
        for key in keys
        if not key.startswith(_ELSEWHERE) and len({one.get(key) for one in settings}) > 1
    ]
