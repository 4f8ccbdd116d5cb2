"""List of photographs that a training leaves out: a CSV file with the columns image and reason."""

from collections.abc import Mapping
from pathlib import Path

from crackseg.data.splits.tables import read_table
from crackseg.errors import CrackSegError, DatasetError
from crackseg.system.files import write_table

COLUMNS = ("image", "reason")


def write_exclusions(path: Path, rows: Mapping[str, str]) -> None:
    """Writes a new list.

    Args:
        path: Path of a file that does not exist yet.
        rows: Reasons by image; an image is its path relative to the data set's root.

    Raises:
        CrackSegError: A file of this name exists, or it cannot be written.
    """
    refuse_to_replace(path)
    write_table(path, COLUMNS, rows.items())


def refuse_to_replace(path: Path) -> None:
    """Refuses a path where a list exists, since it may have been edited by hand.

    Raises:
        CrackSegError: The file exists.
    """
    if path.exists():
        raise CrackSegError(
            f"{path}: is there already and may have been edited; remove it or name another file"
        )


def read_exclusions(path: Path) -> dict[str, str]:
    """Reads a list.

    Returns:
        Reasons by image; an image is its path relative to the data set's root.

    Raises:
        DatasetError: The file is missing or damaged, or lists an image more than once.
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
