"""Says in a file how a training goes, for whoever watches it from elsewhere."""

import logging
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from crackseg.errors import OutputError
from crackseg.runs.status import Status, write_status
from crackseg.training.schedules import TimeLimit, planned_epochs
from crackseg.training.watching.progress import ProgressLine

log = logging.getLogger(__name__)

# Seconds between two writings within an epoch.
_PAUSE = 5.0


class StatusFile(Callback):
    """Writes ``status.json``, after every epoch and every few seconds.

    Args:
        folder: Folder of the run.
        progress: What follows the figures and the time; its turn is before this one's.
        limit: Limit of time that plans fewer epochs; None without one.
    """

    def __init__(
        self, folder: Path, progress: ProgressLine, limit: TimeLimit | None = None
    ) -> None:
        self._folder, self._progress, self._limit = folder, progress, limit
        self._written = 0.0
        self._refused = False

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says that it begins."""
        self._write(trainer, "training")

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Says within an epoch that it goes on."""
        share = (batch_idx + 1) / int(trainer.num_training_batches)
        self._write_now_and_then(trainer, "training", share)

    def on_validation_batch_end(self, trainer: Trainer, *rest: Any, **named: Any) -> None:
        """Says that it goes on; a sweep of thresholds afterwards is validation too."""
        self._write_now_and_then(trainer, "validation", share=1.0)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says the figure of the epoch."""
        if trainer.state.fn == TrainerFn.FITTING:
            self._write(trainer, "training", whole=True)

    def on_test_batch_end(self, trainer: Trainer, *rest: Any, **named: Any) -> None:
        """Says that it goes on."""
        self._write_now_and_then(trainer, "test")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says that all epochs are done."""
        self._write(trainer, "end")

    def _write_now_and_then(self, trainer: Trainer, stage: str, share: float = 0.0) -> None:
        if time.perf_counter() - self._written >= _PAUSE:
            self._write(trainer, stage, share)

    def _write(self, trainer: Trainer, stage: str, share: float = 0.0, whole: bool = False) -> None:
        """Writes it, with the share of the present epoch that is done, or that it is whole."""
        if not trainer.is_global_zero:
            return
        self._written = time.perf_counter()
        try:
            write_status(self._status(trainer, stage, share, whole), self._folder)
        except OutputError as error:
            # Nobody's training should end because nobody can watch it.
            if not self._refused:
                log.warning("%s; the training goes on, and cannot be watched", error)
            self._refused = True

    def _status(self, trainer: Trainer, stage: str, share: float, whole: bool) -> Status:
        planned = planned_epochs(trainer, self._limit)
        fitting = trainer.state.fn == TrainerFn.FITTING
        epochs = trainer.current_epoch + whole
        return Status(
            stage=stage,
            epochs_done=epochs,
            epochs=planned,
            last=self._progress.last,
            best=self._progress.best,
            seconds_left=self._progress.seconds_left(epochs + share, planned) if fitting else None,
            changed=datetime.now(UTC),
            host=socket.gethostname(),
            pid=os.getpid(),
        )
