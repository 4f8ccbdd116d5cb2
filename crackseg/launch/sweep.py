"""Checks all settings of a sweep before its first job, and prints its table after the last."""

import hashlib
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from crackseg.config.machine import OF_THE_MACHINE, check_machine
from crackseg.config.overrides import how_to_go_on, key_of
from crackseg.config.schema import TrainConfig, read_config
from crackseg.config.validation import check_networks_named, check_train_config
from crackseg.errors import ConfigError
from crackseg.launch.entrypoint import exit_on_user_error, to_dataclass
from crackseg.launch.resume import differences_in
from crackseg.runs.reader import read_jobs
from crackseg.runs.record import CONFIG, LAST, PLAN, read_record, state_of
from crackseg.system.exits import work_begins
from crackseg.system.files import require_writable
from crackseg.system.output import say
from crackseg.system.processes import usable_cores

_LONGEST = 200
# Seconds that parallel jobs have to end after a signal.
_GRACE = 8.0
# Errors by which joblib, submitit and Ray say that a job's process did not end by itself.
_OF_KILLED_JOBS = (
    "TerminatedWorkerError",
    "BrokenProcessPool",
    "UncompletedJobError",
    "FailedJobError",
    "WorkerCrashedError",
    "OutOfMemoryError",
)
# Settings that may change when a sweep is resumed, for example on another machine.
_CHANGEABLE = (*OF_THE_MACHINE, "runtime", "sweep")


def safe_name(name: str) -> str:
    """Turns a job's overrides into the name of one folder on any file system.

    >>> safe_name("callbacks.monitor=val/loss,optimizer.lr=0.001")
    'callbacks.monitor=val-loss,optimizer.lr=0.001'
    """
    safe = re.sub(r"[^\w.,=+\[\]{}()@~-]+", "-", name).strip(". ") or "default"
    if len(safe.encode()) <= _LONGEST:
        return safe
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{safe.encode()[:_LONGEST].decode(errors='ignore')}-{digest}"


# conf/train.yaml names the folders of jobs with it. It is known as soon as Hydra has made the
# callback below, which it also does in the processes of parallel jobs.
OmegaConf.register_new_resolver("safe_name", safe_name, replace=True)


class Sweep(Callback):
    """Callback that Hydra calls at the start and at the end of a sweep.

    Attributes:
        under_way: Settings of the sweep that this process has begun; None before.
    """

    under_way: ClassVar[DictConfig | None] = None

    def on_multirun_start(self, config: DictConfig, config_name: str = "", **named: Any) -> None:
        """Refuses a sweep with a fault in any job, and names jobs by what they vary."""
        with exit_on_user_error():
            loader = GlobalHydra.instance().config_loader()
            parser = OverridesParser.create(config_loader=loader)
            overrides = parser.parse_overrides(list(config.hydra.overrides.task))
            swept = {given.key_or_group for given in overrides if given.is_sweep_override()}
            keys = [given.key_or_group for given in overrides]
            fixed = [key for key in dict.fromkeys(keys) if key not in swept]
            jobs = _jobs(overrides)
            _check(jobs, fixed, Path(config.hydra.sweep.dir), config_name)
            require_writable(Path(config.hydra.sweep.dir))
            added = [f"hydra.job.config.override_dirname.exclude_keys=[{','.join(fixed)}]"]
            if jobs and "n_jobs" in config.hydra.launcher:
                added.append(f"hydra.launcher.n_jobs={_at_a_time(config, len(jobs))}")
            with read_write(config), open_dict(config):
                config.hydra.overrides.hydra.extend(added)
        Sweep.under_way = config
        # A job in this process begins and ends by itself.
        if not config.hydra.launcher._target_.endswith(".BasicLauncher"):
            work_begins(partial(_interrupt_jobs, Path(config.hydra.sweep.dir)))

    def on_multirun_end(self, config: DictConfig, **named: Any) -> None:
        """Prints the table, and sets the exit code by whether jobs failed."""
        work_begins()
        _end(config)


def _end(config: DictConfig) -> None:
    """Prints the table, and exits if jobs are not done."""
    from crackseg.reporting.terminal.sweeps import print_sweep, write_sweep_tables

    folder = Path(config.hydra.sweep.dir)
    runs = write_sweep_tables(folder, config.sweep.objective)
    print_sweep(folder, runs, config.sweep.objective)
    unfinished = [read_record(run.folder) for run in runs if run.state != "done"]
    if unfinished:
        sys.exit(2 if all(record["mistake"] for record in unfinished) else 1)


