"""Files that are whole or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Gives a temporary name to write to, and renames it at the end.

    A process that is killed, a disk that is full or a power that fails leaves ``path`` as it was.

    Args:
        path: to write or to replace; its folder is made where it is missing.

    Yields:
        A hidden name beside it, of this process alone.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        # Without it the name may reach the disk before what it stands for.
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 in place of what was there."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
