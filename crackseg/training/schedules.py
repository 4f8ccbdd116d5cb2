"""The learning rate of every step, and the time that a training may take."""

import logging
import math
import time
from typing import Any

from lightning import Callback, LightningModule, Trainer

from crackseg.checkpoint import CheckpointParameters
from crackseg.training.segmenter import CrackSegmenter

log = logging.getLogger(__name__)

# Where one_cycle begins, as a share of the highest rate; the value of its paper's examples.
_FIRST = 1 / 25
# A plan leaves this share of the time free, so that a slower epoch does not cut off its last one.
_SPARE = 0.05
# Of the first epoch, too few to tell how long a batch takes: the first ones wait for workers.
_TOO_FEW = 16


def rate_factor(name: str, step: int, steps: int, warmup: int, floor: float) -> float | None:
    """The learning rate of a step, as a share of the highest one.

    Args:
        name: Name of the schedule.
        step: Number of steps before this one.
        steps: Number of steps of the whole training.
        warmup: Number of steps in which the rate rises.
        floor: Share that the rate comes down to at the end.

    Returns:
        The share; None where the schedule leaves the rate as it is.

    References:
        Loshchilov, Hutter: SGDR, ICLR 2017, equation 5, without restarts (``cosine``).
        Smith, Topin: Super-Convergence, 2018, with cosines in place of lines and without a cycle of
        the momentum (``one_cycle``).
    """
    if step < warmup:
        rise = (step + 1) / warmup
        return _eased(_FIRST, 1, rise) if name == "one_cycle" else rise
    if name == "plateau":
        return None
    return _eased(1, floor, (step - warmup) / (steps - warmup))


def _eased(start: float, end: float, progress: float) -> float:
    """A value on half a wave of a cosine between two others."""
    return end + (start - end) * (1 + math.cos(math.pi * progress)) / 2


class TimeLimit(Callback):
    """Ends a training after its last epoch that is likely to end in time.

    An epoch is expected to take as long as those so far did in the mean, validation included. The
    first epoch of a training is always made. Within it, as nothing is known of its validation, the
    expected length follows from the batches so far, anew whenever their number has doubled.

    Args:
        minutes: Minutes that the training may take, those of its earlier parts included.

    Attributes:
        epochs: Number of epochs that are planned: those that there is time for, with some to spare,
            and at least the present one; None before anything was measured.
        ended: Whether the training ended for lack of time.
    """

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self.epochs: int | None = None
        self.ended = False
        self._before = 0.0
        self._since: float | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock; a resumed training that had ended stays ended."""
        self._since = time.perf_counter()
        self._end_in_time(trainer, trainer.current_epoch)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Plans within the first epoch."""
        done = batch_idx + 1
        if trainer.current_epoch == 0 and done >= _TOO_FEW and done.bit_count() == 1:
            self._plan(trainer, done / int(trainer.num_training_batches))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the training if another epoch would take too long."""
        self._end_in_time(trainer, trainer.current_epoch + 1)

    def state_dict(self) -> dict[str, Any]:
        """Seconds so far, to which a resumed run adds."""
        return {"seconds": self._seconds()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores them."""
        self._before = float(state_dict["seconds"])

    @property
    def seconds_left(self) -> float:
        """Seconds that the training may still take."""
        return max(60 * self.minutes - self._seconds(), 0.0)

    def _end_in_time(self, trainer: Trainer, done: int) -> None:
        # Of nothing, nothing is known yet.
        if not done or done < self._plan(trainer, done) or trainer.should_stop:
            return
        if done < (trainer.max_epochs or 0):
            self.ended = trainer.should_stop = True
            log.info(
                "training ends after epoch %d: trainer.max_time=%g minutes leaves no room for "
                "another one",
                done,
                self.minutes,
            )

    def _plan(self, trainer: Trainer, done: float) -> int:
        """Plans after so many epochs, and gives the number of those that there is time for."""
        # All processes go by the clock of the first one, or they would part.
        fitting = 60 * self.minutes * done / trainer.strategy.broadcast(self._seconds())
        self.epochs = max(int((1 - _SPARE) * fitting), int(done) + 1)
        return int(fitting)

    def _seconds(self) -> float:
        passed = 0.0 if self._since is None else time.perf_counter() - self._since
        return self._before + passed


def planned_epochs(trainer: Trainer, limit: TimeLimit | None) -> int:
    """Number of epochs of a training, or of those that its bound in time leaves room for."""
    epochs = trainer.max_epochs or 0
    return epochs if limit is None else min(epochs, limit.epochs or epochs)


class Schedule(Callback):
    """Sets the learning rate before every step, as far as it does not follow a monitor.

    A rate depends only on its place in the training, so that there is nothing to restore. Where
    time bounds the training, its length is what the epochs so far let expect.

    Args:
        limit: Bound of the training in time; None where there is none.
    """

    def __init__(self, limit: TimeLimit | None = None) -> None:
        self._limit = limit

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Sets the rate."""
        assert isinstance(pl_module, CrackSegmenter)
        factor = self._factor(trainer, pl_module.settings, batch_idx)
        if factor is None:
            return
        for group, first in zip(trainer.optimizers[0].param_groups, pl_module.rates, strict=True):
            group["lr"] = first * factor

    def _factor(self, trainer: Trainer, settings: CheckpointParameters, batch: int) -> float | None:
        scheduler, batches = settings.scheduler, int(trainer.num_training_batches)
        limit = None if scheduler.name == "plateau" else self._limit
        epochs = planned_epochs(trainer, limit)
        return rate_factor(
            scheduler.name,
            trainer.current_epoch * batches + batch,
            epochs * batches,
            round(scheduler.warmup_epochs(epochs) * batches),
            scheduler.min_lr / settings.optimizer.lr,
        )
