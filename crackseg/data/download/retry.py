"""Trying again, where a fault may be gone the next time."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from rich.filesize import decimal

from crackseg.errors import DownloadError

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class PassingError(Exception):
    """A fault that may be gone at the next try; ``pause`` is what the other side asks to wait."""

    def __init__(self, message: str, pause: float | None = None) -> None:
        super().__init__(message)
        self.pause = pause


@dataclass(frozen=True)
class Patience:
    """How long a fault that may pass is waited for.

    Attributes:
        tries: how many in a row may bring nothing new.
        pause: seconds before the second try; doubled before each one after it.
        longest: seconds that the other side may ask to wait for.
        sleep: waits that many seconds.
    """

    tries: int = 7
    pause: float = 1.0
    longest: float = 600.0
    sleep: Callable[[float], None] = time.sleep

    def insist(
        self,
        what: str,
        attempt: Callable[[], Result],
        otherwise: str,
        done: Callable[[], int] = lambda: 0,
    ) -> Result:
        """Tries until it works. As long as every try brings something, there is no end to them.

        Args:
            what: is tried, for messages.
            attempt: raises a passing error where another try may help.
            otherwise: what else a user can do, for the message of giving up.
            done: how many bytes there are.

        Raises:
            DownloadError: it is given up.
        """
        failures, furthest = 0, done()
        while True:
            try:
                return attempt()
            except PassingError as fault:
                failures = 1 if done() > furthest else failures + 1
                furthest = max(furthest, done())
                pause = self.pause * 2 ** (failures - 1) if fault.pause is None else fault.pause
                if failures >= self.tries:
                    end = f"{failures} tries"
                elif pause > self.longest:
                    end = f"asks to wait {pause:.0f} s"
                else:
                    log.warning("%s: %s; trying again in %.0f s", what, fault, pause)
                    self.sleep(pause)
                    continue
                kept = f"; {decimal(done())} are kept, and it will go on from there" * bool(done())
                raise DownloadError(
                    f"{what}: {fault} ({end}){kept}; type the same command again later, {otherwise}"
                ) from fault
