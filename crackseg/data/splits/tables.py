"""Reads tables that users write, as spreadsheets save them."""

import codecs
import csv
import io
from pathlib import Path
from typing import NamedTuple

from crackseg.errors import CrackSegError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Where commas are in numbers, spreadsheets write others between cells.
_SEPARATORS = (",", ";", "\t")
# Excel's own line about it, before the columns.
_SEPARATOR_LINE = "sep="
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class Table(NamedTuple):
    """A CSV file: its columns, and each record with the number of its line."""

    columns: tuple[str, ...]
    records: list[tuple[int, dict[str | None, str | None]]]


def read_table(path: Path, what: str, error: type[CrackSegError]) -> Table:
    """Reads a CSV file in UTF-8, or one that a spreadsheet has saved with its own separators.

    Args:
        path: Path of the file.
        what: Kind of file, for messages.
        error: Class of the error that is raised.

    Returns:
        The table; lines without any cell are left out.

    Raises:
        CrackSegError: The file is missing, unreadable or not CSV; the error is of the given class.
    """
    try:
        stored = path.read_bytes()
        if stored.startswith(_WORKBOOKS):
            raise error(f"{path}: is a workbook; save it as CSV (UTF-8)")
        # Spreadsheets put a byte-order mark before the first column's name.
        text = stored.decode("utf-16" if stored.startswith(_UTF16) else "utf-8-sig")
        return _parsed(text)
    except FileNotFoundError as missing:
        raise error(f"{path}: there is no such {what}") from missing
    except UnicodeDecodeError as damage:
        raise error(
            f"{path}: cannot be read as a {what} ({damage}); save it as CSV in UTF-8, which "
            "spreadsheets offer beside plain CSV"
        ) from damage
    except (OSError, csv.Error) as damage:
        raise error(f"{path}: cannot be read as a {what} ({damage})") from damage


def _parsed(text: str) -> Table:
    first, _, rest = text.partition("\n")
    has_line = first.lower().startswith(_SEPARATOR_LINE)
    heading = rest.partition("\n")[0] if has_line else first
    # The first of them that stands there: names of files have commas more seldom than tables.
    separator = next((one for one in _SEPARATORS if one in heading), ",")
    lines = io.StringIO(rest if has_line else text, newline="")
    reader = csv.DictReader(lines, strict=True, delimiter=separator)
    columns = tuple(name.strip() for name in reader.fieldnames or ())
    reader.fieldnames = columns
    records = [(reader.line_num + has_line, record) for record in reader]
    return Table(columns, [one for one in records if any(map(_is_filled, one[1].values()))])


def _is_filled(cell: str | list[str] | None) -> bool:
    return any(cell) if isinstance(cell, list) else bool(cell)
