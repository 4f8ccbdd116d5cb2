"""Finds what this program itself has written below a data set: predictions are no truth.

``crackseg predict`` and ``crackseg measure`` keep a record beside their results. Results that were
changed after it, as masks and outlines that somebody has corrected, are truth.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from crackseg.errors import name_some

_RECORD = re.compile(r"(predictions|measurements)(-\d+-of-\d+)?\.jsonl")
_ENDINGS = ("_mask", "_overlay", "_probability", "_measured", "_cracks")
# Folders of formats with files for each photograph, and files for all of them.
_FOLDERS = frozenset({"labelme", "mask", "numbered", "width-map", "dxf", "svg"})
_SHARED = frozenset({"cracks.csv", "photographs.csv", "points.csv", "cracks.html", "coco.json"})
_SHARED |= {"cracks.geojson", "cracks_pixels.geojson", "cracks.gpkg"}
# LabelMe's copy of a photograph is as good as the outlines beside it.
_COPIES, _OUTLINES = "labelme", ".json"
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


def find_own_results(root: Path, files: Sequence[Path]) -> OwnResults:
    """Finds the results of this program among files, by the records beside them.

    Args:
        root: Folder of the data set.
        files: Files below it, relative to it.
    """
    records: dict[Path, list[Path]] = {}
    for path in files:
        if _RECORD.fullmatch(path.name):
            records.setdefault(path.parent, []).append(path)
    found = OwnResults([], [])
    for folder, of_folder in records.items():
        results, written = _read(root, of_folder)
        found.unchanged.extend(of_folder if results else ())
        for path in files:
            if path.is_relative_to(folder) and _is_result(path.relative_to(folder), results):
                is_changed = _changed(root, path, folder) > written + _SLACK
                (found.changed if is_changed else found.unchanged).append(path)
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


def _read(root: Path, records: Iterable[Path]) -> tuple[frozenset[str], int]:
    """Names of the results in some records of a folder, and when the last of them was written."""
    results: set[str] = set()
    written = 0
    for path in records:
        try:
            written = max(written, (root / path).stat().st_mtime_ns)
            lines = (root / path).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        for line in lines:
            try:
                results.add(str(json.loads(line)["result"]))
            except (ValueError, KeyError, TypeError):
                # A killed process leaves half a line.
                continue
    return frozenset(results), written


def _is_result(path: Path, results: frozenset[str]) -> bool:
    """Whether a file is a result, by its path relative to the folder of the record."""
    if path.as_posix() in _SHARED:
        return True
    stem = path.with_suffix("").as_posix()
    first, _, rest = stem.partition("/")
    if first in _FOLDERS and rest in results:
        return True
    return any(stem.removesuffix(one) in results for one in _ENDINGS if stem.endswith(one))


def _changed(root: Path, path: Path, folder: Path) -> int:
    """When a file was changed, or the outlines beside a copy of a photograph, in nanoseconds."""
    beside = path.relative_to(folder).parts[0] == _COPIES
    places = [path.with_suffix(_OUTLINES), path] if beside else [path]
    for place in places:
        try:
            return (root / place).stat().st_mtime_ns
        except OSError:
            continue
    return 0
