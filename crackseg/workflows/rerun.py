"""Trains a run again, in the same way, and says what comes out otherwise."""

import logging
from dataclasses import asdict
from pathlib import Path

from crackseg.config.machine import OF_THE_MACHINE
from crackseg.config.overrides import flatten, shell_override
from crackseg.config.schema import TrainConfig, read_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.manifest import read_manifest
from crackseg.errors import ConfigError, DatasetError, name_some
from crackseg.runs.comparing import RunComparison, compare_runs
from crackseg.runs.reader import Run, read_run
from crackseg.runs.record import CONFIG, MANIFEST, PLAN, RECORD, read_record
from crackseg.system.logs import start_logging
from crackseg.workflows.recorded import train_recorded

log = logging.getLogger(__name__)


def rerun(folder: Path, output: Path) -> RunComparison:
    """Trains with a run's settings, seed, photographs and number of threads.

    A new run that is there already and finished, such as one that was interrupted and resumed, is
    compared as it is.

    Args:
        folder: Folder of a finished run.
        output: Folder of the new run.

    Raises:
        ConfigError: The run is not finished, or the new folder is not empty.
        DatasetError: Photographs or their division have changed since.
        CrackSegError: The training cannot work; see its children.
        Interrupted: A signal ended the training, which can be resumed like any other.
    """
    run = _finished(folder)
    if output.resolve() == folder.resolve():
        raise ConfigError(f"--output {output}: it is the run itself; name another folder")
    if output.exists() and any(output.iterdir()):
        _require_finished_again(output)
        _require_same_settings(folder, output)
        log.info("%s: trained already, compared as it is", output)
        return compare_runs(folder, output)
    config = read_config(folder / CONFIG)
    _require_same_photographs(config, folder)
    start_logging(output / "train.log")
    # As many as that run had, on whichever machine.
    threads = None if (number := run.figure("threads")) is None else int(number)
    train_recorded(config, output, read_record(folder)["overrides"], threads=threads)
    return compare_runs(folder, output)


def usual_output(folder: Path) -> Path:
    """Where a run is trained again: beside it, and beside the sweep that it is a job of.

    In the sweep's folder it would be taken for one more job.
    """
    own = folder.resolve()
    if (own.parent / PLAN).is_file():
        return own.parent.with_name(f"{own.parent.name}_{own.name}_again")
    return own.with_name(f"{own.name}_again")


def _finished(folder: Path) -> Run:
    if not (folder / RECORD).is_file():
        raise ConfigError(f"{folder}: no run is in it; crackseg runs lists those that there are")
    run = read_run(folder)
    if run.state != "done":
        raise ConfigError(
            f"{folder}: this run is {run.state}, and only finished ones can be compared; let it "
            "end first (crackseg runs says how)"
        )
    return run


def _require_finished_again(output: Path) -> None:
    if not (output / RECORD).is_file():
        raise ConfigError(f"{output}: it is not empty; name another folder with --output")
    state = read_run(output).state
    if state != "done":
        raise ConfigError(
            f"{output}: the run in it is {state}; go on with it by python train.py "
            f"{shell_override('resume', output)}, and type this command again to compare"
        )


def _require_same_settings(folder: Path, output: Path) -> None:
    before, now = (flatten(asdict(read_config(one / CONFIG))) for one in (folder, output))
    other = [
        f"{key}={now.get(key)}, there {value}"
        for key, value in before.items()
        if now.get(key) != value and not key.startswith(OF_THE_MACHINE)
    ]
    if other:
        raise ConfigError(
            f"{output}: the run in it is another one ({name_some(other)}); name another folder"
        )


def _require_same_photographs(config: TrainConfig, folder: Path) -> None:
    now = CrackDataModule(config.data, config.seed).prepared().manifest
    before = read_manifest(folder / MANIFEST)
    if now.digest == before.digest:
        return
    gone = len({row.image for row in before.rows} - {row.image for row in now.rows})
    new = len({row.image for row in now.rows} - {row.image for row in before.rows})
    raise DatasetError(
        f"{config.data.root}: these are not the photographs and subsets of {folder} any more "
        f"({gone} are gone, {new} are new, others may be in other subsets); restore them"
    )
