"""How a process ends, whichever door it came in by: at most one line on stderr, and a code.

    0      done
    1      done in part: photographs skipped, failed jobs of a sweep, data that would spoil a
           training; and, with a traceback, a bug
    2      a user's mistake, or a machine that does not play along: a full disk, no rights
    130    Ctrl-C
    141    nobody reads any more what is printed, as with ``| head``
    143    SIGTERM

A signal raises :class:`Interrupted` where the work stands, so that everything is tidied away on
the way out. Before the work begins and after it has ended there is nothing to tidy.
"""

import atexit
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from crackseg.errors import CrackSegError
from crackseg.system.files import reason_of
from crackseg.system.memory import is_out_of_memory
from crackseg.system.processes import is_first_process, kill_children

MISTAKE = 2
SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BROKEN_PIPE = 141
# Seconds after which a signal is sent again that came where nothing can be raised.
_AGAIN = 0.1
# Seconds that the interpreter has for its own end, once all of ours is done.
_LAST_MOMENTS = 60


_prepare: Callable[[int], str] | None = None


class Interrupted(SystemExit):
    """Work that a signal ended; as an end of the process its code is 128 + signal.

    Args:
        number: Number of the signal.

    Attributes:
        said: Whether the user has been told already.
        advice: What the user may do now, for the line that tells of it; maybe empty.
    """

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.number = number
        self.said = False
        self.advice = ""

    def __reduce__(self) -> tuple[type["Interrupted"], tuple[int]]:
        """Parallel jobs of a sweep send it to the sweep's own process."""
        return type(self), (self.number,)


def prepare_interruption(prepare: Callable[[int], str] | None) -> None:
    """Has something done when a signal has come, before :class:`Interrupted` is raised.

    Args:
        prepare: Function of the signal's number that gives advice for the line that the user
            reads, or nothing; None to do nothing any more.
    """
    global _prepare
    _prepare = prepare


def end_at_once_by_signals() -> None:
    """Lets Ctrl-C and SIGTERM end this process without a traceback while nothing is at work.

    A door calls it first of all: importing torch takes seconds, and so may the interpreter's end.
    """
    owner = os.getpid()

    def end(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            _say_interrupted(number)
            kill_children()
            os._exit(128 + number)

    for number in SIGNALS:
        signal.signal(number, end)
    # What is registered first is called last.
    atexit.register(_end_soon)


def _end_soon() -> None:
    """Nothing is left to be interrupted; a destructor that hangs is cut short all the same."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    if hasattr(signal, "alarm"):
        signal.alarm(_LAST_MOMENTS)


@contextmanager
def interruptible() -> Iterator[None]:
    """Lets Ctrl-C and SIGTERM raise :class:`Interrupted` in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        # Python lets no other thread than the first one handle signals.
        yield
        return
    owner = os.getpid()

    def interrupt(number: int, frame: FrameType | None) -> None:
        # A forked child leaves signals to its parent until it has a handler of its own.
        if os.getpid() != owner:
            return
        if _is_importing(frame):
            _send_later(number)
            return
        interruption = Interrupted(number)
        interruption.advice = _prepare(number) if _prepare is not None else ""
        raise interruption

    before = {number: signal.signal(number, interrupt) for number in SIGNALS}
    hook, sys.unraisablehook = sys.unraisablehook, _send_again(sys.unraisablehook)
    of_threads, threading.excepthook = threading.excepthook, _only_bugs(threading.excepthook)
    try:
        yield
    finally:
        for number, handler in before.items():
            # None stands for a handler that no Python code has set.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        sys.unraisablehook, threading.excepthook = hook, of_threads


@contextmanager
def end_in_one_line(in_words: Callable[[Exception], str | None] | None = None) -> Iterator[None]:
    """Ends the process with one line where the work ends by a user's mistake or by a signal.

    Bugs pass through and keep their traceback.

    Args:
        in_words: Function that says other mistakes in words, and gives None for bugs.
    """
    try:
        with interruptible():
            yield
            # What is left in the buffer meets a full disk here, and not at the interpreter's end.
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
        if isinstance(error, BrokenPipeError) and _reader_is_gone():
            _close_stdout()
            sys.exit(_BROKEN_PIPE)
        message = mistake_of(error) or (in_words(error) if in_words else None)
        if message is None:
            raise
        _say(f"error: {message}")
        if isinstance(error, OSError):
            _close_stdout()
        sys.exit(MISTAKE)


def mistake_of(error: Exception) -> str | None:
    """What a user or the machine did wrong, in one message; None for a bug."""
    if isinstance(error, CrackSegError):
        return str(error)
    if isinstance(error, OSError):
        reason = reason_of(error)
        return reason and f"{error.filename}: {reason}" if error.filename else reason
    if is_out_of_memory(error):
        return (
            "the memory is not enough; set a smaller data.batch_size or data.image_size, or "
            "smaller photographs"
        )
    return None


def _say_interrupted(number: int, advice: str = "") -> None:
    if is_first_process():
        what = "interrupted" if number == signal.SIGINT else "stopped by SIGTERM"
        _say(f"{what}; {advice}" if advice else what)


def _say(line: str) -> None:
    # There may be nobody to hear it, or a full disk behind it.
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _reader_is_gone() -> bool:
    """Whether whoever was reading, ``head`` say, has read enough."""
    if sys.platform == "win32":
        # It has no poll().
        return False
    try:
        asked = select.poll()
        asked.register(sys.stdout.fileno(), 0)
        return any(event & select.POLLERR for _, event in asked.poll(0))
    except (OSError, ValueError, AttributeError):
        # No file is behind it, or this system cannot be asked.
        return False


def _close_stdout() -> None:
    """Throws away what cannot be written, which the interpreter would complain of at its end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _send_again(hook: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A hook for what was raised where Python cannot raise, as in a destructor."""

    def unraisable(raised: Any) -> None:
        if isinstance(raised.exc_value, Interrupted):
            _send_later(raised.exc_value.number)
        else:
            hook(raised)

    return unraisable


def _only_bugs(hook: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A hook for what ends a thread: who gave it work meets a full disk as well, and says so."""

    def ended(raised: Any) -> None:
        if not isinstance(raised.exc_value, Exception) or mistake_of(raised.exc_value) is None:
            hook(raised)

    return ended


def _is_importing(frame: FrameType | None) -> bool:
    """Whether a module is being imported: packages swallow what is raised then, half made."""
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _send_later(number: int) -> None:
    timer = threading.Timer(_AGAIN, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()
