"""Prints for a reader who may be gone, and on a disk that may be full."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import parent_process
from typing import TextIO

from crackseg.system.processes import is_first_process


def say(line: str) -> None:
    """Prints a line on stderr, unless another process says it; also from a handler of signals."""
    if parent_process() is not None or not is_first_process():
        return
    # There may be no reader, or a full disk behind the stream.
    with suppress(OSError, ValueError):
        try:
            print(line, file=sys.stderr, flush=True)
        except RuntimeError:
            # A signal came in the middle of a line.
            os.write(2, f"\n{line}\n".encode(errors="replace"))


def reader_is_gone(error: Exception) -> bool:
    """Whether an error came because the reader of the output, such as ``head``, is gone."""
    return isinstance(error, BrokenPipeError) and any(map(_is_unread, (sys.stdout, sys.stderr)))


def _is_unread(stream: TextIO) -> bool:
    if sys.platform == "win32":
        # It has no poll().
        return False
    try:
        asked = select.poll()
        asked.register(stream.fileno(), 0)
        return any(event & select.POLLERR for _, event in asked.poll(0))
    except (OSError, ValueError, AttributeError):
        # No file is behind it, or this system cannot be asked.
        return False


@contextmanager
def told_if_read() -> Iterator[None]:
    """Goes on without what is printed inside if the reader of the output is gone."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError as error:
        if not reader_is_gone(error):
            raise
        close_stdout()


def close_stdout() -> None:
    """Discards output that cannot be written, of which the interpreter would complain later."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
