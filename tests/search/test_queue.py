"""Trials as processes share them: drawn, ended early, gone on with. Nothing is trained here."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from crackseg.config.search_schema import SearchConfig
from crackseg.errors import StudyError
from crackseg.runs.search_record import SearchRecord, TrialRecord, read_search
from crackseg.search.queue import LOCKS, BegunTrial, TrialQueue
from crackseg.search.space import Point
from crackseg.search.space_reading import read_space
from crackseg.search.study import faults_in_words, open_study
from crackseg.search.trial_states import Outcome

EPOCHS = 6
SPACE = {"optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True}, "model.dropout": [0.1, 0.3]}
Queue = Callable[..., TrialQueue]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    """Makes a process's view of the search in a folder; a second call gives that of another.

    In a journal, as a database takes several times as long for every trial.
    """
    (tmp_path / LOCKS).mkdir()

    def made(**settings: object) -> TrialQueue:
        asked = {"space": SPACE, "trials": 4, "storage": "journal", **settings}
        config = SearchConfig(**asked)  # type: ignore[arg-type]
        study = open_study(config, "search", tmp_path, EPOCHS)
        space = read_space(config.space)
        return TrialQueue(study, config, space, tmp_path, EPOCHS)

    return made


def figure_of(point: Point) -> float:
    """A figure that is best at a rate of .003, and a little better with less dropout."""
    import math

    distance = abs(math.log10(float(point["optimizer.lr"])) + 2.5)
    return 0.6 - 0.2 * distance - 0.1 * float(point["model.dropout"])


def train(queue: TrialQueue, figure: Callable[[Point], float] = figure_of) -> list[BegunTrial]:
    """Trains all trials that are left, as if; the figure grows over the epochs."""
    trained = []
    while True:
        with queue.next() as trial:
            if trial is None:
                return trained
            trained.append(trial)
            queue.tell(trial, ended(trial, figure(trial.point)))


def ended(trial: BegunTrial, figure: float) -> Outcome:
    for epoch in range(EPOCHS):
        trial.report(epoch, figure * (epoch + 1) / EPOCHS)
        if trial.falls_behind():
            return Outcome("pruned", reason="is behind")
    return Outcome("done", figure)


def settings_of(record: SearchRecord) -> list[dict[str, str]]:
    return [dict(trial.settings) for trial in record.trials]


def test_a_search_has_as_many_trials_as_it_should(queue: Queue) -> None:
    one = queue(trials=5, pruner="none")
    assert len(train(one)) == 5
    record = one.record
    assert [trial.state for trial in record.trials] == ["done"] * 5
    assert record.best is not None
    assert record.best.figure == max(trial.figure or 0 for trial in record.trials)
    assert record.epochs_trained == 5 * EPOCHS
    assert train(one) == []
    # More can be asked for later.
    assert len(train(queue(trials=7, pruner="none"))) == 2


def test_the_same_seed_draws_the_same_and_another_one_others(tmp_path: Path) -> None:
    drawn = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        folder = tmp_path / name
        (folder / LOCKS).mkdir(parents=True)
        config = SearchConfig(space=SPACE, trials=6, startup=2, seed=seed)
        for trials in (3, 6) if name == "b" else (6,):
            config.trials = trials
            study = open_study(config, "search", folder, EPOCHS)
            one = TrialQueue(study, config, read_space(SPACE), folder, EPOCHS)
            train(one)
        drawn.append(settings_of(one.record))
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]


def test_tpe_draws_nearer_to_the_best_than_chance(queue: Queue) -> None:
    one = queue(trials=30, startup=8, pruner="none")
    train(one)
    figures = [trial.figure or 0.0 for trial in one.record.trials]
    assert sum(figures[-10:]) / 10 > sum(figures[:10]) / 10 + 0.02
    assert max(figures) > 0.57


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_trials_that_fall_behind_are_ended_early(queue: Queue, pruner: str) -> None:
    one = queue(trials=18, pruner=pruner, startup=3, warmup=2, sampler="random")
    train(one)
    record = one.record
    pruned = [trial for trial in record.trials if trial.state == "pruned"]
    assert pruned
    assert all(2 < len(trial.curve) + 1 <= EPOCHS + 1 for trial in pruned)
    assert all(trial.figure is None and trial.reason == "is behind" for trial in pruned)
    assert record.epochs_trained < 18 * EPOCHS
    # The best of all settings that were drawn was not among them.
    best = max((figure_of(dict(trial.settings)), trial.state) for trial in record.trials)
    assert best[1] == "done"


def test_no_trial_is_ended_early_without_a_pruner_or_in_the_first_epochs(queue: Queue) -> None:
    one = queue(trials=12, pruner="median", startup=2, warmup=EPOCHS)
    train(one)
    assert {trial.state for trial in one.record.trials} == {"done"}


def test_a_grid_is_trained_in_its_order_once(queue: Queue) -> None:
    space = {
        "model.dropout": [0.1, 0.3],
        "optimizer.lr": {"low": 0.001, "high": 0.003, "step": 0.001},
    }
    one = queue(space=space, sampler="grid", trials=1, pruner="none")
    points = [trial.point for trial in train(one)]
    expected = read_space(space).grid()
    assert points == expected
    assert len(points) == 6
    assert train(queue(space=space, sampler="grid", trials=1, pruner="none")) == []


def test_settings_that_were_drawn_before_are_not_trained_again(queue: Queue) -> None:
    space = {"model.dropout": [0.1, 0.3], "optimizer.lr": [0.001, 0.002]}
    one = queue(space=space, trials=30, pruner="none")
    trained = [tuple(trial.point.items()) for trial in train(one)]
    assert len(trained) == len(set(trained)) == 4
    same = [trial for trial in one.record.trials if trial.state == "same"]
    assert same
    by_settings = {
        tuple(trial.settings.items()): trial for trial in one.record.trials if trial.state == "done"
    }
    for trial in same:
        twin = by_settings[tuple(trial.settings.items())]
        assert (trial.figure, trial.runs) == (twin.figure, ())
        assert trial.reason == f"the settings of trial {twin.number}"
    assert one.record.epochs_trained == 4 * EPOCHS


def test_repeats_are_not_taken_for_trials_that_others_are_compared_with(queue: Queue) -> None:
    space = {"model.dropout": [0.1, 0.3], "optimizer.lr": [0.001, 0.002, 0.003]}
    one = queue(space=space, trials=30, startup=6, warmup=0)
    train(one)
    states = [trial.state for trial in one.record.trials if trial.state != "same"]
    assert states == ["done"] * 6


def test_a_half_of_which_is_small_is_searched_through_all_the_same(queue: Queue) -> None:
    """Where one value needs no more, and is the better one, others are still drawn."""
    space = {
        "loss": ["bce", "bce_dice"],
        "loss.terms.dice": {"low": 0.5, "high": 2.0, "when": {"loss": "bce_dice"}},
    }
    one = queue(space=space, trials=8, startup=3, pruner="none")
    train(one, lambda point: 0.9 if point["loss"] == "bce" else 0.1)
    assert sum(trial.state == "done" for trial in one.record.trials) == 8


def test_a_grid_that_was_queued_in_part_is_made_whole(queue: Queue) -> None:
    space = {"model.dropout": [0.1, 0.2, 0.3], "optimizer.lr": [0.001, 0.002, 0.003]}
    first = queue(space=space, sampler="grid", pruner="none")
    put, count = first._study.enqueue_trial, 0

    def put_four(*arguments: object, **named: object) -> None:
        nonlocal count
        count += 1
        if count > 4:
            raise KeyboardInterrupt
        put(*arguments, **named)  # type: ignore[arg-type]

    first._study.enqueue_trial = put_four  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt), first.next():
        pass
    points = [trial.point for trial in train(queue(space=space, sampler="grid", pruner="none"))]
    assert len(points) == 9
    assert points == read_space(space).grid()


def test_a_process_that_dies_while_it_puts_a_trial_back_loses_none(queue: Queue) -> None:
    dead = die(queue(trials=1), epochs=2)
    other = queue(trials=1)

    def die_at_once(*arguments: object, **named: object) -> None:
        raise KeyboardInterrupt

    other._tell = die_at_once  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt), other.next():
        pass
    with queue(trials=1).next() as trial:
        assert trial is not None
        assert (trial.place, trial.point) == (dead.place, dead.point)
    with queue(trials=1).next() as trial:
        assert trial is not None


def test_two_processes_never_have_the_same_trial(queue: Queue) -> None:
    first, second = queue(trials=3), queue(trials=3)
    with ExitStack() as stack:
        trials = [stack.enter_context(one.next()) for one in (first, second, first)]
        numbers = [trial.number for trial in trials if trial is not None]
        assert numbers == [0, 1, 2]
        assert stack.enter_context(second.next()) is None
        assert [trial.state for trial in second.record.trials] == ["running"] * 3


def die(queue: TrialQueue, epochs: int) -> BegunTrial:
    """A process that dies after some epochs: its trial's lock is free, and it has told nothing."""
    with queue.next() as trial:
        assert trial is not None
        for epoch in range(epochs):
            trial.report(epoch, 0.1 * epoch)
    return trial


