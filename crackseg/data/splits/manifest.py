"""Manifest of a division: written to a CSV file and read back.

Its columns are stem, image, mask, source, photograph, group and subset. Paths are relative to the
data set's root. With it a later run sees the same photographs in the same subsets, and leaks can be
counted from it alone.
"""

import hashlib
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypeVar

from crackseg.data.annotations.ground_truth import is_annotation, truth_file
from crackseg.data.discovery.layouts import key, keys
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.tables import read_table
from crackseg.errors import ManifestError, name_some
from crackseg.system.files import write_table

log = logging.getLogger(__name__)

SUBSETS = ("train", "val", "test")

Item = TypeVar("Item")


@dataclass(frozen=True)
class Row:
    """A pair in a subset.

    Attributes:
        stem: Name of the image without its suffix.
        image: Path of the image relative to the root.
        mask: Truth reference relative to the root: a mask image, a LabelMe ``X.json``, a COCO
            ``annotations.json#FILE_NAME``, or empty for a photograph that is taken as crack-free.
        source: Sub-dataset; empty where the name does not say it.
        photograph: Photograph that the image was cut from; empty where the name does not say it.
        group: Photograph with its near duplicates, which must stay in one subset.
        subset: Subset ``train``, ``val`` or ``test``; empty before the division.
    """

    stem: str
    image: str
    mask: str
    source: str
    photograph: str
    group: str
    subset: str

    @property
    def pair(self) -> Pair:
        """The pair without its origin and subset."""
        return Pair(self.stem, self.image, self.mask)


COLUMNS = tuple(column.name for column in fields(Row))
# Manifests of earlier versions lack the group, and their hashes are stored in checkpoints.
_ALWAYS = tuple(column for column in COLUMNS if column != "group")


@dataclass(frozen=True)
class Manifest:
    """Every pair of a data set, each in one subset.

    Attributes:
        rows: Rows of the pairs.
        uncompared: Number of rows that were not compared with the others for near duplicates.
    """

    rows: tuple[Row, ...]
    uncompared: int = field(default=0, compare=False)

    def subset(self, name: str) -> tuple[Row, ...]:
        """The rows of ``train``, ``val`` or ``test``, or of ``all``."""
        return tuple(row for row in self.rows if name in ("all", row.subset))

    @property
    def counts(self) -> dict[str, int]:
        """Number of pairs in each subset."""
        counted = Counter(row.subset for row in self.rows)
        return {subset: counted[subset] for subset in SUBSETS}

    @property
    def digest(self) -> str:
        """SHA-256 over all rows in order of their names; equal for equal divisions.

        The groups are left out: they are the reason for a division, not part of it.
        """
        ordered = sorted(self.rows, key=lambda row: (row.stem, row.image))
        lines = ("\t".join(getattr(row, column) for column in _ALWAYS) for row in ordered)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Writes the CSV file."""
        cells = ([getattr(row, column) for column in COLUMNS] for row in self.rows)
        write_table(path, COLUMNS, cells)


def spread_over(items: Sequence[Item], count: int) -> Sequence[Item]:
    """Up to ``count`` items from the whole of a sequence, such as rows that are sorted by name.

    >>> spread_over("abcdefghij", 4)
    ['a', 'c', 'f', 'h']
    """
    taken = min(len(items), count)
    return [items[place * len(items) // taken] for place in range(taken)]


def read_manifest(path: Path, root: Path | None = None) -> Manifest:
    """Reads a manifest.

    A file without the column group, as earlier versions wrote it, is read too. A group is then the
    photograph alone, or the image where its photograph is unknown. Such rows, and rows that were
    added by hand without a group, count as not compared.

    Args:
        path: Path of the CSV file.
        root: Folder in which all listed files must exist; None does not check them.

    Raises:
        ManifestError: The file is missing or damaged, a subset is unknown, or an image or a mask is
            listed more than once or does not exist.
    """
    columns, records = read_table(path, "manifest", ManifestError)
    missing = [column for column in _ALWAYS if column not in columns]
    if columns and missing:
        raise ManifestError(
            f"{path}, line 1: it lacks {', '.join(missing)}; the columns are {', '.join(COLUMNS)}, "
            "between commas"
        )
    if not records:
        raise ManifestError(f"{path}: the manifest lists no pair")
    rows = tuple(_checked_row(path, line, record) for line, record in records)
    _refuse_overlap(path, rows)
    _warn_of_exchanged(path, rows)
    if root is not None:
        _refuse_missing(path, rows, root)
    return Manifest(rows, uncompared=sum(not record.get("group") for _, record in records))


def _checked_row(path: Path, line: int, record: dict[str | None, str | None]) -> Row:
    values = {column: record.get(column) for column in _ALWAYS}
    if None in record or None in values.values():
        raise ManifestError(f"{path}, line {line}: the columns are {', '.join(COLUMNS)}")
    cells = {column: str(value) for column, value in values.items()}
    row = Row(**cells, group=record.get("group") or cells["photograph"] or cells["image"])
    if not row.image.strip() or not row.stem.strip():
        raise ManifestError(
            f"{path}, line {line}: {'image' if not row.image.strip() else 'stem'} is empty; every "
            "line names a photograph"
        )
    if row.subset not in SUBSETS:
        raise ManifestError(
            f"{path}, line {line}: subset is {row.subset!r}; one of {', '.join(SUBSETS)}"
        )
    for name in (row.image, truth_file(row.mask)):
        if name:
            _refuse_outside(path, line, name)
    return row


def _refuse_outside(path: Path, line: int, name: str) -> None:
    # What is written of an image goes by its path, below another folder.
    named = Path(name)
    if named.anchor or ".." in named.parts:
        raise ManifestError(
            f"{path}, line {line}: {name} leads out of the data set; paths are relative to its "
            "root, which data.root names"
        )


def _refuse_overlap(path: Path, rows: Sequence[Row]) -> None:
    for column in ("image", "mask"):
        # Crack-free photographs have no mask.
        counted = Counter(name for row in rows if (name := getattr(row, column)))
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ManifestError(
                f"{path}: {len(twice)} times the same {column} stands in it more than once, so "
                f"that subsets overlap: {name_some(twice)}"
            )


def _warn_of_exchanged(path: Path, rows: Sequence[Row]) -> None:
    """Says which masks bear another photograph's name, as after one column was sorted by itself."""
    photographs = {key(Path(row.image)) for row in rows}
    exchanged = []
    for row in rows:
        # An annotation file may be that of many photographs.
        file = "" if is_annotation(row.mask) else truth_file(row.mask)
        likely = keys(Path(file or row.image))
        if key(Path(row.image)) not in likely and photographs.intersection(likely):
            exchanged.append(f"{row.image} with {row.mask}")
    if exchanged:
        log.warning(
            "%s: %d masks bear the name of another photograph that it lists: %s; was a column "
            "sorted by itself?",
            path,
            len(exchanged),
            name_some(exchanged),
        )


def _refuse_missing(path: Path, rows: Sequence[Row], root: Path) -> None:
    names = dict.fromkeys(
        name for row in rows for name in (row.image, truth_file(row.mask)) if name
    )
    missing = [name for name in names if not (root / name).is_file()]
    if missing:
        raise ManifestError(
            f"{path}: {len(missing)} files that it lists are not below {root}: {name_some(missing)}"
        )
