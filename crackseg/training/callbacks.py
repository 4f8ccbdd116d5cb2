"""Callbacks of every training."""

from pathlib import Path

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping

from crackseg.config.schema import CallbacksConfig
from crackseg.metrics.scores import monitor_mode
from crackseg.training.averaging import RunningAverage
from crackseg.training.checkpointing import best_epoch, last_epoch
from crackseg.training.schedules import Schedule, TimeLimit
from crackseg.training.watching.pictures import Pictures
from crackseg.training.watching.progress import ProgressLine
from crackseg.training.watching.status import StatusFile


def build_callbacks(
    config: CallbacksConfig, folder: Path, limit: TimeLimit | None = None
) -> list[Callback]:
    """Makes the callbacks of a training.

    Args:
        config: Settings under ``callbacks``.
        folder: Folder of ``best.ckpt``, ``last.ckpt`` and ``status.json``.
        limit: Limit of time; None without one.
    """
    mode = monitor_mode(config.monitor)
    progress = ProgressLine(limit)
    return [
        *([] if limit is None else [limit]),
        Schedule(limit),
        best_epoch(str(folder), config.monitor),
        last_epoch(str(folder)),
        Patience(config.monitor, mode=mode, patience=config.patience, check_finite=False),
        progress,
        StatusFile(folder, progress, limit),
        Pictures(config.pictures_every, config.pictures),
        *_averages(config),
    ]


def _averages(config: CallbacksConfig) -> list[Callback]:
    if config.average is None:
        return []
    return [RunningAverage(config.average, config.first_share or 0.0)]


class Patience(EarlyStopping):
    """Stops a training that makes no progress; it stays stopped when it is resumed."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops a resumed training that had stopped, which Lightning does not remember."""
        trainer.should_stop = bool(self.stopped_epoch)
