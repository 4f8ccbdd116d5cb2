"""Writes files completely or not at all, and reads files of users with care."""

import csv
import errno
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from crackseg.errors import OutputError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# Deeper paths are no data set's, and longer names no file system's.
_MOST_FOLDERS, _MOST_BYTES_IN_NAME = 32, 255
_ELSEWHERE = "name a place elsewhere"
_REASONS = {
    errno.ENOSPC: f"the disk is full; make room, or {_ELSEWHERE}",
    errno.EDQUOT: f"this user's share of the disk is used up; make room, or {_ELSEWHERE}",
    errno.EFBIG: f"the file is larger than this disk or ulimit -f allows; {_ELSEWHERE}",
    errno.EROFS: f"the disk can only be read; {_ELSEWHERE}",
    errno.EACCES: f"this user has no right to it; ask for it, or {_ELSEWHERE}",
    errno.EPERM: f"this user has no right to it; ask for it, or {_ELSEWHERE}",
    errno.ENOTDIR: f"there is a file where a folder is needed; {_ELSEWHERE}",
    errno.EEXIST: f"there is a file where a folder is needed; {_ELSEWHERE}",
    errno.EISDIR: f"there is a folder where a file is needed; {_ELSEWHERE}",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one",
    errno.ELOOP: f"its links lead in a circle; {_ELSEWHERE}",
    errno.EMFILE: "too many files are open; raise ulimit -n, or set fewer data.num_workers",
    errno.ENFILE: "too many files are open on this machine; close some, and begin again",
    errno.EIO: f"the disk fails (input/output error); look after it, or {_ELSEWHERE}",
    errno.ESTALE: f"the network disk is gone; connect it again, or {_ELSEWHERE}",
    errno.ENODEV: f"the disk is gone; connect it again, or {_ELSEWHERE}",
    errno.ETXTBSY: f"the file is a program that runs just now; {_ELSEWHERE}",
}
# Seconds after which a temporary file without a process here has no writer on another machine.
_ABANDONED = 600.0


def reason_of(error: OSError) -> str | None:
    """Reason of an error of a path, and what to do, in words.

    Returns:
        The words; None for an error that a machine in order may give too, such as a missing file.
    """
    return None if error.errno is None else _REASONS.get(error.errno)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Gives a temporary name to write to, and renames the file at the end.

    If the process is killed, the disk is full or the power fails, ``path`` stays as it was.

    Args:
        path: Path to write or to replace; a missing folder is made.

    Yields:
        A hidden path beside ``path``, used by this process alone.

    Raises:
        OutputError: The file cannot be written, because of its place or of the disk.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with said_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path)
        try:
            yield temporary
            # Without it the new name may reach the disk before the content does.
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            with suppress(OSError):
                temporary.unlink()


