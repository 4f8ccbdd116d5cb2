"""Reading ahead and writing behind: in order, bounded, and nothing that is complete gets lost."""

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from crackseg.workflows.folders.overlap import WriteBehind, read_ahead


class Reader:
    """Reads numbers, and notes which."""

    def __init__(self) -> None:
        self.read: list[int] = []

    def __call__(self, job: int) -> str:
        self.read.append(job)
        if job == 2:
            raise ValueError("two")
        return f"photograph {job}"


def settled(seen: list[int], wanted: list[int]) -> list[int]:
    """What was read by the time that as much as wanted could be, and a moment after it."""
    deadline = time.monotonic() + 5
    while seen != wanted and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.02)
    return list(seen)


def test_one_photograph_is_read_ahead() -> None:
    reader = Reader()
    jobs = read_ahead([0, 1, 3, 4], reader, lambda job: False)
    job, opened = next(jobs)
    assert (job, opened()) == (0, "photograph 0")
    assert settled(reader.read, [0, 1]) == [0, 1]
    assert [(job, opened()) for job, opened in jobs] == [
        (number, f"photograph {number}") for number in (1, 3, 4)
    ]
    assert reader.read == [0, 1, 3, 4]


def test_a_large_photograph_is_read_when_its_turn_comes() -> None:
    reader = Reader()
    jobs = read_ahead([0, 1, 3], reader, lambda job: job == 1)
    for wanted in ([0], [0, 1], [0, 1, 3]):
        next(jobs)[1]()
        assert settled(reader.read, wanted) == wanted


def test_what_goes_wrong_in_reading_is_raised_when_the_photograph_is_wanted() -> None:
    jobs = read_ahead([1, 2, 3], Reader(), lambda job: False)
    assert next(jobs)[1]() == "photograph 1"
    opened = next(jobs)[1]
    with pytest.raises(ValueError, match="two"):
        opened()
    assert next(jobs)[1]() == "photograph 3"


def collect(written: list[object], items: Iterator[object]) -> None:
    for item in items:
        if item == "bad":
            raise OSError("full")
        written.append(item)


def test_results_are_done_in_order_even_if_a_later_one_is_faster() -> None:
    done: list[int] = []
    may_end = threading.Event()

    def slow(items: Iterator[int]) -> None:
        list(items)
        may_end.wait()

    with WriteBehind(done.append) as results:
        results.put(0, [1, 2], slow)
        written: list[object] = []
        threading.Timer(0.05, may_end.set).start()
        results.put(1, range(20), partial(collect, written))
    assert done == [0, 1]
    assert written == list(range(20))


def test_items_wait_for_their_writer() -> None:
    """So that memory does not grow with what is not written yet."""
    made: list[int] = []
    may_begin = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    def write(items: Iterator[int]) -> None:
        may_begin.wait()
        list(items)

    def look() -> None:
        seen.extend(settled(made, list(range(9))))
        may_begin.set()

    seen: list[int] = []
    threading.Thread(target=look).start()
    with WriteBehind(lambda job: None) as results:
        results.put("job", items(), write)
    assert len(made) == 100
    assert 8 <= len(seen) < 12


def test_an_error_of_the_writer_ends_the_work_and_keeps_what_was_complete() -> None:
    done: list[int] = []

    def work() -> None:
        with WriteBehind(done.append) as results:
            results.put(0, ["good"], partial(collect, []))
            results.put(1, ["bad", *range(100)], partial(collect, []))

    with pytest.raises(OSError, match="full"):
        work()
    assert done == [0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_error_between_items_abandons_that_job_alone(error: type[BaseException]) -> None:
    done: list[int] = []
    ended: list[str] = []

    def write(items: Iterator[int]) -> None:
        try:
            list(items)
        except Exception:
            ended.append("abandoned")
            raise

    def broken() -> Iterator[int]:
        yield 1
        raise error

    def work() -> None:
        with WriteBehind(done.append) as results:
            results.put(0, [1], write)
            results.put(1, broken(), write)

    with pytest.raises(error):
        work()
    assert (done, ended) == ([0], ["abandoned"])
