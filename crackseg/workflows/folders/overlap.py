"""Reads the next photograph and writes the last ones while the network is at work on one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from itertools import zip_longest
from queue import Full, Queue
from types import TracebackType
from typing import Generic, TypeVar

Job = TypeVar("Job")
Item = TypeVar("Item")
Opened = TypeVar("Opened")

# Jobs that may still be written when the next one begins.
_BEHIND = 2
# Bands of rows that wait for their writer.
_WAITING_ITEMS = 8
# Seconds after which a full queue is looked at again, as its reader may have failed.
_AGAIN = 0.1


def read_ahead(
    jobs: Sequence[Job], read: Callable[[Job], Opened], alone: Callable[[Job], bool]
) -> Iterator[tuple[Job, Callable[[], Opened]]]:
    """Reads each job's photograph while the one before is at work.

    Args:
        jobs: Jobs.
        read: Function that reads the photograph of a job; called in another thread.
        alone: Function that tells whether a job's photograph is too large to be in memory together
            with another one.

    Yields:
        A job, and a function that waits for its photograph, or raises what went wrong.
    """
    pool = ThreadPoolExecutor(1, "read")
    following: Future[Opened] | None = None
    try:
        for job, after in zip_longest(jobs, jobs[1:]):
            reading = following or pool.submit(read, job)
            together = after is not None and not alone(job) and not alone(after)
            following = pool.submit(read, after) if together else None
            yield job, reading.result
            # Else it would be in memory while the next one is read.
            del reading
    finally:
        pool.shutdown(cancel_futures=True)


class WriteBehind(Generic[Job]):
    """Writes results in other threads, and says in order which are done.

    On the way out, also after an error, it waits for the results that are complete.

    Args:
        done: Function that is called for each job whose results are written, in order.
    """

    def __init__(self, done: Callable[[Job], None]) -> None:
        self._done = done
        self._pool = ThreadPoolExecutor(_BEHIND, "write")
        self._pending: deque[tuple[Job, Future[None]]] = deque()

    def __enter__(self) -> "WriteBehind[Job]":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.finish()
            else:
                self._finish_what_is_complete()
        finally:
            self._pool.shutdown(cancel_futures=True)

    def put(self, job: Job, items: Iterable[Item], write: Callable[[Iterator[Item]], None]) -> None:
        """Hands over the results of a job.

        Args:
            job: Job.
            items: Results of the job, in parts.
            write: Function that writes them; called in another thread.

        Raises:
            Exception: What the items, or the writing of earlier ones, raised.
        """
        self.finish(_BEHIND - 1)
        queue: _Parts[Item] = Queue(_WAITING_ITEMS)
        writing = self._pool.submit(write, _taken_from(queue))
        try:
            for item in items:
                _hand_over(queue, item, writing)
        except BaseException:
            _hand_over(queue, _AbandonedError(), writing)
            wait([writing])
            raise
        _hand_over(queue, None, writing)
        self._pending.append((job, writing))

    def finish(self, left: int = 0) -> None:
        """Waits until at most so many jobs are left."""
        while len(self._pending) > left:
            job, writing = self._pending[0]
            writing.result()
            self._pending.popleft()
            self._done(job)

    def _finish_what_is_complete(self) -> None:
        # What went wrong first is what the user reads.
        with suppress(Exception):
            self.finish()


class _AbandonedError(Exception):
    """No further items of a job will come."""


# None stands for the end.
_Parts = Queue[Item | _AbandonedError | None]


def _taken_from(queue: "_Parts[Item]") -> Iterator[Item]:
    while (item := queue.get()) is not None:
        if isinstance(item, _AbandonedError):
            raise item
        yield item


def _hand_over(
    queue: "_Parts[Item]",
    item: Item | _AbandonedError | None,
    writing: Future[None],
) -> None:
    while not writing.done():
        with suppress(Full):
            queue.put(item, timeout=_AGAIN)
            return
    if not isinstance(item, _AbandonedError):
        writing.result()