def _jobs(overrides: Sequence[Override]) -> list[list[str]]:
    """The overrides of each job; empty if another sweeper draws values during the sweep.

    Raises:
        ConfigError: There would be no job at all.
    """
    if any(given.is_sweep_override() and not given.is_discrete_sweep() for given in overrides):
        return []
    (jobs,) = BasicSweeper.split_arguments(list(overrides), None)
    if not jobs:
        given = " ".join(str(override.input_line) for override in overrides)
        raise ConfigError(f"{given}: this makes no job; a glob sees the files of one folder alone")
    return jobs


def _check(jobs: list[list[str]], fixed: list[str], sweep: Path, config_name: str) -> None:
    named: dict[str, list[str]] = {}
    for job in jobs:
        config = to_dataclass(compose(config_name, overrides=job))
        name = safe_name(",".join(sorted(one for one in job if key_of(one) not in fixed)))
        if name in named:
            raise ConfigError(
                f"{' '.join(named[name])} and {' '.join(job)}: both would be written to {name}"
            )
        named[name] = job
        try:
            check_train_config(config)
            check_machine(config.trainer)
            if not (sweep / name / LAST).is_file():
                check_networks_named(config)
            _refuse_other_settings(config, sweep / name)
        except ConfigError as error:
            raise ConfigError(f"{error}\n(in the job {' '.join(job)})") from error


def _refuse_other_settings(config: TrainConfig, folder: Path) -> None:
    others = differences_in(folder, config, _CHANGEABLE)
    # A job may have been resumed for more epochs on its own.
    if others and state_of(folder) == "done":
        epochs = read_config(folder / CONFIG).trainer.max_epochs
        if epochs > config.trainer.max_epochs:
            others = differences_in(folder, config, (*_CHANGEABLE, "trainer.max_epochs"))
    if others:
        raise ConfigError(
            f"{folder} holds a run with other settings, and nothing of it is overwritten; choose "
            "another hydra.sweep.dir\n" + "\n".join(others)
        )


@contextmanager
def killed_jobs_in_words() -> Iterator[None]:
    """Ends a sweep of which a job's process was killed as one of which a job failed.

    A launcher that starts processes raises an error then, and Hydra calls no callback.
    """
    try:
        yield
    except Exception as error:
        config = Sweep.under_way
        if type(error).__name__ not in _OF_KILLED_JOBS or config is None:
            raise
        folder = Path(config.hydra.sweep.dir)
        others = "; jobs that are running go on by themselves" if _running(folder) else ""
        say(
            f"a process of this sweep was killed, perhaps for its memory{others}; once all have "
            f"ended, {how_to_go_on('train.py -m', 'sweep.resume', folder)}"
        )
        _end(config)
        # A job that died at its very start has left no record, and still the sweep is not done.
        sys.exit(1)


def _interrupt_jobs(sweep: Path, number: int) -> str:
    """Lets jobs in processes of their own on this machine end as they would alone.

    Returns:
        How to go on.
    """
    # joblib would kill them, and submitit would let them go on alone.
    running = _running(sweep)
    here = [record for record in running if record["machine"]["host"] == socket.gethostname()]
    for record in here:
        with suppress(OSError):
            os.kill(record["pid"], signal.SIGTERM)
    until = time.monotonic() + _GRACE
    while len(_running(sweep)) > len(running) - len(here) and time.monotonic() < until:
        time.sleep(0.2)
    elsewhere = {record["machine"]["host"] for record in running if record not in here}
    if elsewhere:
        say(f"jobs go on on {', '.join(sorted(elsewhere))}: end them as that machine ends its jobs")
    begun = (sweep / PLAN).is_file()
    return how_to_go_on("train.py -m", "sweep.resume", sweep) if begun else ""


def _running(sweep: Path) -> list[dict[str, Any]]:
    """Records of the jobs that are running."""
    return [read_record(run.folder) for run in read_jobs(sweep) if run.state == "running"]


def _at_a_time(config: DictConfig, jobs: int) -> int:
    """Number of parallel jobs; -1 means one on each core for joblib."""
    wanted = int(config.hydra.launcher.n_jobs)
    return min(wanted if wanted > 0 else usable_cores(), jobs)
