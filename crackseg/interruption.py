"""Ctrl-C and SIGTERM end a training after the step that it is in."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

log = logging.getLogger(__name__)


class Interrupted(SystemExit):
    """A training that was asked to end, as a process ends by that signal: code 128 + signal.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)


@contextmanager
def graceful_signals() -> Iterator[list[int]]:
    """Lets Lightning end a training on Ctrl-C as it does on SIGTERM: between two steps.

    A second signal of the same kind does what it always does, and ends the process at once.

    Yields:
        The signals that came, first come first.
    """
    came: list[int] = []

    def note(number: int, frame: Any) -> None:
        if not came:
            log.warning("stopping after this step; again to stop at once")
        came.append(number)
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
            # Lightning's own handler, which tells all processes of a distributed run.
            os.kill(os.getpid(), signal.SIGTERM)
        elif signal.SIGTERM in came[:-1]:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    if threading.current_thread() is not threading.main_thread():
        # Python lets no other thread handle signals.
        yield came
        return
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
