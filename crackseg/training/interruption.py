"""What ends a training from outside: signals, after the step that it is in, and lost processes."""

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch.distributed
from lightning import Callback, LightningModule, Trainer

from crackseg.errors import ProcessLostError
from crackseg.system.exits import Interrupted
from crackseg.system.output import say
from crackseg.system.processes import SIGNALS, is_first_process

# What gloo and NCCL say of a process that is gone.
_GONE = re.compile(
    r"connection (reset|closed) by|broken pipe|gloo/transport|NCCL (error|communicator)|"
    r"remote process (exited|has exited)|socket timeout",
    re.IGNORECASE,
)
# Seconds that the first process has to write down how a run ended.
_GRACE = 20.0


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


class TimeToEnd(Callback):
    """Lets the first process end by itself where one that Lightning started for it has ended.

    Lightning would kill it within seconds, and its record would say nothing of that. Should it
    hang, it is killed all the same, later.
    """

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Finds the thread that looks after the processes, if there is one."""
        for thread in threading.enumerate():
            if thread.name == "child-process-observer":
                _make_patient(thread)


def _make_patient(observer: Any) -> None:
    kill_all = observer._terminate_all

    def end_later() -> None:
        for process in observer._child_processes:
            process.send_signal(signal.SIGTERM)
        # No process waits for this thread: where it ends before, nothing is killed.
        threading.Event().wait(_GRACE)
        kill_all()

    observer._terminate_all = end_later


@contextmanager
def lost_processes_in_words() -> Iterator[None]:
    """Turns the error of a process that waits for one that is gone into a message.

    Raises:
        ProcessLostError: Another process of this training has ended.
    """
    try:
        yield
    except RuntimeError as error:
        if not (torch.distributed.is_initialized() and _GONE.search(str(error))):
            raise
        raise ProcessLostError(
            "another process of this training has ended, killed for its memory perhaps; resume="
            "FOLDER goes on from the last whole epoch"
        ) from error


def keep_lightning_from_signals(trainer: Trainer) -> None:
    """Leaves signals to :func:`graceful_signals` alone.

    Lightning's handler sends a message to the other processes from within the handler, whatever
    the interrupted code was just sending, and both may then wait forever. On a SLURM cluster it
    would also put the job into the queue again and go on from a checkpoint of its own.
    """
    trainer._signal_connector.register_signal_handlers = _nothing  # type: ignore[method-assign]


@contextmanager
def graceful_signals() -> Iterator[list[int]]:
    """Notes signals for :class:`StopBetweenBatches` instead of ending the process by them.

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
