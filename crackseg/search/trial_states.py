"""What a study says of its trials, in the words of a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.config.search_schema import SearchConfig
from crackseg.runs.search_record import SearchRecord, TrialRecord, TrialState
from crackseg.search.study import importances

if TYPE_CHECKING:
    import optuna

_STATES: dict[str, TrialState] = {
    "COMPLETE": "done",
    "PRUNED": "pruned",
    "FAIL": "failed",
    "RUNNING": "running",
}


@dataclass(frozen=True)
class Outcome:
    """How a trial ended.

    Attributes:
        state: ``done``, ``pruned`` or ``failed``.
        figure: What the search compares; None where it has none.
        reason: Why it was not trained to its end; else empty.
    """

    state: TrialState
    figure: float | None = None
    reason: str = ""


def record_of(
    study: "optuna.Study", settings: SearchConfig, epochs: int, folder: Path
) -> SearchRecord:
    """The record of a study as it stands; trials that only wait are not in it."""
    trials = study.get_trials(deepcopy=False)
    return SearchRecord(
        objective=settings.objective,
        by_epoch=figure_by_epoch(settings.objective),
        largest_first=study.direction.name == "MAXIMIZE",
        epochs=epochs,
        trials=tuple(
            _trial(one, trials, settings.seeds, folder)
            for one in trials
            if one.state.name != "WAITING"
        ),
        importances=importances(study),
    )


def figure_by_epoch(objective: str) -> str:
    """The figure of an epoch by which trials are ended early.

    Of crack IoU and Dice, which are largest at the same threshold, that at each epoch's best
    threshold foretells what the stored one will give; of others there is only that at .50.
    """
    return "val/best_crack_iou" if objective in ("val/crack_iou", "val/dice") else objective


def seeds_of(seeds: Sequence[int] | None) -> Sequence[int | None]:
    """The seeds of a trial's runs; None stands for that of all trials."""
    return [None] if seeds is None else seeds


def run_name(place: int, seed: int | None) -> str:
    """Name of the folder of a run: of a trial, or of one of its seeds."""
    return f"trial-{place:04d}" if seed is None else f"trial-{place:04d}-seed-{seed}"


def _trial(
    trial: "optuna.trial.FrozenTrial",
    trials: "Sequence[optuna.trial.FrozenTrial]",
    seeds: Sequence[int] | None,
    folder: Path,
) -> TrialRecord:
    known, state, figure = trial.user_attrs, _STATES[trial.state.name], trial.value
    reason = known.get("reason", "")
    names = [run_name(known.get("place", trial.number), seed) for seed in seeds_of(seeds)]
    if "same" in known:
        state, names = "same", []
        figure = trials[known["same"]].value
    elif "died" in known:
        state = "died"
    return TrialRecord(
        number=trial.number,
        state=state,
        settings=known.get("settings", {}),
        figure=figure if state in ("done", "same") else None,
        curve=dict(sorted(trial.intermediate_values.items())),
        runs=tuple(name for name in names if (folder / name).is_dir()),
        reason=reason,
    )
