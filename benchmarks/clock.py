"""Times repeated steps within a process."""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import median

from benchmarks.process import since_start


def time_steps(step: Callable[[], object], seconds: float) -> dict[str, float]:
    """Repeats a step for some seconds, and at least once after the first.

    Returns:
        ``first``, seconds from the start of the process to the end of the first step, and
        ``step``, the median of the later ones.
    """
    step()
    first, taken = since_start(), [_time(step)]
    while sum(taken) < seconds:
        taken.append(_time(step))
    return {"first": first, "step": median(taken)}


def images_per_second(ends: Sequence[float], images: int) -> dict[str, float]:
    """Images per second of all epochs but the first, whose work differs, from their ends."""
    lengths = [after - before for before, after in pairwise(ends)]
    return {"images/s": images / median(lengths)}


def _time(step: Callable[[], object]) -> float:
    began = time.perf_counter()
    step()
    return time.perf_counter() - began
