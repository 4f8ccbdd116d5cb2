"""Finds what this program itself has written below a data set: predictions are no truth.

``crackseg predict`` and ``crackseg measure`` keep a record beside their results. Results that were
changed after they were written, as masks and outlines that somebody has corrected, are truth. Masks
and outlines tell so themselves; of files of all photographs, and of earlier versions, their
time tells.
"""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from crackseg.data.annotations.formats import labelme
from crackseg.errors import name_some
from crackseg.images import png

_RECORD = re.compile(r"(predictions|measurements)(-\d+-of-\d+)?\.jsonl")
_ENDINGS = ("_mask", "_overlay", "_probability", "_measured", "_cracks")
# Folders of formats with files for each photograph; and files for all of them, which measuring
# writes, but not predicting.
_MEASURED = "measurements"
_FOLDERS = frozenset({"labelme", "mask", "numbered", "width-map", "dxf", "svg"})
_SHARED = frozenset({"cracks.csv", "photographs.csv", "points.csv", "cracks.html", "coco.json"})
_SHARED |= {"cracks.geojson", "cracks_pixels.geojson", "cracks.gpkg"}
# LabelMe's copy of a photograph is as good as the outlines beside it.
_COPIES, _OUTLINES = "labelme", ".json"
_MASKS, _MASK = "mask", "_mask.png"
# Nanoseconds between a record's last line and the last result; copies of a folder take as long.
_SLACK = 60_000_000_000


class OwnResults(NamedTuple):
    """Results of this program below a folder.

    Attributes:
        unchanged: Those that are as they were written.
        changed: Those that were changed afterwards.
    """

    unchanged: list[Path]
    changed: list[Path]


class _Record(NamedTuple):
    """A record of results.

    Attributes:
        path: Path of the file, relative to the root of the data set.
        results: Names of the results.
        sealed: Names of those whose masks and outlines tell whether somebody has changed them.
        written: When it was last written, in nanoseconds.
    """

    path: Path
    results: frozenset[str]
    sealed: frozenset[str]
    written: int


def find_own_results(root: Path, files: Sequence[Path]) -> OwnResults:
    """Finds the results of this program among files, by the records beside them.

    Args:
        root: Folder of the data set.
        files: Files below it, relative to it.
    """
    records: dict[Path, list[_Record]] = {}
    for path in files:
        # Others may call a file so too.
        if _RECORD.fullmatch(path.name) and (record := _read(root, path)).results:
            records.setdefault(path.parent, []).append(record)
    found = OwnResults([], [])
    for of_folder in records.values():
        found.unchanged.extend(record.path for record in of_folder)
    # Once through all files: there may be as many records as folders.
    for path in files if records else ():
        for folder in path.parents:
            of_folder = records.get(folder, [])
            below = path.relative_to(folder)
            if of_folder and _is_result(below, of_folder):
                is_changed = _is_changed(root / folder, below, of_folder)
                (found.changed if is_changed else found.unchanged).append(path)
                break
    return found


def said_own_results(own: OwnResults) -> list[str]:
    """Notes on results of this program."""
    notes = []
    if own.unchanged:
        notes.append(
            f"{len(own.unchanged)} files are results of crackseg predict or measure, as the "
            "records beside them say (predictions.jsonl, measurements.jsonl), and no truth, left "
            "out; where somebody has checked them, move them out of that folder: "
            f"{name_some(map(str, own.unchanged))}"
        )
    if own.changed:
        notes.append(
            f"{len(own.changed)} results of crackseg predict or measure were changed after they "
            f"were written and are taken as truth: {name_some(map(str, own.changed))}"
        )
    return notes


def _read(root: Path, path: Path) -> _Record:
    results: set[str] = set()
    sealed: set[str] = set()
    written = 0
    with suppress(OSError):
        written = (root / path).stat().st_mtime_ns
        for line in (root / path).read_text(encoding="utf-8", errors="replace").splitlines():
            # A killed process leaves half a line.
            with suppress(ValueError, KeyError, TypeError):
                entry = json.loads(line)
                results.add(str(entry["result"]))
                # A result that was made again is as its last line says.
                (sealed.add if "sealed" in entry else sealed.discard)(str(entry["result"]))
    return _Record(path, frozenset(results), frozenset(sealed), written)


def _is_result(path: Path, records: Sequence[_Record]) -> bool:
    """Whether a file is a result, by its path relative to the folder of the records."""
    if path.as_posix() in _SHARED:
        return any(record.path.name.startswith(_MEASURED) for record in records)
    return any(not _names(path).isdisjoint(record.results) for record in records)


def _names(path: Path) -> set[str]:
    """Names of the results that a file may be of."""
    stem = path.with_suffix("").as_posix()
    first, _, rest = stem.partition("/")
    names = {rest} if first in _FOLDERS else set()
    return names | {stem.removesuffix(ending) for ending in _ENDINGS if stem.endswith(ending)}


def _is_changed(folder: Path, path: Path, records: Sequence[_Record]) -> bool:
    """Whether somebody has changed a result, by its path relative to the folder of the records."""
    if any(not _names(path).isdisjoint(record.sealed) for record in records):
        if path.parts[0] == _COPIES:
            return not labelme.is_as_written(folder / path.with_suffix(_OUTLINES))
        # Nobody corrects an overlay.
        is_mask = path.parts[0] == _MASKS or path.name.endswith(_MASK)
        return is_mask and not png.is_as_written(folder / path)
    written = max(record.written for record in records)
    return _changed(folder, path) > written + _SLACK


def _changed(folder: Path, path: Path) -> int:
    """When a file was changed, or the outlines beside a copy of a photograph, in nanoseconds."""
    is_copy = path.parts[0] == _COPIES
    for place in [path.with_suffix(_OUTLINES), path] if is_copy else [path]:
        try:
            return (folder / place).stat().st_mtime_ns
        except OSError:
            continue
    return 0
