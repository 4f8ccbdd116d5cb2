"""Shows in the terminal, or in a log, how a training goes."""

import logging
import time
from typing import Any

from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from crackseg.system.console import Terminal
from crackseg.training.schedules import TimeLimit, planned_epochs

log = logging.getLogger(__name__)

_SHOWN = "val/best_crack_iou"


class ProgressLine(Callback):
    """Shows a bar over the whole training with the time left, or in a log a line for each epoch.

    Args:
        limit: Limit of time that plans fewer epochs; None without one.

    Attributes:
        last: Figure of the last epoch; None before the first.
        best: Best figure so far.
    """

    def __init__(self, limit: TimeLimit | None = None) -> None:
        self._limit = limit
        self._console = Terminal(stderr=True)
        self._progress: Progress | None = None
        self._started = 0.0
        self._first = 0
        self.last: float | None = None
        self.best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """The best figure, with which a resumed run is compared."""
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best figure."""
        best = state_dict["best"]
        self.best = None if best is None else float(best)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the bar."""
        self._started = time.perf_counter()
        # The bar of a resumed training starts in its middle.
        self._first = trainer.current_epoch
        batches = int(trainer.num_training_batches)
        planned = planned_epochs(trainer, self._limit)
        self._start(trainer, "Training", batches * planned, batches * self._first)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Moves the bar."""
        planned = planned_epochs(trainer, self._limit)
        standing = f"epoch {trainer.current_epoch + 1}/{planned} {self._standing()}"
        self._advance(standing, int(trainer.num_training_batches) * planned)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the best figure; in a log, writes the epoch's line."""
        value = trainer.callback_metrics.get(_SHOWN)
        if trainer.state.fn != TrainerFn.FITTING or value is None:
            return
        self.last = float(value)
        self.best = max(self.best or 0.0, self.last)
        if not self._console.is_terminal:
            self._write_line(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the bar."""
        self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Ends the bar, so that the message is on a line of its own."""
        self._stop()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts a bar over the test."""
        self._start(trainer, "Testing", sum(int(n) for n in trainer.num_test_batches))

    def on_test_batch_end(self, *arguments: Any, **named: Any) -> None:
        """Moves the test's bar."""
        self._advance("")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the test's bar."""
        self._stop()

    def seconds_left(self, done: float, planned: int) -> float | None:
        """Seconds until an epoch is done, at most; None before anything was.

        Args:
            done: Epochs that are done, and the share of the present one.
            planned: Number of epochs until then.
        """
        if done <= self._first:
            return None
        spent = time.perf_counter() - self._started
        left = spent / (done - self._first) * max(planned - done, 0)
        # Nothing may be planned yet when the first epoch ends.
        return left if self._limit is None else min(left, self._limit.seconds_left)

    def _standing(self) -> str:
        if self.best is None or self.last is None:
            return ""
        return f"{_SHOWN} {self.last:.4f} (best {self.best:.4f})"

    def _write_line(self, trainer: Trainer) -> None:
        done, planned = trainer.current_epoch + 1, planned_epochs(trainer, self._limit)
        log.info(
            "epoch %d/%d %s, %.0f s so far, at most %.0f s to go",
            done,
            planned,
            self._standing(),
            time.perf_counter() - self._started,
            self.seconds_left(done, planned),
        )

    def _start(self, trainer: Trainer, what: str, total: int, done: int = 0) -> None:
        if not self._console.is_terminal or not trainer.is_global_zero:
            return
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[standing]}"),
            console=self._console,
        )
        self._progress.start()
        self._progress.add_task(what, total=total, completed=done, standing="")

    def _advance(self, standing: str, total: int | None = None) -> None:
        """Moves the bar; a training may plan anew how long it is."""
        if self._progress is not None:
            task = self._progress.task_ids[0]
            self._progress.update(task, total=total, advance=1, standing=standing)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
