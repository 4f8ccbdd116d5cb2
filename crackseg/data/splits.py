"""Divides pairs into train, val and test, and keeps the division as a manifest.

A manifest is a CSV file with the columns stem, image, mask, source, photograph and subset, paths
relative to the data set's root. It is what a later run is given to see the same photographs in the
same subsets.
"""

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from crackseg.data.archive import Pair
from crackseg.data.names import origin
from crackseg.errors import DatasetError, ManifestError, name_some
from crackseg.files import replacing

SUBSETS = ("train", "val", "test")


@dataclass(frozen=True)
class Row:
    """A pair in a subset; ``source`` and ``photograph`` are empty where its name does not tell."""

    stem: str
    image: str
    mask: str
    source: str
    photograph: str
    subset: str


COLUMNS = tuple(column.name for column in fields(Row))


@dataclass(frozen=True)
class Manifest:
    """Every pair of a data set, each in one subset."""

    rows: tuple[Row, ...]

    def subset(self, name: str) -> tuple[Row, ...]:
        """The rows of ``train``, ``val`` or ``test``, or of ``all``."""
        return tuple(row for row in self.rows if name in ("all", row.subset))

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs each subset holds."""
        counted = Counter(row.subset for row in self.rows)
        return {subset: counted[subset] for subset in SUBSETS}

    @property
    def digest(self) -> str:
        """SHA-256 over all rows in order of their names: equal for equal divisions."""
        ordered = sorted(self.rows, key=lambda row: (row.stem, row.image))
        lines = ("\t".join(getattr(row, column) for column in COLUMNS) for row in ordered)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def write(self, path: Path) -> None:
        """Writes the CSV file."""
        with replacing(path) as name, name.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([getattr(row, column) for column in COLUMNS] for row in self.rows)


def split_randomly(
    pairs: Sequence[Pair], seed: int = 0, counts: Sequence[int] | None = None
) -> Manifest:
    """Divides at random, as the report did.

    Of N pairs floor(.8 N) go to training, floor(.1 N) to validation, the rest to test. Crops of
    one photograph may then stand on both sides.

    Args:
        pairs: each once.
        seed: of the shuffle; the order of ``pairs`` does not matter.
        counts: other counts of train, val and test, together N.

    Raises:
        DatasetError: counts that are not three or do not add up to N, or too few pairs for one
            in train and val.
    """
    total = len(pairs)
    if counts is None:
        train, val = total * 8 // 10, total // 10
        counts = (train, val, total - train - val)
    if len(counts) != 3 or min(counts) < 0 or sum(counts) != total:
        raise DatasetError(
            f"data.counts={list(counts)}: they are train, val and test and must add up to the "
            f"{total} pairs there are"
        )
    if not counts[0] or not counts[1]:
        raise DatasetError(
            f"{total} pairs make {counts[0]} for training and {counts[1]} for validation, and each "
            "needs at least one; add photographs or set data.counts"
        )
    order = np.random.default_rng(seed).permutation(total)
    subsets = np.repeat(SUBSETS, counts)
    assigned = dict(zip(order.tolist(), subsets.tolist(), strict=True))
    return Manifest(tuple(_row(pair, assigned[place]) for place, pair in enumerate(sorted(pairs))))


def read_manifest(path: Path, root: Path) -> Manifest:
    """Reads a manifest and checks it against the files under ``root``.

    Raises:
        ManifestError: a missing or damaged file, an unknown subset, an image or a mask that is
            listed twice or is not there.
    """
    try:
        # Spreadsheets put a byte-order mark before the first column's name.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            records = [(reader.line_num, record) for record in reader]
    except FileNotFoundError as error:
        raise ManifestError(f"{path}: there is no such manifest") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path}: cannot be read as a manifest ({error})") from error
    if not records:
        raise ManifestError(f"{path}: the manifest lists no pair")
    rows = tuple(_checked_row(path, line, record) for line, record in records)
    _refuse_overlap(path, rows)
    missing = [
        name for row in rows for name in (row.image, row.mask) if not (root / name).is_file()
    ]
    if missing:
        raise ManifestError(
            f"{path}: {len(missing)} files that it lists are not below {root}: {name_some(missing)}"
        )
    return Manifest(rows)


def _row(pair: Pair, subset: str) -> Row:
    source, photograph = origin(pair.stem)
    return Row(pair.stem, pair.image, pair.mask, source, photograph, subset)


def _checked_row(path: Path, line: int, record: dict[str | None, str | None]) -> Row:
    values = [record.get(column) for column in COLUMNS]
    if None in record or None in values:
        raise ManifestError(f"{path}, line {line}: the columns are {', '.join(COLUMNS)}")
    row = Row(*(str(value) for value in values))
    if row.subset not in SUBSETS:
        raise ManifestError(
            f"{path}, line {line}: subset is {row.subset!r}; one of {', '.join(SUBSETS)}"
        )
    return row


def _refuse_overlap(path: Path, rows: Sequence[Row]) -> None:
    for column in ("image", "mask"):
        counted = Counter(getattr(row, column) for row in rows)
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ManifestError(
                f"{path}: {len(twice)} times the same {column} stands in it more than once, so "
                f"that subsets overlap: {name_some(twice)}"
            )
