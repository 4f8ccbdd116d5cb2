"""One Hydra job: a run, a resumed run, or one of a sweep, with its record."""

import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, read_write

from crackseg.checks import check_train_config
from crackseg.config import TrainConfig, read_config, write_config
from crackseg.errors import ConfigError, CrackSegError
from crackseg.interruption import Interrupted
from crackseg.processes import is_first_process, usable_cores
from crackseg.record import CONFIG, recording, state_of
from crackseg.reporting.runs import read_run
from crackseg.reporting.sweeps import write_sweep_tables
from crackseg.runtime import start_logging
from crackseg.saving import LAST
from crackseg.shell import program, typed
from crackseg.workflows.protocol import absolute
from crackseg.workflows.resume import differences, resumed_config
from crackseg.workflows.train import train

log = logging.getLogger(__name__)

# What may be different when a sweep goes on, on another machine say.
OF_THE_MACHINE = (
    "trainer.devices",
    "trainer.accelerator",
    "logger",
    "runtime",
    "sweep",
    "data.num_workers",
)


def perform(config: TrainConfig) -> float:
    """Does what Hydra's present job asks for.

    Returns:
        The objective; not a number for a job of a sweep that failed.

    Raises:
        CrackSegError: a user's mistake; in a sweep it is only recorded.
        Interrupted: a signal asked the training to end.
    """
    job = HydraConfig.get()
    folder, overrides = Path(job.runtime.output_dir), list(job.overrides.task)
    start_logging(folder / "train.log")
    if job.mode != RunMode.MULTIRUN:
        return _single(config, folder, overrides)
    return _job_of_sweep(config, folder, overrides)


def _single(config: TrainConfig, folder: Path, overrides: Sequence[str]) -> float:
    checkpoint = None
    if config.resume is not None:
        checkpoint = Path(config.resume)
        config = resumed_config(folder, config, overrides)
        _refuse_finished(config, folder)
    try:
        return _recorded(config, folder, overrides, checkpoint)
    except Interrupted:
        if (folder / LAST).is_file():
            _say_how_to_go_on(typed("resume", folder))
        raise


def _job_of_sweep(config: TrainConfig, folder: Path, overrides: Sequence[str]) -> float:
    """Begins a job, goes on with it, or keeps it where it is done already."""
    job = HydraConfig.get()
    log.info("job %d: %s", job.job.num + 1, folder.name)
    if (folder / CONFIG).is_file():
        _refuse_other_settings(config, folder)
        if state_of(folder) == "done":
            log.info("done already, kept")
            return _objective(folder, config.sweep.objective)
    checkpoint = folder / LAST if (folder / LAST).is_file() else None
    _stand_alone(folder, overrides)
    if config.runtime.threads is None and "n_jobs" in job.launcher:
        config.runtime.threads = _threads_of_one(job.launcher.n_jobs)
    fixed = job.job.config.override_dirname.exclude_keys
    keys = [override.partition("=")[0].lstrip("+~") for override in overrides]
    varied = [key for key in keys if key not in fixed]
    try:
        return _recorded(config, folder, overrides, checkpoint, varied)
    except CrackSegError as error:
        log.error("this job failed, the sweep goes on: %s", error)
    except Exception:
        log.exception("this job failed, the sweep goes on")
    except Interrupted:
        _say_how_to_go_on(f"-m {typed('sweep.resume', Path(job.sweep.dir))}")
        raise
    finally:
        write_sweep_tables(Path(job.sweep.dir), config.sweep.objective)
    return math.nan


def _recorded(
    config: TrainConfig,
    folder: Path,
    overrides: Sequence[str],
    checkpoint: Path | None,
    varied: Sequence[str] = (),
) -> float:
    check_train_config(config)
    with recording(folder, overrides, varied):
        if is_first_process():
            write_config(absolute(config), folder / CONFIG)
        result = train(config, folder, checkpoint)
    return result.objective(config.sweep.objective)


def _refuse_finished(config: TrainConfig, folder: Path) -> None:
    run = read_run(folder)
    if run.state != "done" or run.metrics is None:
        return
    epochs = run.metrics["epochs"]
    if run.metrics["stopped_early"]:
        raise ConfigError(
            f"{folder}: this run is finished, it made no progress any more and stopped after "
            f"{epochs} epochs; begin a new one, with a larger callbacks.patience perhaps"
        )
    if config.trainer.max_epochs <= epochs:
        raise ConfigError(
            f"{folder}: this run is finished after {epochs} epochs; to train on, add "
            f"trainer.max_epochs={2 * epochs} or so"
        )


def _refuse_other_settings(config: TrainConfig, folder: Path) -> None:
    others = differences(read_config(folder / CONFIG), absolute(config), ignored=OF_THE_MACHINE)
    if others:
        raise ConfigError(
            f"{folder} holds a run with other settings, and nothing of it is overwritten; choose "
            "another hydra.sweep.dir\n" + "\n".join(others)
        )


def _stand_alone(folder: Path, overrides: Sequence[str]) -> None:
    """Makes the command line that of this job alone.

    Lightning starts the other processes of a distributed run with it, and in a sweep each of them
    would begin the whole sweep again.
    """
    resume = [typed("resume", folder / LAST)] if (folder / LAST).is_file() else []
    sys.argv[1:] = [*overrides, *resume]
    config = cast(DictConfig, HydraConfig.instance().cfg)
    with read_write(config.hydra):
        config.hydra.run.dir = str(folder)


def _threads_of_one(jobs: int) -> int:
    """Threads for each of several jobs at a time; -1 is joblib's word for one on each core."""
    cores = usable_cores()
    return max(cores // (jobs if jobs > 0 else cores), 1)


def _objective(folder: Path, name: str) -> float:
    value = read_run(folder).figure(name)
    assert value is not None
    return value


def _say_how_to_go_on(setting: str) -> None:
    log.warning("interrupted; go on with: %s train.py %s", program("python"), setting)
