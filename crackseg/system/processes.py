"""The place of this process among several, its cores, and its children."""

import atexit
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

# By these a program is asked to end: the last by SLURM where a job wants that. Windows has none.
if sys.platform == "win32":
    SIGNALS: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)
else:
    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


def usable_cores() -> int:
    """Number of cores that this process may use; a cluster's scheduler may have limited it."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_first_process() -> bool:
    """Whether this is the one process of a distributed run that writes files and messages."""
    ranks = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")
    return all(os.environ.get(rank, "0") == "0" for rank in ranks)


def start_method() -> str:
    """The way in which this platform starts processes.

    In a job of a parallel sweep joblib has put a way of its own in place, by which processes that
    read photographs cannot be started.
    """
    return multiprocessing.get_all_start_methods()[0]


def kill_children_at_exit() -> None:
    """Lets this process end although a child hangs, for which Python would wait forever."""
    atexit.unregister(_kill_children_in_silence)
    atexit.register(_kill_children_in_silence)


def kill_children() -> None:
    """Ends all processes that multiprocessing has started for this one, at once."""
    for child in multiprocessing.active_children():
        if child.pid is not None:
            # Those of joblib have no kill().
            with suppress(OSError):
                os.kill(child.pid, getattr(signal, "SIGKILL", signal.SIGTERM))


def _kill_children_in_silence() -> None:
    if hasattr(signal, "SIGCHLD"):
        # torch raises an error for a killed worker in whatever is being done.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kill_children()


@contextmanager
def signals_held_back() -> Iterator[None]:
    """Holds back the signals that end a program; processes started inside never get them.

    A terminal sends Ctrl-C to all processes at once, and those that are still importing would
    print a traceback each. Their parent hears of it at the end of this, and ends them.
    """
    if sys.platform == "win32":
        # It has no signals that could be held back.
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def thread_pool() -> Iterator[ThreadPoolExecutor]:
    """Makes threads on all cores; if the work inside ends early, waiting tasks never start."""
    pool = ThreadPoolExecutor(usable_cores())
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)
