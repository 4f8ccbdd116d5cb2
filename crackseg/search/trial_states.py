"""What a study says of its trials, in the words of a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
    study: "optuna.Study", objective: str, by_epoch: str, epochs: int, seeds: Sequence[int] | None
) -> SearchRecord:
    """The record of a study as it stands; trials that only wait are not in it."""
    trials = study.get_trials(deepcopy=False)
    return SearchRecord(
        objective=objective,
        by_epoch=by_epoch,
        largest_first=study.direction.name == "MAXIMIZE",
        epochs=epochs,
        trials=tuple(_trial(one, seeds) for one in trials if one.state.name != "WAITING"),
        importances=importances(study),
    )


def seeds_of(seeds: Sequence[int] | None) -> Sequence[int | None]:
    """The seeds of a trial's runs; None stands for that of all trials."""
    return [None] if seeds is None else seeds


def run_name(place: int, seed: int | None) -> str:
    """Name of the folder of a run: of a trial, or of one of its seeds."""
    return f"trial-{place:04d}" if seed is None else f"trial-{place:04d}-seed-{seed}"


def _trial(trial: "optuna.trial.FrozenTrial", seeds: Sequence[int] | None) -> TrialRecord:
    known, state = trial.user_attrs, _STATES[trial.state.name]
    reason = known.get("reason", "")
    if "same" in known:
        state, reason = "same", f"the settings of trial {known['same']}"
    elif "died" in known:
        state = "died"
    place = known.get("place", trial.number)
    return TrialRecord(
        number=trial.number,
        state=state,
        settings=known.get("settings", {}),
        figure=trial.value if state in ("done", "same") else None,
        curve=dict(sorted(trial.intermediate_values.items())),
        runs=() if state == "same" else tuple(run_name(place, seed) for seed in seeds_of(seeds)),
        reason=reason,
    )


def outcome_of(trial: "optuna.trial.FrozenTrial") -> Outcome:
    """How a trial with the settings of this one ends."""
    state = _STATES[trial.state.name]
    reason = f"the settings of trial {trial.number}"
    # One that is still running has no figure to give.
    return Outcome(state if state != "running" else "failed", trial.value, reason)
