"""Searches through the settings of a training, alone or beside other processes."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.config.checks import Check, fault_of, faults_of, one_of, refuse, within
from crackseg.config.machine import check_machine
from crackseg.config.overrides import ignored_tables, key_of
from crackseg.config.search_schema import SearchConfig, TuneConfig
from crackseg.config.validation import OBJECTIVES, check_networks_named, check_train_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.errors import ConfigError, StudyError
from crackseg.launch.error_messages import message_of
from crackseg.runs.search_record import SearchRecord, read_search
from crackseg.search.folder import check_same_search, joined
from crackseg.search.found import print_found
from crackseg.search.queue import LOCKS, BegunTrial, TrialQueue
from crackseg.search.space import Point, Space, as_typed
from crackseg.search.space_reading import read_space
from crackseg.search.study import faults_in_words, open_study, require_optuna
from crackseg.search.trial import TrialTrainer
from crackseg.search.trial_states import Outcome
from crackseg.system.files import require_writable, said_in_words
from crackseg.system.limits import SEED_LIMITS, Limits
from crackseg.system.locks import locked_in_turn
from crackseg.system.logs import start_logging
from crackseg.system.progress import progress

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

SAMPLERS = ("tpe", "random", "grid")
PRUNERS = ("median", "hyperband", "none")
# So many failures one after another mean that something is wrong with more than some settings.
_MOST_FAILURES = 3
_COUNT = Limits(0, 1_000_000, whole=True)


def tune(
    config: TuneConfig, overrides: Sequence[str], folder: Path, config_dir: str | None = None
) -> SearchRecord:
    """Trains trials until the search has as many as it should.

    Processes that are started with the same settings in the same folder share the trials.

    Args:
        config: All settings.
        overrides: Settings as typed.
        folder: Folder of the search.
        config_dir: Folder of further settings, as given by ``--config-dir``.

    Returns:
        The search as it stands at its end.

    Raises:
        CrackSegError: Settings or data cannot work, or no trial does.
        Interrupted: A signal ended it; it can be gone on with.
    """
    require_optuna()
    settings = config.search
    refuse(ignored_tables(overrides))
    _check(settings)
    space = read_space(settings.space)
    if settings.sampler == "grid":
        space.grid()
    refuse(_useless(overrides, settings, space))
    check_same_search(config, folder)
    base = [one for one in overrides if key_of(one).partition(".")[0] != "search"]
    trainer = TrialTrainer(base, settings, folder)
    _check_space(space, trainer)
    # Before the first trial, what is wrong with the photographs would be so in all of them.
    CrackDataModule(config.data, config.seed).prepared().close()
    require_writable(folder)
    start_logging(folder / "tune.log")
    (folder / LOCKS).mkdir(exist_ok=True)
    epochs = config.trainer.max_epochs
    with locked_in_turn(folder / LOCKS / "begin.lock", "waiting for the one who begins"):
        study_name = joined(config, overrides, folder, config_dir)
        # Two processes cannot make the tables of one database at once.
        study = open_study(settings, study_name, folder, epochs)
    with said_in_words(folder), faults_in_words(settings.storage):
        _refuse_lost_study(study, folder)
        queue = TrialQueue(study, settings, space, folder, epochs)
        _train_all(queue, trainer)
        record = queue.record
    print_found(record, trainer)
    return record


def _train_all(queue: TrialQueue, trainer: TrialTrainer) -> None:
    failures = 0
    while True:
        with queue.next() as trial:
            if trial is None:
                return
            log.info("trial %d: %s", trial.number, _line(trial.point))
            outcome = trainer.train(trial)
            record = queue.tell(trial, outcome)
        _say(trial, outcome, record)
        failures = failures + 1 if outcome.state == "failed" else 0
        if failures == _MOST_FAILURES:
            raise StudyError(
                f"{failures} trials failed one after another, the last one by: {outcome.reason}; "
                f"if that can be mended, do so, and {trainer.how_to_go_on}"
            )


def _say(trial: BegunTrial, outcome: Outcome, record: SearchRecord) -> None:
    best = record.best
    if outcome.figure is not None and best is not None and best.figure is not None:
        log.info(
            "trial %d: %s %.4f; the best so far is %.4f, trial %d",
            *(trial.number, record.objective, outcome.figure, best.figure, best.number),
        )


def _refuse_lost_study(study: "optuna.Study", folder: Path) -> None:
    """Refuses an empty study where there are trials.

    Raises:
        StudyError: It is empty, and the folder's record is not.
    """
    record = read_search(folder)
    if record is not None and record.trials and not study.get_trials(deepcopy=False):
        raise StudyError(
            f"{folder} has {len(record.trials)} trials, and its study has none: it was removed, or "
            "is kept elsewhere; put it back, or begin a new search in another folder"
        )


def _useless(overrides: Sequence[str], settings: SearchConfig, space: Space) -> list[str]:
    """A line for each setting on the command line that would be ignored."""
    keys = [one.key for one in space.dimensions]
    faults = []
    for one in overrides:
        key = key_of(one)
        if key.startswith("sweep."):
            faults.append(f"{one}: is for train.py -m; a search has search.objective")
        if key == "search.trials" and settings.sampler == "grid":
            faults.append(f"{one}: would be ignored, a grid has a trial for each combination")
        if key in keys:
            faults.append(f"{one}: would be ignored, as {key} is searched; leave it out")
    return faults


def _check(settings: SearchConfig) -> None:
    """Checks the settings of a search but for its space.

    Raises:
        ConfigError: One line for each that is wrong.
    """
    checks: list[Check] = [
        one_of("search.objective", settings.objective, OBJECTIVES),
        one_of("search.sampler", settings.sampler, SAMPLERS),
        one_of("search.pruner", settings.pruner, PRUNERS),
        within("search.trials", settings.trials, Limits(1, 1_000_000, whole=True)),
        within("search.startup", settings.startup, _COUNT),
        within("search.warmup", settings.warmup, _COUNT),
        within("search.seed", settings.seed, _COUNT),
        (
            settings.seeds is None or 0 < len(settings.seeds) == len(set(settings.seeds)),
            f"search.seeds={settings.seeds}: some different seeds such as [0,1,2], or null",
        ),
        *(within("search.seeds", seed, SEED_LIMITS) for seed in settings.seeds or []),
        (
            settings.resume is None,
            "search.resume: type it as search.resume=FOLDER on the command line, not in a file",
        ),
    ]
    for key in ("most_weights", "most_minutes"):
        value = getattr(settings, key)
        if value is not None:
            checks.append(within(f"search.{key}", value, Limits(0, 1e12, above=True)))
    refuse(faults_of(checks))


def _check_space(space: Space, trainer: TrialTrainer) -> None:
    """Checks each value and both ends of each range like settings that are typed.

    Raises:
        ConfigError: One line for each fault that other values do not have too.
    """
    corners = list(space.corners())
    faults: dict[str, Point] = {}
    for point in progress(corners, "Checking settings", len(corners)):
        for fault in _faults(point, trainer):
            faults.setdefault(fault, point)
    refuse([f"{fault}\n(in the trial {_line(point)})" for fault, point in faults.items()])


def _faults(point: Point, trainer: TrialTrainer) -> list[str]:
    try:
        config = trainer.config(point)
    except Exception as error:
        message = str(error) if isinstance(error, ConfigError) else message_of(error)
        if message is None:
            raise
        return [message]
    trainers = config.trainer
    single = trainers.num_nodes == 1 and (
        trainers.devices in (1, "1")
        or (isinstance(trainers.devices, list) and len(trainers.devices) == 1)
    )
    return [
        *fault_of(lambda: check_train_config(config)),
        *fault_of(lambda: check_machine(trainers)),
        *fault_of(lambda: check_networks_named(config)),
        *faults_of(
            [
                (
                    single,
                    f"trainer.devices={trainers.devices}, trainer.num_nodes={trainers.num_nodes}: "
                    "a trial is one process on one device; start tune.py once for each device",
                )
            ]
        ),
    ]


def _line(point: Point) -> str:
    return " ".join(as_typed(point))
