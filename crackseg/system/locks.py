"""Lock files, so that one process at a time does some work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

log = logging.getLogger(__name__)

# In seconds; a shorter wait is not worth a message.
_UNNOTICED = 2


@contextmanager
def locked(path: Path, busy: Exception, patience: float = 0) -> Iterator[None]:
    """Does the work inside alone, or not at all.

    Args:
        path: Path of the lock file.
        busy: Error that is raised where another process holds the lock.
        patience: Time to wait for the lock, in seconds.
    """
    try:
        held = FileLock(path).acquire(timeout=patience)
    except Timeout:
        raise busy from None
    with held:
        yield


@contextmanager
def locked_in_turn(path: Path, message: str) -> Iterator[None]:
    """Does the work inside alone, as soon as no other process does it.

    Args:
        path: Path of the lock file.
        message: Message that is logged where another process holds the lock.
    """
    try:
        held = FileLock(path).acquire(timeout=_UNNOTICED)
    except Timeout:
        log.info("%s", message)
        held = FileLock(path).acquire()
    with held:
        yield
