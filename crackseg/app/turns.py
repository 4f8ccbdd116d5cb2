"""Turns at the network: one photograph at a time, in the order of asking."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A queue in which every user waits for each photograph, so that none keeps others out."""

    def __init__(self) -> None:
        self._line: list[object] = []
        self._changed = threading.Condition()

    @contextmanager
    def ticket(self) -> Iterator["Ticket"]:
        """A place at the end of the line, which is left at the end."""
        place = object()
        with self._changed:
            self._line.append(place)
        try:
            yield Ticket(self._line, place, self._changed)
        finally:
            with self._changed:
                self._line.remove(place)
                self._changed.notify_all()


class Ticket:
    """A place in the line.

    Args:
        line: All places, the first one's turn is now.
        place: This place.
        changed: Condition that is told of each change of the line.
    """

    def __init__(self, line: list[object], place: object, changed: threading.Condition) -> None:
        self._line, self._place, self._changed = line, place, changed

    @property
    def ahead(self) -> int:
        """Number of photographs before this one."""
        return self._line.index(self._place)

    def wait(self, seconds: float) -> bool:
        """Waits for the turn, and returns whether it has come."""
        with self._changed:
            return self._changed.wait_for(lambda: self.ahead == 0, seconds)
