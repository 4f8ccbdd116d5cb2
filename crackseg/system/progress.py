"""Progress bars for long work."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
    track,
)

from crackseg.system.console import Terminal

Item = TypeVar("Item")


def progress(items: Iterable[Item], what: str, total: int) -> Iterator[Item]:
    """Yields the items, and shows their progress and the time left on a terminal."""
    console = Terminal(stderr=True)
    yield from track(
        items, what, total, console=console, transient=True, disable=not console.is_terminal
    )


@contextmanager
def byte_progress(what: str, total: int, done: int = 0) -> Iterator[Callable[[int], None]]:
    """Shows the number of bytes done, their rate and the time left on a terminal.

    Args:
        what: Name of the work.
        total: Number of bytes.
        done: Number of bytes from an earlier run; they do not count for the rate.

    Yields:
        Function to call with the number of bytes that came since the last call.
    """
    console = Terminal(stderr=True)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(what, total=total, completed=done)
        yield lambda count: bar.advance(task, count)