def test_a_trial_whose_process_died_is_gone_on_with(queue: Queue) -> None:
    dead = die(queue(trials=2), epochs=3)
    other = queue(trials=2)
    with other.next() as trial:
        assert trial is not None
        assert (trial.number, trial.place, trial.point) == (1, 0, dead.point)
        before, now = other.record.trials
        assert (before.state, before.reason) == ("died", "its process died")
        assert now.curve == {0: 0.0, 1: 0.1, 2: 0.2}
        # The epoch that it had begun again is known, and the next one is not.
        trial.report(2, 0.9)
        trial.report(3, 0.4)
        other.tell(trial, Outcome("done", 0.5))
    assert other.record.trials[1].curve == {0: 0.0, 1: 0.1, 2: 0.2, 3: 0.4}
    # It is one of two, not two.
    assert len(train(other)) == 1
    assert other.record.epochs_trained == 4 + EPOCHS


def test_a_trial_that_kills_its_process_again_and_again_has_failed(queue: Queue) -> None:
    for _ in range(3):
        die(queue(trials=1), epochs=0)
    with queue(trials=1).next() as trial:
        assert trial is None
    last = queue(trials=1).record.trials[-1]
    assert last.state == "failed"
    assert last.reason == "its process died 3 times before an epoch was whole"


