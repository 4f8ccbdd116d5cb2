"""Searches files of unknown kinds for the names of photographs and for annotations."""

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from crackseg.data.discovery.layouts import composed
from crackseg.images.pixels import IMAGE_SUFFIXES, MASK_SUFFIXES

_LOOKED_INTO = 64 << 20
_PICTURE_SUFFIX = re.compile(
    rf"({'|'.join(map(re.escape, sorted(IMAGE_SUFFIXES)))})\b", re.IGNORECASE
)
_LONGEST_NAME = 255
_SEPARATORS = r"\"'<>,;:=|*/\\\x00-\x1f\ufffd"
_BETWEEN_NAMES = re.compile(rf"[{_SEPARATORS}]")
_CELL = re.compile(rf"[^{_SEPARATORS}]+")
# Label Studio writes a part of a hash before the names of what was uploaded.
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")
_CHECKSUM = re.compile(r"[0-9a-f]{32,}", re.IGNORECASE)
# What tools call annotations, as a key, an element or a column. Notes may have these words too.
_STRUCTURED = frozenset({".json", ".jsonl", ".ndjson", ".xml", ".csv", ".tsv"})
_ANNOTATIONS = re.compile(
    r"\b(annotations?|segmentations?|polygons?|polylines?|linestring|rle|bbox|boundingpoly"
    r"|encodedpixels|brushlabels|polygonlabels|(region_)?shape_attributes)\b",
    re.IGNORECASE,
)
# Columns of this program's own lists of photographs.
_OWN_COLUMNS = frozenset({"reason", "photograph"})


def read_text(path: Path) -> str:
    """The text of a file; empty if it cannot be read or is only a list of photographs."""
    try:
        with path.open("rb") as file:
            text = composed(file.read(_LOOKED_INTO).decode(errors="replace"))
    except OSError:
        return ""
    return "" if _is_list_of_names(text) or _is_own_list(path, text) else text


def names_in(text: str) -> set[str]:
    """Names of pictures in a text, in small letters."""
    return {spelling for name in _pictures_in(text) for spelling in _spellings(name.lower())}


def cells_in(text: str, wanted: Collection[str]) -> set[str]:
    """Those of some strings, in small letters, that are strings or cells of a structured text."""
    # One after the other: millions of them do not fit into memory.
    cells = (match[0].strip().lower() for match in _CELL.finditer(text))
    return {cell for cell in cells if cell in wanted}


def is_structured(path: Path, text: str) -> bool:
    """Whether a file is JSON, XML or a table by its suffix, or by its beginning if it has none."""
    suffix = path.suffix.lower()
    return suffix in _STRUCTURED or (not suffix and text.lstrip()[:1] in ("[", "{", "<"))


def is_about_annotations(text: str) -> bool:
    """Whether a structured text has words of annotations, with or without names of photographs."""
    return _ANNOTATIONS.search(text) is not None


def _pictures_in(text: str) -> Iterator[str]:
    # From each suffix backwards: a search for whole names takes hours on a long line.
    for match in _PICTURE_SUFFIX.finditer(text):
        before = text[max(match.start() - _LONGEST_NAME, 0) : match.end()]
        yield _BETWEEN_NAMES.split(before)[-1].strip()


def _spellings(name: str) -> tuple[str, ...]:
    # In a text with blanks, a name may begin after the last blank.
    last = name.rpartition(" ")[2]
    return name, last, _UPLOADED.sub("", last, count=1)


def _is_list_of_names(text: str) -> bool:
    """Whether a text holds only names of pictures, as lists of a subset or of checksums do."""
    words = (word.strip(",;\"'") for word in text.split())
    return all(
        Path(word).suffix.lower() in MASK_SUFFIXES or _CHECKSUM.fullmatch(word) for word in words
    )


def _is_own_list(path: Path, text: str) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    heading = next(csv.reader(text.splitlines()[:1]), [])
    return bool(_OWN_COLUMNS.intersection(heading))
