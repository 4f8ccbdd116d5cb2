"""Finds files that may hold the annotations of a photograph in a format that cannot be read."""

import csv
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from crackseg.data.discovery.layouts import (
    Key,
    composed,
    is_of_objects,
    keys,
    kind,
    scope,
    words_of,
)
from crackseg.images.pixels import IMAGE_SUFFIXES, MASK_SUFFIXES

# Files beside photographs that hold no annotation: of cameras, of maps, checksums, documents.
_HARMLESS = re.compile(
    r"\.(xmp|exif|aae|thm|gpx|pp3|dop|dng|cr2|cr3|nef|arw|orf|rw2|raf|pef|heic|heif|avif|mov|mp4|avi"
    r"|wav|m4a|md5|sha1|sha256|pgw|jgw|tfw|bpw|wld|prj|ovr|aux\.xml|lnk|url|py|ipynb|md|rst|html?"
    r"|css|js|ini|log)$",
    re.IGNORECASE,
)
# Texts that may name many photographs, and containers that cannot be searched.
_LISTING = re.compile(
    r"\.(json|jsonl|ndjson|geojson|xml|csv|tsv|txt|yaml|yml|toml|lst)$", re.IGNORECASE
)
_CLOSED = re.compile(r"\.(mat|npy|npz|h5|hdf5|tfrecords?|parquet)$", re.IGNORECASE)
# An archive that is named like a folder of masks is one that was not unpacked.
_ARCHIVE = re.compile(r"\.(zip|gz|7z|rar|tar|tgz)$", re.IGNORECASE)
_TRUTH_WORDS = frozenset({"mask", "masks", "label", "labels", "annotation", "annotations", "gt"})
# What other archives hold is not looked for, but a volume of nnU-Net is no archive.
_VOLUME = ".nii.gz"
_LOOKED_INTO = 64 << 20
_NAME = re.compile(
    rf"[^\"'<>,;:=|\t\r\n/\\]*?(?:{'|'.join(map(re.escape, sorted(IMAGE_SUFFIXES)))})\b",
    re.IGNORECASE,
)
# Columns of this program's own lists of photographs.
_OWN_COLUMNS = frozenset({"reason", "photograph", "subset"})


def find_unknown(
    root: Path,
    files: Iterable[Path],
    read: Collection[Path],
    photographs: Sequence[Path],
    annotated: Collection[Path],
) -> dict[Path, Path]:
    """Finds files that may hold the annotations of photographs.

    A file counts if it is named like a photograph, if it is a text that names it, or if it is a
    container of arrays in a folder above it.

    Args:
        root: Folder of the data set.
        files: All files in the folder.
        read: Files that are read: photographs, masks, annotations.
        photographs: Photographs without truth.
        annotated: Photographs with truth.

    Returns:
        The first such file of each photograph; all paths are relative to ``root``.
    """
    if not photographs:
        return {}
    by_key = _by_key(photographs)
    by_name: dict[str, list[Path]] = {}
    for photograph in photographs:
        by_name.setdefault(composed(photograph.name).lower(), []).append(photograph)
    found: dict[Path, Path] = {}
    for path in files:
        packed = _is_packed_truth(path) and not _is_unpacked(path, annotated)
        if path in read or _HARMLESS.search(path.name) or (_is_archive(path) and not packed):
            continue
        named = _named_like(path, by_key)
        if not named and (packed or _CLOSED.search(path.name)):
            named = [one for one in photographs if _belongs_below(one, path)]
        if not named and _LISTING.search(path.name):
            named = _listed(root / path, by_name)
        for photograph in named:
            found.setdefault(photograph, path)
    return found


def _by_key(photographs: Sequence[Path]) -> dict[Key, list[Path]]:
    by_key: dict[Key, list[Path]] = {}
    for photograph in photographs:
        by_key.setdefault(keys(photograph)[0], []).append(photograph)
    return by_key


def _named_like(path: Path, by_key: Mapping[Key, Sequence[Path]]) -> Sequence[Path]:
    if path.suffix.lower() in MASK_SUFFIXES - {".gif"} and not is_of_objects(path):
        return ()
    path = path.with_suffix("") if _is_volume(path) else path
    return next((by_key[key] for key in keys(path) if key in by_key), ())


def _is_packed_truth(path: Path) -> bool:
    says_truth = kind(path) in ("mask", "label") or _TRUTH_WORDS.intersection(words_of(path.stem))
    return _is_archive(path) and bool(says_truth)


def _is_archive(path: Path) -> bool:
    return _ARCHIVE.search(path.name) is not None and not _is_volume(path)


def _is_unpacked(archive: Path, annotated: Collection[Path]) -> bool:
    """Whether an archive seems to lie beside what was in it: photographs below have truth."""
    return any(_belongs_below(one, archive) for one in annotated)


def _is_volume(path: Path) -> bool:
    return path.name.lower().endswith(_VOLUME)


def _belongs_below(photograph: Path, container: Path) -> bool:
    above = scope(container)
    return scope(photograph)[: len(above)] == above


def _listed(path: Path, by_name: Mapping[str, Sequence[Path]]) -> list[Path]:
    try:
        with path.open("rb") as file:
            text = composed(file.read(_LOOKED_INTO).decode(errors="replace"))
    except OSError:
        return []
    if _is_list_of_names(text) or _is_own_list(path, text):
        return []
    names = {match.strip().lower() for match in _NAME.findall(text)}
    # In a text with blanks, a name may begin after the last blank.
    names |= {name.rpartition(" ")[2] for name in names}
    return [photograph for name in sorted(names) for photograph in by_name.get(name, ())]


def _is_list_of_names(text: str) -> bool:
    """Whether a text holds only names of pictures, as lists of a subset do."""
    words = text.split()
    return all(Path(word.strip(",;\"'")).suffix.lower() in MASK_SUFFIXES for word in words)


def _is_own_list(path: Path, text: str) -> bool:
    if path.suffix.lower() != ".csv":
        return False
    heading = next(csv.reader(text.splitlines()[:1]), [])
    return bool(_OWN_COLUMNS.intersection(heading))
