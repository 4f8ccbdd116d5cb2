"""One Hydra job: a run, a resumed run, or one of a sweep, with its record."""

import logging
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import torch.distributed
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, read_write

from crackseg.config.checks import refuse
from crackseg.config.machine import check_machine
from crackseg.config.overrides import (
    how_to_go_on,
    hydra_override,
    ignored_tables,
    key_of,
    shell_override,
)
from crackseg.config.schema import TrainConfig
from crackseg.config.unused import ignored_overrides
from crackseg.config.validation import check_networks_named, check_train_config
from crackseg.errors import ConfigError, CrackSegError
from crackseg.launch.arguments import flags
from crackseg.launch.refused import forgotten_if_refused
from crackseg.launch.resume import resumed_config
from crackseg.reporting.terminal.sweeps import write_sweep_tables
from crackseg.runs.reader import read_run
from crackseg.runs.record import (
    BEST,
    CONFIG,
    LAST,
    LOCK,
    MANIFEST,
    PACKAGES,
    RECORD,
    ended_before_first_epoch,
    state_of,
)
from crackseg.system.exits import Interrupted, mistake_of
from crackseg.system.files import write_text
from crackseg.system.logs import start_logging
from crackseg.system.processes import is_first_process, usable_cores

log = logging.getLogger(__name__)

LOG = "train.log"
# What stands in a run's folder before anything is trained.
_MADE = (CONFIG, RECORD, PACKAGES, LOG, LOCK)
# The first of them is written as soon as the photographs are read and divided.
_BEGUN = (MANIFEST, LAST, BEST)


def run_job(config: TrainConfig) -> float:
    """Runs Hydra's present job.

    Returns:
        The objective; NaN for a job of a sweep that failed.

    Raises:
        CrackSegError: The user made a mistake; in a sweep it is only recorded.
        Interrupted: A signal ended the training.
    """
    job = HydraConfig.get()
    folder, overrides = Path(job.runtime.output_dir), list(job.overrides.task)
    sweeping = job.mode == RunMode.MULTIRUN
    refuse(ignored_tables(overrides))
    _refuse_misplaced_resume(config, folder, sweeping)
    if job.runtime.choices.get("optimizer") == "adam":
        log.warning("optimizer=adam is the old name of optimizer=adamw, which it always was")
    if sweeping:
        return _job_of_sweep(config, folder, overrides)
    return _single(config, folder, overrides)


def _single(config: TrainConfig, folder: Path, overrides: Sequence[str]) -> float:
    checkpoint = None
    if config.resume is not None:
        checkpoint = Path(config.resume)
        config = resumed_config(folder, config, overrides)
        _refuse_finished(config, folder)
    elif is_first_process() and ended_before_first_epoch(folder):
        log.info("the run in %s ended before its first epoch was whole; it begins anew", folder)
    elif is_first_process() and (folder / CONFIG).is_file():
        raise ConfigError(
            f"{folder} holds a run, and nothing of it is overwritten; go on with it by "
            f"{shell_override('resume', folder)}, or choose another hydra.run.dir"
        )
    check_train_config(config)
    if checkpoint is None:
        check_networks_named(config)
    refuse(ignored_overrides(overrides, config))
    check_machine(config.trainer)
    try:
        with _put_back_if_refused(folder), forgotten_if_refused(folder, _MADE, _BEGUN):
            start_logging(folder / LOG)
            return _trained(config, folder, overrides, checkpoint)
    except Interrupted as error:
        if (folder / LAST).is_file():
            error.advice = how_to_go_on("train.py", "resume", folder)
        raise


