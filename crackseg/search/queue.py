"""Hands out the trials of a study to the processes that train them, each to one."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from crackseg.config.search_schema import SearchConfig
from crackseg.errors import RunBusyError
from crackseg.runs.search_record import SearchRecord, write_search
from crackseg.search.space import Point, Space
from crackseg.search.study import sampler
from crackseg.search.trial_states import Outcome, record_of
from crackseg.system.locks import locked, locked_in_turn

if TYPE_CHECKING:
    import optuna

LOCKS = "locks"
# Draws of settings that are known already, before one that is not is looked for; and how often one
# is drawn at random then, where there are too many to list.
_MOST_SAME, _MOST_RANDOM = 10, 200
# Combinations of a space among which that is done.
_MOST_POINTS = 100_000
# A trial whose process died so often without an epoch would kill the next one too.
_MOST_DEATHS = 3


@dataclass(frozen=True)
class BegunTrial:
    """A trial that this process trains; no other process has it.

    Attributes:
        number: Its number in the study.
        place: Number that its runs' folders have: that of the trial it goes on with, or its own.
        point: Its settings.
    """

    number: int
    place: int
    point: Point
    _trial: "optuna.Trial"
    # Figures that are in the study: of a trial that died, and those reported since.
    _reported: dict[int, float] = field(default_factory=dict)

    def report(self, epoch: int, figure: float) -> None:
        """Says the figure of an epoch, from 0; that of an epoch trained again is known."""
        if epoch not in self._reported:
            self._trial.report(figure, epoch)
            self._reported[epoch] = figure

    def falls_behind(self) -> bool:
        """Whether the others were so much better at this epoch that it should end."""
        return bool(self._trial.should_prune())

    def interrupted(self) -> None:
        """Says that a signal ended its process, which tells nothing about the trial."""
        self._trial.set_user_attr("interrupted", True)


class TrialQueue:
    """The trials of a study.

    Processes that share the folder take turns by a lock file in it. A process holds a lock of its
    trial as long as it trains it; a trial that is running for the study, and whose lock is free,
    has died with its process, and the next one goes on with it.

    Args:
        study: The study.
        settings: Settings of the search.
        space: What is searched through.
        folder: Folder of the search.
        epochs: Epochs of a trial that is trained to its end.
    """

    def __init__(
        self,
        study: "optuna.Study",
        settings: SearchConfig,
        space: Space,
        folder: Path,
        epochs: int,
    ) -> None:
        self._study, self._settings, self._space = study, settings, space
        self._folder, self._epochs = folder, epochs

    @contextmanager
    def next(self) -> Iterator[BegunTrial | None]:
        """A trial for this process, and its lock; None where no more are left."""
        with ExitStack() as held:
            with self._turn():
                begun = self._begin(held)
                self._write()
            yield begun

    def tell(self, trial: BegunTrial, outcome: Outcome) -> SearchRecord:
        """Writes down how a trial ended, and returns the search as it stands."""
        with self._turn():
            self._tell(trial.number, outcome)
            return self._write()

    @property
    def record(self) -> SearchRecord:
        """The search as it stands."""
        with self._turn():
            return self._write()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        lock = self._folder / LOCKS / "search.lock"
        with locked_in_turn(lock, "waiting until another process has its next trial"):
            yield

    def _begin(self, held: ExitStack) -> BegunTrial | None:
        self._put_back_dead()
        if self._settings.sampler == "grid":
            self._put_grid()
        for same in range(_MOST_SAME + _MOST_RANDOM):
            trials = self._trials()
            waiting = any(trial.state.name == "WAITING" for trial in trials)
            if not waiting and self._is_complete(trials):
                return None
            lost = same >= _MOST_SAME
            if lost and not waiting and self._is_small and not self._put_unknown(trials):
                return None
            self._study.sampler = sampler(self._settings, len(trials), at_random=lost)
            begun = self._ask()
            if begun is not None:
                # Nobody else can have it: this process has just made its number.
                busy = RunBusyError(f"{self._folder}: another process has trial {begun.number}")
                held.enter_context(locked(self._lock(begun.number), busy))
                return begun
        return None

    def _is_complete(self, trials: "Sequence[optuna.trial.FrozenTrial]") -> bool:
        """Whether no trial is to be drawn any more."""
        if self._settings.sampler == "grid":
            return True
        own = [trial for trial in trials if "continues" not in trial.user_attrs]
        counted = [trial for trial in own if "same" not in trial.user_attrs]
        return len(counted) >= self._settings.trials

    def _ask(self) -> BegunTrial | None:
        """A new trial, or one that waits; None if its settings are those of an earlier one."""
        trial = self._study.ask()
        point = self._space.draw(trial)
        place = trial.user_attrs.get("place", trial.number)
        begun = BegunTrial(trial.number, place, point, trial)
        trial.set_user_attr("settings", point)
        if "continues" in trial.user_attrs:
            dead = self._trials()[trial.user_attrs["continues"]]
            for epoch, figure in dead.intermediate_values.items():
                begun.report(epoch, figure)
            return begun
        twin = self._twin(trial.number, point)
        if twin is None:
            return begun
        # To the bit, as its seed is the same too.
        trial.set_user_attr("same", twin.number)
        # For the study it has failed, so that one figure is not counted twice.
        reason = f"the settings of trial {twin.number}"
        self._tell(trial.number, Outcome("failed", reason=reason))
        return None

    def _twin(self, number: int, point: Point) -> "optuna.trial.FrozenTrial | None":
        for other in self._trials()[:number]:
            known = other.user_attrs
            if known.get("settings") == point and not {"same", "died"} & known.keys():
                return other
        return None

    def _tell(self, number: int, outcome: Outcome) -> None:
        from optuna.trial import TrialState as State

        if outcome.reason:
            self._note(number, "reason", outcome.reason)
        if outcome.state == "done":
            self._study.tell(number, outcome.figure)
        else:
            self._study.tell(
                number, state=State.PRUNED if outcome.state == "pruned" else State.FAIL
            )

    def _put_back_dead(self) -> None:
        """Lets trials whose process died wait for one that goes on with them."""
        for trial in self._trials():
            if trial.state.name != "RUNNING":
                continue
            try:
                with locked(self._lock(trial.number), RunBusyError("")):
                    self._put_back(trial)
            except RunBusyError:
                continue

    def _put_back(self, trial: "optuna.trial.FrozenTrial") -> None:
        known = trial.user_attrs
        gained = len(trial.intermediate_values) > known.get("begun_at", 0)
        deaths = 0 if gained else known.get("deaths", 0) + ("interrupted" not in known)
        if deaths >= _MOST_DEATHS:
            reason = f"its process died {deaths} times before an epoch was whole"
            self._tell(trial.number, Outcome("failed", reason=reason))
            return
        attributes = {
            "continues": trial.number,
            "place": known.get("place", trial.number),
            "deaths": deaths,
            "begun_at": len(trial.intermediate_values),
        }
        # First, as this process may die too.
        if not any(other.user_attrs.get("continues") == trial.number for other in self._trials()):
            self._study.enqueue_trial(trial.params, user_attrs=attributes)
        self._note(trial.number, "died", True)
        self._tell(trial.number, Outcome("failed", reason="its process died"))

    def _put_grid(self) -> None:
        """Lets every combination wait, in their order; also where a process died while it did."""
        known = {trial.user_attrs.get("place_in_grid") for trial in self._trials()}
        for place, point in enumerate(self._space.grid()):
            if place not in known:
                attributes = {"place_in_grid": place}
                self._study.enqueue_trial(self._drawn(point), user_attrs=attributes)

    @property
    def _is_small(self) -> bool:
        """Whether the combinations of the space can be listed."""
        return self._space.most_points <= _MOST_POINTS

    def _put_unknown(self, trials: "Sequence[optuna.trial.FrozenTrial]") -> bool:
        """Lets a combination wait that no trial has; False where all are known."""
        known = [trial.user_attrs.get("settings") for trial in trials]
        unknown = [point for point in self._space.grid() if point not in known]
        if not unknown:
            return False
        chosen = Random(f"{self._settings.seed} {len(trials)}").choice(unknown)
        self._study.enqueue_trial(self._drawn(chosen))
        return True

    def _drawn(self, point: Point) -> dict[str, Any]:
        """A point as Optuna has it."""
        dimensions = {one.key: one for one in self._space.dimensions}
        return {key: dimensions[key].values.drawn(value) for key, value in point.items()}

    def _note(self, number: int, key: str, value: Any) -> None:
        """Writes down something about a trial that another process may have begun."""
        import optuna

        trial_id = self._trials()[number]._trial_id
        optuna.trial.Trial(self._study, trial_id).set_user_attr(key, value)

    def _trials(self) -> "list[optuna.trial.FrozenTrial]":
        return list(self._study.get_trials(deepcopy=False))

    def _lock(self, number: int) -> Path:
        return self._folder / LOCKS / f"trial-{number:04d}.lock"

    def _write(self) -> SearchRecord:
        record = record_of(self._study, self._settings, self._epochs, self._folder)
        write_search(record, self._folder)
        return record
