"""List of photographs that a training leaves out: a CSV file with the columns image and reason."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from crackseg.data.discovery.pairs import Inventory
from crackseg.data.splits.tables import read_table
from crackseg.errors import CrackSegError, DatasetError, name_some
from crackseg.system.files import write_table

log = logging.getLogger(__name__)

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


def without_excluded(inventory: Inventory, path: Path) -> Inventory:
    """Leaves out the photographs of a list, and says how many and which of them are not there.

    Raises:
        DatasetError: The list cannot be read, names none of the photographs, or all of them.
    """
    listed = read_exclusions(path)
    there = {pair.image for pair in inventory.pairs}
    if listed and not there.intersection(listed):
        raise DatasetError(
            f"{path}: none of the {len(listed)} photographs that it lists is below "
            f"{inventory.root}, as {name_some(listed)}; write the list for the same folders that "
            "data.root names"
        )
    absent = [image for image in listed if image not in there]
    if absent:
        log.warning("%s: %d that it lists are not there: %s", path, len(absent), name_some(absent))
    kept = tuple(pair for pair in inventory.pairs if pair.image not in listed)
    if not kept:
        raise DatasetError(
            f"{path}: it lists all {len(inventory.pairs)} pairs below {inventory.root}, so that "
            "none is left; take those out of it that are to be used"
        )
    log.info("%d pairs left out, as %s says", len(inventory.pairs) - len(kept), path)
    return replace(inventory, pairs=kept)
