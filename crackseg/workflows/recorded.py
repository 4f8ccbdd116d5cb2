"""Trains with a record in the folder of the run."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lightning import Callback

from crackseg.config.paths import absolute
from crackseg.config.schema import TrainConfig, write_config
from crackseg.runs.record import CONFIG, recording
from crackseg.system.files import said_in_words
from crackseg.system.processes import is_first_process
from crackseg.workflows.train import TrainResult, train


def train_recorded(
    config: TrainConfig,
    folder: Path,
    overrides: Sequence[str],
    checkpoint: Path | None = None,
    varied: Sequence[str] = (),
    threads: int | None = None,
    watchers: Sequence[Callback] = (),
) -> TrainResult:
    """Trains with a record, see :func:`crackseg.workflows.train.train`.

    Args:
        config: All settings.
        folder: Folder of the run.
        overrides: Settings as given on the command line.
        checkpoint: Checkpoint of this run that is resumed; None for a fresh run.
        varied: Keys among the overrides that a sweep varies.
        threads: Number of torch's threads where the settings name none: it belongs to this
            machine, and is no setting of the run.
        watchers: Further callbacks of Lightning.
    """
    with recording(folder, overrides, varied), said_in_words(folder):
        if is_first_process():
            write_config(absolute(config), folder / CONFIG)
        if config.runtime.threads is None:
            config = replace(config, runtime=replace(config.runtime, threads=threads))
        return train(config, folder, checkpoint, watchers)
