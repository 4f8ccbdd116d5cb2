"""Results that take long: read from the cache, or made and kept there for the next time."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from crackseg.errors import OutputError
from crackseg.system.files import discard, is_full

log = logging.getLogger(__name__)

Result = TypeVar("Result")


def kept(
    path: Path,
    read: Callable[[Path], Result | None],
    make: Callable[[], Result],
    write: Callable[[Path, Result], None],
) -> Result:
    """Reads a result, or makes it and stores it; replaces a damaged file of this name.

    Without room on the disk it is not stored, and a message says so.

    Args:
        path: File of the result.
        read: Reads it; None where the file is missing or damaged. It may remove one that is out of
            date.
        make: Makes it anew.
        write: Writes it.

    Raises:
        OutputError: The file cannot be written for another reason.
    """
    # Before it is read: another process may just be writing it.
    is_there = path.exists()
    known = read(path)
    if known is not None:
        return known
    result = make()
    if is_there and path.exists():
        log.warning("%s: damaged, made anew", path)
        discard(path)
    try:
        write(path, result)
    except OutputError as error:
        if not is_full(error):
            raise
        log.warning("%s; until then it is computed each time", error)
    return result
