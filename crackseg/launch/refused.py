"""What is refused before it began leaves nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from crackseg.errors import CrackSegError, RunBusyError
from crackseg.runs.record import LOCK
from crackseg.system.locks import locked
from crackseg.system.logs import start_logging
from crackseg.system.processes import is_first_process


@contextmanager
def forgotten_if_refused(folder: Path, made: Sequence[str], begun: Sequence[str]) -> Iterator[None]:
    """Leaves nothing of work that is refused, by its photographs perhaps, before it began.

    What was there before stays: files of other work, or the user's own.

    Args:
        folder: Folder of the work.
        made: Names of what stands there before the work begins.
        begun: Names of what it makes then.
    """
    fresh = not any((folder / name).exists() for name in made)
    try:
        yield
    except RunBusyError:
        raise
    except CrackSegError as error:
        if fresh and is_first_process():
            start_logging()  # Closes the file of the log.
            # Not where another process has begun work here meanwhile.
            with suppress(OSError, RunBusyError), locked(folder / LOCK, RunBusyError(str(error))):
                if not any((folder / name).exists() for name in begun):
                    for name in made:
                        (folder / name).unlink(missing_ok=True)
        raise
