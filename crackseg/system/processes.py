"""Which of several processes this is, and what it may use."""

import atexit
import multiprocessing
import os


def usable_cores() -> int:
    """Cores that this process may run on, which a cluster's scheduler may have limited."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def is_first_process() -> bool:
    """Whether this is the one process of a distributed run that writes files and speaks."""
    ranks = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")
    return all(os.environ.get(rank, "0") == "0" for rank in ranks)


def start_method() -> str:
    """How this platform starts processes.

    In a job of a parallel sweep joblib has put a way of its own in place, by which processes that
    read photographs cannot be started.
    """
    return multiprocessing.get_all_start_methods()[0]


def kill_children_at_exit() -> None:
    """Lets this process end although a child hangs, for which Python would wait for ever."""
    atexit.unregister(_kill_children)
    atexit.register(_kill_children)


def _kill_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()
