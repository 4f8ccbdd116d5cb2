"""Record of a search in its folder, beside the folders of its runs: ``search.json``.

It is written anew after each trial from the study, so that whoever looks at a search needs neither
Optuna nor the database.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from crackseg.system.files import write_json

SEARCH = "search.json"

# ``same``: the settings of an earlier trial, whose figure it takes; ``died``: its process did, and
# another trial goes on with it.
TrialState = Literal["done", "pruned", "failed", "running", "same", "died"]
_FORM = 1


@dataclass(frozen=True)
class TrialRecord:
    """A trial of a search.

    Attributes:
        number: Its number, from 0.
        state: How it stands or ended.
        settings: Its settings as typed, by key.
        figure: What the search compares; None where it has none.
        curve: Figure of each epoch, by the number of the epoch from 0.
        runs: Names of its runs' folders.
        reason: Why it was ended, or what another trial has to do with it; may be empty.
    """

    number: int
    state: TrialState
    settings: Mapping[str, str]
    figure: float | None
    curve: Mapping[int, float]
    runs: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class SearchRecord:
    """A search.

    Attributes:
        objective: Figure that it compares, such as ``val/crack_iou``.
        by_epoch: Figure of ``curve``, by which trials are ended early.
        largest_first: Whether larger figures are better.
        epochs: Epochs of a trial that is trained to its end.
        trials: Trials by number.
        importances: Share of each setting in what the figures differ by, the largest first; empty
            where there are too few trials.
    """

    objective: str
    by_epoch: str
    largest_first: bool
    epochs: int
    trials: tuple[TrialRecord, ...]
    importances: Mapping[str, float]

    @property
    def best(self) -> TrialRecord | None:
        """The best trial that is done; None where there is none."""
        done = [trial for trial in self.trials if trial.state == "done"]
        if not done:
            return None
        sign = 1 if self.largest_first else -1
        return max(done, key=lambda trial: (sign * (trial.figure or 0.0), -trial.number))

    @property
    def epochs_trained(self) -> int:
        """Epochs that all trials took together, as far as they are known by epoch."""
        # What a trial that died had trained is in the curve of the one that went on with it.
        return sum(len(trial.curve) for trial in self.trials if trial.state != "died")


def write_search(record: SearchRecord, folder: Path) -> None:
    """Writes the file, completely or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    write_json({"form": _FORM, **asdict(record)}, folder / SEARCH)


def read_search(folder: Path) -> SearchRecord | None:
    """Reads the file; None where there is none, or none of this form."""
    try:
        values = json.loads((folder / SEARCH).read_text(encoding="utf-8"))
        return _record(values) if values["form"] == _FORM else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _record(values: dict[str, Any]) -> SearchRecord:
    return SearchRecord(
        objective=str(values["objective"]),
        by_epoch=str(values["by_epoch"]),
        largest_first=bool(values["largest_first"]),
        epochs=int(values["epochs"]),
        trials=tuple(_trial(one) for one in values["trials"]),
        importances={str(key): float(one) for key, one in values["importances"].items()},
    )


def _trial(values: dict[str, Any]) -> TrialRecord:
    if values["state"] not in get_args(TrialState):
        raise ValueError(f"no state of a trial: {values['state']}")
    return TrialRecord(
        number=int(values["number"]),
        state=values["state"],
        settings={str(key): str(one) for key, one in values["settings"].items()},
        figure=None if values["figure"] is None else float(values["figure"]),
        curve={int(epoch): float(one) for epoch, one in values["curve"].items()},
        runs=tuple(map(str, values["runs"])),
        reason=str(values["reason"]),
    )
