"""Ends every program in the same way: at most one line on stderr, and an exit code.

    0      done
    1      done in part: photographs skipped, failed jobs of a sweep, data that would spoil a
           training; and, with a traceback, a bug
    2      a user's mistake, or a fault of the machine: a full disk, no rights
    130    Ctrl-C
    138    SIGUSR1, which a SLURM job can ask for before its time is up (158 on macOS)
    141    the reader of the output is gone, as with ``| head``
    143    SIGTERM

From :func:`work_begins` on, a signal raises :class:`Interrupted` in the present step of the work,
so that everything is cleaned up on the way out. Before that and after the work there is nothing to
clean up, and the process ends at once.
"""

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from crackseg.errors import CrackSegError
from crackseg.system.files import reason_of
from crackseg.system.memory import is_out_of_memory
from crackseg.system.output import close_stdout, reader_is_gone, say
from crackseg.system.processes import SIGNALS, kill_children

MISTAKE = 2
_BROKEN_PIPE = 141
# Words of Python, and of OpenVINO, where no thread can be started.
_NO_THREAD = ("can't start new thread", "Resource temporarily unavailable")
# Seconds after which a signal is sent again if it came where nothing can be raised.
_AGAIN = 0.1
# Seconds that the interpreter has to end, after all of our own work.
_LAST_MOMENTS = 60


class Interrupted(SystemExit):
    """Work was ended by a signal; the exit code is 128 + signal.

    Args:
        number: Number of the signal.

    Attributes:
        said: Whether the user has had the message.
        advice: Advice for the user in the message; may be empty.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number
        self.said = False
        self.advice = ""

    def __reduce__(self) -> tuple[type["Interrupted"], tuple[int]]:
        """Lets parallel jobs of a sweep send it to the sweep's own process."""
        return type(self), (self.number,)


def end_at_once_by_signals() -> None:
    """Lets signals end this process without a traceback while nothing is at work.

    A door calls it first of all: importing torch takes seconds, and so may the interpreter's end.
    """
    _handle_signals(_end)
    # What is registered first is called last.
    atexit.register(_end_soon)


def _end(number: int, frame: FrameType | None) -> None:
    _say_interrupted(number)
    kill_children()
    os._exit(128 + number)


def _handle_signals(handle: Callable[[int, FrameType | None], None]) -> None:
    """Sets the handler of all these signals, for this process and none that it forks.

    A forked child leaves signals to its parent until it has a handler of its own.
    """
    owner = os.getpid()

    def handle_own(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            handle(number, frame)

    for number in SIGNALS:
        signal.signal(number, handle_own)


def _end_soon() -> None:
    """Ends the process soon, even if a destructor hangs; no work is left to interrupt."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "alarm"):
        signal.alarm(_LAST_MOMENTS)


def work_begins(prepare: Callable[[int], str] | None = None) -> None:
    """Lets Ctrl-C, SIGTERM and SIGUSR1 raise :class:`Interrupted` in the main thread.

    It is called inside of :func:`end_in_one_line`, after all that takes long to import.

    Args:
        prepare: Function that is called after a signal, before the exception is raised. It takes
            the signal's number and gives advice for the line that the user reads, or nothing. A
            second signal does not wait until it returns.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        if _is_importing(frame):
            _send_later(number)
            return
        interruption = Interrupted(number)
        if prepare is not None:
            _handle_signals(_interrupt_at_once)
            interruption.advice = prepare(number)
            _handle_signals(interrupt)
        raise interruption

    if _in_main_thread():
        _handle_signals(interrupt)


def _interrupt_at_once(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)


@contextmanager
def _handlers_restored() -> Iterator[None]:
    """Restores the handlers of signals, and lets none get lost where nothing can be raised."""
    if not _in_main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _send_again(sys.unraisablehook)
    of_threads, threading.excepthook = threading.excepthook, _only_bugs(threading.excepthook)
    try:
        yield
    finally:
        for number, handler in before.items():
            # None stands for a handler that no Python code has set.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        sys.unraisablehook, threading.excepthook = hook, of_threads


def _in_main_thread() -> bool:
    """Whether this is the first thread, the only one that Python lets handle signals."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def end_in_one_line(in_words: Callable[[Exception], str | None] | None = None) -> Iterator[None]:
    """Ends the process with one line if the work ends by a user's mistake or by a signal.

    Bugs pass through and keep their traceback.

    Args:
        in_words: Function that explains other mistakes, and returns None for bugs.
    """
    try:
        with _handlers_restored():
            yield
            # What is left in the buffer meets a full disk here, and not at the interpreter's end.
            if sys.stdout is not None:
                sys.stdout.flush()
    except Interrupted as error:
        if not error.said:
            _say_interrupted(error.number, error.advice)
            error.said = True
        raise
    except KeyboardInterrupt:
        _say_interrupted(signal.SIGINT)
        sys.exit(128 + signal.SIGINT)
    except Exception as error:
        if reader_is_gone(error):
            close_stdout()
            sys.exit(_BROKEN_PIPE)
        message = mistake_of(error) or (in_words(error) if in_words else None)
        if message is None:
            raise
        say(f"error: {message}")
        if isinstance(error, OSError):
            close_stdout()
        sys.exit(MISTAKE)


def mistake_of(error: Exception) -> str | None:
    """One message about a mistake of the user or a fault of the machine; None for a bug."""
    if isinstance(error, CrackSegError):
        return str(error)
    if isinstance(error, OSError):
        if isinstance(error, FileNotFoundError) and not _is_somewhere():
            return "the current folder has been removed; change into another one, and begin again"
        reason = reason_of(error)
        return reason and f"{error.filename}: {reason}" if error.filename else reason
    if isinstance(error, RuntimeError) and any(one in str(error) for one in _NO_THREAD):
        return (
            "no further thread can be started: the memory (ulimit -v) or the number of processes "
            "(ulimit -u) is not enough; raise them, or end other programs"
        )
    if is_out_of_memory(error):
        return (
            "the memory is not enough; set a smaller data.batch_size or data.image_size, or "
            "smaller photographs"
        )
    return None


def _is_somewhere() -> bool:
    """Whether the current folder exists."""
    try:
        Path.cwd()
    except OSError:
        return False
    return True


def _say_interrupted(number: int, advice: str = "") -> None:
    what = "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"
    say(f"{what}; {advice}" if advice else what)


def _send_again(hook: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A hook for exceptions where Python cannot raise them, as in a destructor."""

    def unraisable(raised: Any) -> None:
        if isinstance(raised.exc_value, Interrupted):
            _send_later(raised.exc_value.number)
        else:
            hook(raised)

    return unraisable


def _only_bugs(hook: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A hook for exceptions that end a thread; a full disk is reported by the main thread."""

    def ended(raised: Any) -> None:
        if not isinstance(raised.exc_value, Exception) or mistake_of(raised.exc_value) is None:
            hook(raised)

    return ended


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported; packages may suppress what is raised then."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _send_later(number: int) -> None:
    timer = threading.Timer(_AGAIN, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()
