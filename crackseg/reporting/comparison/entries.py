"""Runs as a report takes them: settings, curves and evaluations together."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os.path import commonpath
from typing import Any

from crackseg.config.overrides import flatten
from crackseg.reporting.comparison.evaluations import StoredEvaluation
from crackseg.runs.reader import Run

# Where a run stands and what it writes, which says nothing of what it found.
_ELSEWHERE = ("data.cache", "resume", "sweep.", "logger.", "runtime.", "hydra.")
_EXPERIMENT = "experiment"


@dataclass(frozen=True, eq=False)
class RunResult:
    """A finished run and what it was judged to be worth.

    Attributes:
        number: its place in the table, from 1.
        label: what is peculiar to it, short.
        name: of its folder, with those above where that alone would not tell.
        run: as its folder tells of it.
        record: its ``run.json``.
        settings: by their dotted keys, as texts.
        history: of every metric its value by epoch, empty where no CSV log was kept.
        parameters: of its checkpoint.
        weights: how many the network trains.
        val: the evaluation on its validation subset.
        test: that on the subset of the report.
    """

    number: int
    label: str
    name: str
    run: Run
    record: Mapping[str, Any]
    settings: Mapping[str, str]
    history: Mapping[str, Mapping[int, float]]
    parameters: Mapping[str, Any]
    weights: int
    val: StoredEvaluation
    test: StoredEvaluation

    @property
    def val_iou(self) -> float:
        """Crack IoU on validation at the stored threshold, which runs are ranked by."""
        return float(self.val.metrics["stored"]["totals"]["crack_iou"])

    @property
    def test_iou(self) -> float:
        """The same on the report's subset."""
        return float(self.test.metrics["stored"]["totals"]["crack_iou"])

    @property
    def division(self) -> str:
        """The beginning of the hash of its manifest."""
        return str(self.parameters["data"]["manifest_hash"])[:8]


def names_of(runs: Sequence[Run]) -> list[str]:
    """A name for each run by which it can be told from the others."""
    folders = [run.folder.resolve() for run in runs]
    counted = Counter(folder.name for folder in folders)
    if max(counted.values(), default=0) < 2:
        return [folder.name for folder in folders]
    above = commonpath([folder.parent for folder in folders])
    return [folder.relative_to(above).as_posix() for folder in folders]


def ranked(entries: Iterable[RunResult]) -> list[RunResult]:
    """The best on validation first, never by what the test says; numbered so, and labelled."""
    order = sorted(entries, key=lambda entry: (-entry.val_iou, entry.name))
    labels = labels_of([entry.run for entry in order])
    if len(set(labels)) < len(order):
        labels = [entry.name for entry in order]
    return [
        replace(entry, number=place, label=label)
        for place, (entry, label) in enumerate(zip(order, labels, strict=True), 1)
    ]


def labels_of(runs: Sequence[Run]) -> list[str]:
    """What was given on the command line in which runs differ, as short as it can be said.

    Keys are brought to their last words where these tell them apart; what was not given is left
    out, and an experiment goes by its name alone. A run of which nothing can be said goes by its
    folder.
    """
    labels = _labels([run.overrides for run in runs])
    return [label or run.folder.name for label, run in zip(labels, runs, strict=True)]


def labels_but_for(key: str, runs: Sequence[Run]) -> list[str]:
    """The same without one of the keys; empty where nothing can be said of a run."""
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
    """Settings by their dotted keys, as a page shows them.

    >>> settings_as_text({"model": {"name": "unet"}, "loss": {"terms": {}}, "seed": 0})
    {'model.name': 'unet', 'loss.terms': '', 'seed': '0'}
    """
    return {
        key: "" if value in (None, {}) else str(value) for key, value in flatten(settings).items()
    }


def varied_settings(entries: Sequence[RunResult]) -> list[str]:
    """Keys of the settings in which some of the runs differ."""
    return _varied([entry.settings for entry in entries])


def _varied(settings: Sequence[Mapping[str, str]]) -> list[str]:
    keys = dict.fromkeys(key for one in settings for key in one)
    return [
        key
        for key in keys
        if not key.startswith(_ELSEWHERE) and len({one.get(key) for one in settings}) > 1
    ]