def test_a_trial_that_gets_on_may_die_more_often(queue: Queue) -> None:
    for epochs in (1, 2, 3, 4):
        die(queue(trials=1), epochs)
    with queue(trials=1).next() as trial:
        assert trial is not None


def test_a_signal_is_no_death(queue: Queue) -> None:
    for _ in range(4):
        with queue(trials=1).next() as trial:
            assert trial is not None
            trial.interrupted()
    with queue(trials=1).next() as trial:
        assert trial is not None


def test_failed_trials_count_and_are_told_of(queue: Queue) -> None:
    one = queue(trials=2)
    with one.next() as trial:
        assert trial is not None
        one.tell(trial, Outcome("failed", reason="the memory is not enough"))
    assert len(train(one)) == 1
    failed, done = one.record.trials
    assert (failed.state, failed.reason, done.state) == (
        "failed",
        "the memory is not enough",
        "done",
    )


def test_smaller_is_better_where_the_objective_says_so(queue: Queue) -> None:
    one = queue(trials=3, objective="val/false_positives", pruner="none")
    train(one, lambda point: 100 * float(point["model.dropout"]))
    record = one.record
    assert not record.largest_first
    assert record.best is not None
    assert record.best.figure == min(trial.figure or 0 for trial in record.trials)


def test_importances_tell_the_setting_that_matters(queue: Queue) -> None:
    one = queue(trials=25, sampler="random", pruner="none")
    train(one)
    shares = one.record.importances
    assert next(iter(shares)) == "optimizer.lr"
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(("storage", "kept"), [(None, "study.db"), ("journal", "study.log")])
def test_a_study_is_kept_in_a_file_of_the_folder(
    queue: Queue, tmp_path: Path, storage: str | None, kept: str
) -> None:
    first = queue(trials=2, storage=storage)
    train(first)
    assert queue(trials=2, storage=storage).record == first.record
    assert [path.name for path in tmp_path.glob("study.*")] == [kept]


def test_a_record_is_read_as_it_was_written(queue: Queue, tmp_path: Path) -> None:
    one = queue(trials=6, startup=2, warmup=1)
    train(one)
    record = read_search(tmp_path)
    assert record == one.record
    assert record is not None
    assert isinstance(record.trials[0], TrialRecord)
    for damaged in ("", "[]", '{"form": 2}', '{"form": 1}'):
        (tmp_path / "search.json").write_text(damaged)
        assert read_search(tmp_path) is None


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    (tmp_path / "study.db").write_text("no database, but long enough to be looked at" * 100)
    return tmp_path


def test_a_database_that_cannot_be_read_is_said_in_a_line(broken: Path) -> None:
    with pytest.raises(StudyError, match=r"its database: file is not a database; search.storage"):
        open_study(SearchConfig(space=SPACE), "search", broken, EPOCHS)


@pytest.mark.parametrize(
    ("storage", "message"),
    [
        ("mongo://x", "search.storage=mongo://x: Can't load plugin"),
        ("nonsense", "search.storage=nonsense: Could not parse"),
    ],
)
def test_a_database_of_no_known_kind_is_refused(tmp_path: Path, storage: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        open_study(SearchConfig(space=SPACE, storage=storage), "search", tmp_path, EPOCHS)


def test_a_password_is_not_told() -> None:
    from sqlalchemy.exc import OperationalError

    storage = "postgresql+pg8000://ann:secret@host/name"
    refused: Sequence[Exception] = [OperationalError("", None, Exception("no such host"))]
    with pytest.raises(StudyError) as told, faults_in_words(storage):
        raise refused[0]
    assert "secret" not in str(told.value)
    assert "ann:***@host" in str(told.value)