def require_writable(folder: Path) -> None:
    """Checks that files can be written in a folder, before long work begins.

    The folder may be missing. Where it can be made, it is still missing afterwards.

    Raises:
        OutputError: Files cannot be written there.
    """
    probe = folder / f".writable.{os.getpid()}"
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    with said_in_words(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            probe.write_bytes(b"1")
        finally:
            with suppress(OSError):
                probe.unlink()
            for parent in made:
                with suppress(OSError):
                    parent.rmdir()


def require_writable_file(path: Path, suffix: str | None = None) -> None:
    """Checks that a file can be written, before long work begins; it must not be a folder.

    Its name has to end with ``suffix``, so that no photograph is written over by mistake.

    Raises:
        OutputError: The file cannot be written.
    """
    if path.is_dir():
        raise OutputError(f"{path}: cannot be written, {_REASONS[errno.EISDIR]}")
    require_writable(path.parent)
    if suffix and path.suffix.lower() != suffix:
        raise OutputError(f"{path}: a {suffix} file; name it {path.with_suffix(suffix).name}")


@contextmanager
def said_in_words(path: Path) -> Iterator[None]:
    """Says what keeps a path from being written; errors of files elsewhere pass through.

    Args:
        path: File or folder that is written inside, under this name or a temporary one beside it.

    Raises:
        OutputError: The path cannot be written; the message says what is wrong and what to do.
    """
    try:
        yield
    except OSError as error:
        gone = f"no folder is or can be made there; {_ELSEWHERE}"
        known = gone if error.errno == errno.ENOENT else reason_of(error)
        reason = known if _concerns(error, path) else None
        if reason is None:
            raise
        raise OutputError(f"{path}: cannot be written, {reason}") from error


def is_full(error: OutputError) -> bool:
    """Whether it was for want of room, on the disk or of this user's share, and nothing else."""
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in NO_ROOM


def file_stamp(path: Path) -> tuple[int, int]:
    """Size in bytes of a file, and time of its last change in ns: they change with its content.

    Raises:
        OSError: There is no such file, or it cannot be looked at.
    """
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def discard(path: Path) -> None:
    """Removes a file or a folder; anything that cannot be removed stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def is_abandoned(path: Path, process: int) -> bool:
    """Whether a temporary file or folder was left by a process that was killed.

    Args:
        path: Path of it.
        process: Number of the process that made it, on whichever machine that was.
    """
    try:
        old = time.time() - path.stat().st_mtime > _ABANDONED
    except OSError:
        return False
    return old and not _is_alive(process)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        # Asking elsewhere would end the process.
        return process == os.getpid()
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True


def _remove_abandoned(path: Path) -> None:
    """Removes temporary files for a path whose writers were killed."""
    for leftover in _hidden_files(path.parent).pop(path.name, ()):
        process = int(leftover.name.rpartition(".")[2])
        if is_abandoned(leftover, process):
            with suppress(OSError):
                leftover.unlink()


def _concerns(error: OSError, path: Path) -> bool:
    if not isinstance(error.filename, str):
        # An error during writing has no file name.
        return True
    return path.is_relative_to(error.filename) or Path(error.filename).is_relative_to(path.parent)


@lru_cache(maxsize=64)
def _hidden_files(folder: Path) -> dict[str, list[Path]]:
    """Temporary files in a folder by the names that they are for, as they were at first sight.

    Looking again for each of thousands of masks would take longer than writing them.
    """
    found: dict[str, list[Path]] = {}
    for entry in os.scandir(folder):
        named = re.fullmatch(r"\.(.+)\.\d+", entry.name)
        if named and entry.is_file(follow_symlinks=False):
            found.setdefault(named[1], []).append(folder / entry.name)
    return found


def write_text(path: Path, text: str) -> None:
    """Writes a text in UTF-8, and replaces a file of this name."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


@contextmanager
def open_table(
    path: Path, columns: Sequence[str]
) -> Iterator[Callable[[Iterable[object]], object]]:
    """Writes a CSV file in UTF-8 row by row, completely or not at all.

    Yields:
        Function that takes the cells of the next row; None makes an empty cell.
    """
    with atomic_write(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        yield writer.writerow


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Writes a CSV file with these columns and rows, see :func:`open_table`."""
    with open_table(path, columns) as add:
        for row in rows:
            add(row)


def write_json(figures: Mapping[str, Any], path: Path) -> None:
    """Writes figures as JSON."""
    write_text(path, json.dumps(figures, indent=2, allow_nan=False) + "\n")


def safe_relative_path(name: str) -> PurePosixPath:
    r"""The path that someone else gave, if it stays below the folder that it is meant for.

    >>> safe_relative_path("Images/a.png")
    PurePosixPath('Images/a.png')
    >>> safe_relative_path("..\\a.png")
    Traceback (most recent call last):
        ...
    ValueError: '..\\a.png' leads out of its folder

    Raises:
        ValueError: It is absolute, has a drive letter, goes up, names nothing, lies below more
            folders than any data set has, or has a longer name than file systems take.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    leaves = path.is_absolute() or PureWindowsPath(name).drive or ".." in path.parts
    if leaves or not path.parts or "\0" in name:
        raise ValueError(f"{name[:80]!r} leads out of its folder")
    if len(path.parts) > _MOST_FOLDERS:
        raise ValueError(f"{name[:80]!r}... lies below {len(path.parts) - 1:,} folders")
    if max(len(part.encode()) for part in path.parts) > _MOST_BYTES_IN_NAME:
        raise ValueError(f"{name[:80]!r}... is a longer name than a file can have")
    return path
