"""A sweep as a whole: all its settings checked before the first job, its table after the last."""

import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from crackseg.checks import check_train_config
from crackseg.errors import ConfigError
from crackseg.workflows.door import settings, user_errors

_LONGEST = 200


def safe_name(name: str) -> str:
    """A job's overrides as the name of one folder on any file system.

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
    """Hydra calls it at the beginning and at the end of a sweep."""

    def on_multirun_start(self, config: DictConfig, config_name: str = "", **named: Any) -> None:
        """Refuses a sweep with a fault in any job, and lets jobs be named by what they vary."""
        with user_errors():
            overrides = OverridesParser.create().parse_overrides(list(config.hydra.overrides.task))
            _check_jobs(overrides, config_name)
            fixed = [given.key_or_group for given in overrides if not given.is_sweep_override()]
            with read_write(config), open_dict(config):
                config.hydra.overrides.hydra.append(
                    f"hydra.job.config.override_dirname.exclude_keys=[{','.join(fixed)}]"
                )

    def on_multirun_end(self, config: DictConfig, **named: Any) -> None:
        """Prints the table; the exit code says whether jobs failed."""
        from crackseg.record import read_record
        from crackseg.reporting.sweeps import print_sweep, write_sweep_tables

        folder = Path(config.hydra.sweep.dir)
        runs = write_sweep_tables(folder, config.sweep.objective)
        print_sweep(folder, runs, config.sweep.objective)
        failed = [read_record(run.folder) for run in runs if run.state == "failed"]
        if failed:
            sys.exit(2 if all(record["mistake"] for record in failed) else 1)


def _check_jobs(overrides: Sequence[Override], config_name: str) -> None:
    if any(given.is_sweep_override() and not given.is_discrete_sweep() for given in overrides):
        # Another sweeper than Hydra's own draws these values as it goes.
        return
    (jobs,) = BasicSweeper.split_arguments(list(overrides), None)
    if not jobs:
        given = " ".join(str(override.input_line) for override in overrides)
        raise ConfigError(
            f"{given}: this makes no job; a glob matches only files of its own folder"
        )
    for job in jobs:
        config = settings(compose(config_name, overrides=job))
        try:
            check_train_config(config)
        except ConfigError as error:
            raise ConfigError(f"{error}\n(in the job {' '.join(job)})") from error