def _job_of_sweep(config: TrainConfig, folder: Path, overrides: Sequence[str]) -> float:
    """Starts a job, resumes it, or keeps it if it is already done."""
    job, sweep = HydraConfig.get(), Path(HydraConfig.get().sweep.dir)
    start_logging(folder / LOG)
    log.info("job %d: %s", job.job.num + 1, folder.name)
    if (folder / RECORD).is_file() and state_of(folder) == "done":
        log.info("done already, kept")
        return _objective(folder, config.sweep.objective)
    checkpoint = folder / LAST if (folder / LAST).is_file() else None
    threads = _threads_of_one(job.launcher.n_jobs) if "n_jobs" in job.launcher else None
    fixed = job.job.config.override_dirname.exclude_keys
    varied = [key for key in map(key_of, overrides) if key not in fixed]
    try:
        with _standing_alone(folder, overrides):
            return _trained(config, folder, overrides, checkpoint, varied, threads)
    except Exception as error:
        mistake = mistake_of(error)
        if mistake is None:
            log.exception("this job failed, the sweep goes on")
        else:
            log.error("this job failed, the sweep goes on: %s", mistake)
    except Interrupted as error:
        error.advice = how_to_go_on("train.py -m", "sweep.resume", sweep)
        raise
    finally:
        write_sweep_tables(sweep, config.sweep.objective)
    return math.nan


def _trained(
    config: TrainConfig,
    folder: Path,
    overrides: Sequence[str],
    checkpoint: Path | None,
    varied: Sequence[str] = (),
    threads: int | None = None,
) -> float:
    """Trains, and gives what a sweep compares."""
    # Imported here because it takes seconds, which a wrong setting need not wait for.
    from crackseg.workflows.recorded import train_recorded

    result = train_recorded(config, folder, overrides, checkpoint, varied, threads)
    return result.objective(config.sweep.objective)


def _refuse_misplaced_resume(config: TrainConfig, folder: Path, sweeping: bool) -> None:
    """Refuses ``resume`` from a file: only the command line is read before a folder is made."""
    if config.resume is None and (config.sweep.resume is None or sweeping):
        return
    if sweeping or config.resume is None or Path(config.resume).resolve().parent != folder:
        raise ConfigError("resume: type it as resume=FOLDER on the command line, not in a file")


def _refuse_finished(config: TrainConfig, folder: Path) -> None:
    run = read_run(folder)
    if run.metrics is None:
        return
    epochs = run.metrics["epochs"]
    if run.metrics["stopped_early"]:
        raise ConfigError(
            f"{folder}: this run is finished, it made no progress any more and stopped after "
            f"{epochs} epochs; begin a new one, with a larger callbacks.patience perhaps"
        )
    ended_by, minutes = run.metrics.get("max_time"), config.trainer.max_time
    if ended_by is not None and minutes is not None and minutes <= ended_by:
        raise ConfigError(
            f"{folder}: this run is finished, trainer.max_time={minutes:g} ended it after {epochs} "
            f"epochs; to train on, add trainer.max_time={2 * minutes:g} or so"
        )
    if config.trainer.max_epochs <= epochs:
        raise ConfigError(
            f"{folder}: this run is finished after {epochs} epochs; to train on, add "
            f"trainer.max_epochs={2 * epochs} or so"
        )


@contextmanager
def _put_back_if_refused(folder: Path) -> Iterator[None]:
    """Restores a finished run if resuming it turns out to be a mistake."""
    finished = is_first_process() and (folder / RECORD).is_file() and state_of(folder) == "done"
    before = {name: (folder / name).read_text() for name in (CONFIG, RECORD)} if finished else {}
    try:
        yield
    except CrackSegError:
        for name, text in before.items():
            write_text(folder / name, text)
        raise


@contextmanager
def _standing_alone(folder: Path, overrides: Sequence[str]) -> Iterator[None]:
    """Separates this job from other jobs of the same process.

    Lightning starts the other processes of a distributed run with the command line of this one,
    and leaves variables in the environment.
    """
    arguments, environment = sys.argv[1:], dict(os.environ)
    resume = [hydra_override("resume", folder / LAST)] if (folder / LAST).is_file() else []
    sys.argv[1:] = [*flags(arguments), *overrides, *resume]
    config = cast(DictConfig, HydraConfig.instance().cfg)
    with read_write(config.hydra):
        config.hydra.run.dir = str(folder)
    try:
        yield
    finally:
        sys.argv[1:] = arguments
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _threads_of_one(jobs: int) -> int:
    """Number of threads for each of several parallel jobs."""
    return max(usable_cores() // jobs, 1)


def _objective(folder: Path, name: str) -> float:
    value = read_run(folder).figure(name)
    return math.nan if value is None else value
