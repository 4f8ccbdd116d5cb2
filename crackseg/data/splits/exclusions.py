"""The list of photographs that a training leaves out: a CSV file with the columns image, reason."""

from collections.abc import Mapping
from pathlib import Path

from crackseg.errors import CrackSegError, DatasetError
from crackseg.system.files import read_table, write_table

COLUMNS = ("image", "reason")


def write_exclusions(path: Path, rows: Mapping[str, str]) -> None:
    """Writes a new list.

    Args:
        path: of a file that is not there yet.
        rows: image, by its path relative to the data set's root, and why it is left out.

    Raises:
        CrackSegError: there is a file of this name, or it cannot be written.
    """
    refuse_to_replace(path)
    write_table(path, COLUMNS, rows.items())


def refuse_to_replace(path: Path) -> None:
    """A list that is there may have been edited by hand.

    Raises:
        CrackSegError: there is such a file.
    """
    if path.exists():
        raise CrackSegError(
            f"{path}: is there already and may have been edited; remove it or name another file"
        )


def read_exclusions(path: Path) -> dict[str, str]:
    """Reads a list.

    Returns:
        Image, by its path relative to the data set's root, and the reason.

    Raises:
        DatasetError: a missing or damaged file, or an image that is listed twice.
    """
    columns, records = read_table(path, "list of exclusions", DatasetError)
    if columns != COLUMNS:
        raise DatasetError(f"{path}, line 1: the columns are {', '.join(COLUMNS)}")
    found: dict[str, str] = {}
    for line, record in records:
        image, reason = record["image"], record["reason"]
        if None in record or not image or reason is None:
            raise DatasetError(f"{path}, line {line}: the columns are {', '.join(COLUMNS)}")
        if image in found:
            raise DatasetError(f"{path}, line {line}: {image} is listed twice")
        found[image] = reason
    return found
