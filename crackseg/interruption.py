"""Ctrl-C and SIGTERM end a training after the step that it is in."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.utilities.exceptions import SIGTERMException

from crackseg.processes import is_first_process

log = logging.getLogger(__name__)


class Interrupted(SystemExit):
    """A training that was asked to end, as a process ends by that signal: code 128 + signal.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number

    def __reduce__(self) -> tuple[type["Interrupted"], tuple[int]]:
        """Parallel jobs of a sweep send it to the sweep's own process."""
        return type(self), (self.number,)


class StopBetweenBatches(Callback):
    """Ends what a Trainer does before its next batch, once a signal has come.

    Lightning itself does so for signals that come while a training runs; not for one that comes
    while it is set up, or in the last batch of an evaluation.

    Args:
        came: the signals, as :func:`graceful_signals` gives them.
    """

    def __init__(self, came: list[int]) -> None:
        self._came = came

    def on_train_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Before a step."""
        self._stop(trainer)

    def on_validation_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Before a batch of the validation."""
        self._stop(trainer)

    def on_test_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Before a batch of the test."""
        self._stop(trainer)

    def _stop(self, trainer: Trainer) -> None:
        # Several processes have to stop at the same step, which Lightning sees to.
        if self._came and trainer.world_size == 1:
            raise SIGTERMException


@contextmanager
def graceful_signals() -> Iterator[list[int]]:
    """Lets a training end on Ctrl-C as Lightning ends it on SIGTERM: between two steps.

    A second signal of the same kind does what it always does, and ends the process at once. Of a
    distributed run the first process alone listens, and tells the others.

    Yields:
        The signals that came, first come first.

    Raises:
        Interrupted: a signal came.
    """
    came: list[int] = []
    # Python lets no other thread than the first one handle signals.
    listens = threading.current_thread() is threading.main_thread()
    handlers = _first_process(came) if is_first_process() else _other_process(came)
    before = {number: signal.signal(number, handlers[number]) for number in handlers if listens}
    try:
        yield came
        if came:
            raise SIGTERMException
    except SIGTERMException as error:
        raise Interrupted(came[0] if came else signal.SIGTERM) from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _first_process(came: list[int]) -> dict[signal.Signals, Any]:
    def interrupt(number: int, frame: Any) -> None:
        log.warning("stopping after this step; Ctrl-C again stops at once")
        came.append(number)
        signal.signal(number, signal.default_int_handler)
        # Lightning's own handler, which tells all processes of a distributed run.
        signal.raise_signal(signal.SIGTERM)

    def terminate(number: int, frame: Any) -> None:
        if signal.SIGTERM in came:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(signal.SIGTERM)
        elif not came:
            log.warning("stopping after this step")
        came.append(number)

    return {signal.SIGINT: interrupt, signal.SIGTERM: terminate}


def _other_process(came: list[int]) -> dict[signal.Signals, Any]:
    def terminate(number: int, frame: Any) -> None:
        came.append(number)

    return {signal.SIGINT: signal.SIG_IGN, signal.SIGTERM: terminate}
