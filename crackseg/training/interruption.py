"""Ctrl-C and SIGTERM end a training after the step that it is in."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lightning import Callback, Trainer

from crackseg.system.exits import SIGNALS, Interrupted
from crackseg.system.output import say
from crackseg.system.processes import is_first_process


class StopBetweenBatches(Callback):
    """Ends what a Trainer does before its next batch, once a signal has come to any process.

    The processes of a distributed run ask each other before every batch, so that all of them stop
    at the same one; a process that stopped alone would leave the others waiting for it.

    Args:
        came: Signals that came, as :func:`graceful_signals` gives them.
    """

    def __init__(self, came: list[int]) -> None:
        self._came = came

    def on_train_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Stops before a step."""
        self._stop(trainer)

    def on_validation_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Stops before a batch of the validation."""
        self._stop(trainer)

    def on_test_batch_start(self, trainer: Trainer, *arguments: Any) -> None:
        """Stops before a batch of the test."""
        self._stop(trainer)

    def _stop(self, trainer: Trainer) -> None:
        if trainer.strategy.reduce_boolean_decision(bool(self._came), all=False):
            raise Interrupted(self._came[0] if self._came else signal.SIGTERM)


def keep_lightning_from_signals(trainer: Trainer) -> None:
    """Leaves SIGTERM to :func:`graceful_signals` alone.

    Lightning's handler sends a message to the other processes from within the handler, whatever
    the interrupted code was just sending, and both may then wait forever. On a SLURM cluster it
    would also put the job into the queue again and go on from a checkpoint of its own.
    """
    trainer._signal_connector.register_signal_handlers = _nothing  # type: ignore[method-assign]


@contextmanager
def graceful_signals() -> Iterator[list[int]]:
    """Notes Ctrl-C and SIGTERM for :class:`StopBetweenBatches` instead of ending the process.

    A second signal of the same kind ends the work wherever it stands, and a third one, should the
    second not get through, the process. Of a distributed run the first process alone listens to
    Ctrl-C, which a terminal sends to all.

    Yields:
        The signals that came, first come first.

    Raises:
        Interrupted: A signal came, and nothing inside has ended by it.
    """
    came: list[int] = []
    owner = os.getpid()

    def note(number: int, frame: Any) -> None:
        # A forked child leaves signals to its parent until it has a handler of its own.
        if os.getpid() != owner:
            return
        if number in came:
            signal.signal(number, signal.SIG_DFL)
            raise Interrupted(number)
        came.append(number)
        say("stopping after this step; the same signal again stops at once")

    handlers: dict[int, Any] = dict.fromkeys(SIGNALS, note) if _listens() else {}
    if handlers and not is_first_process():
        handlers[signal.SIGINT] = signal.SIG_IGN
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield came
        if came:
            raise Interrupted(came[0])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listens() -> bool:
    """Whether this thread can handle signals; Python allows it only in the first one."""
    return threading.current_thread() is threading.main_thread()


def _nothing() -> None:
    """Registers no handler."""
