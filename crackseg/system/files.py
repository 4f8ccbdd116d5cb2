"""Files that users and programs share: written whole or not at all, read with care."""

import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from crackseg.errors import CrackSegError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
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
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


class Table(NamedTuple):
    """A CSV file: its columns, and each record with the number of its line."""

    columns: tuple[str, ...]
    records: list[tuple[int, dict[str | None, str | None]]]


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Writes a CSV file in UTF-8, whole or not at all.

    Args:
        path: Path of the file.
        columns: Names of the columns.
        rows: Cells of each row, in the order of the columns; None makes an empty cell.

    Raises:
        OSError: The file cannot be written.
    """
    with atomic_write(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_table(path: Path, what: str, error: type[CrackSegError]) -> Table:
    """Reads a CSV file in UTF-8, also as spreadsheets save it.

    Args:
        path: of the file.
        what: it should be, for messages.
        error: that is raised.

    Raises:
        CrackSegError: of the given kind, for a file that is missing, unreadable or no CSV.
    """
    try:
        # Spreadsheets put a byte-order mark before the first column's name.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            records = [(reader.line_num, record) for record in reader]
            return Table(tuple(reader.fieldnames or ()), records)
    except FileNotFoundError as missing:
        raise error(f"{path}: there is no such {what}") from missing
    except (OSError, UnicodeDecodeError, csv.Error) as damage:
        raise error(f"{path}: cannot be read as a {what} ({damage})") from damage


def write_json(figures: Mapping[str, Any], path: Path) -> None:
    """Writes figures for other programs."""
    write_text(path, json.dumps(figures, indent=2, allow_nan=False) + "\n")
