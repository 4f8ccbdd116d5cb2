"""Finds the photographs that annotation files describe.

A file for one photograph is named like it and is beside it or anywhere else, as a mask may be. A
file for many lists file names, with or without folders. They are searched near it. Where the file
is for one subset (``train/_annotations.coco.json``, ``instances_train2017.json``), they are not
searched in the folders of another subset.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from crackseg.data.annotations.formats.registry import SUFFIXES
from crackseg.data.annotations.ground_truth import reference
from crackseg.data.annotations.labels import crack_labels, joined_use
from crackseg.data.annotations.reader import read_annotations
from crackseg.data.annotations.shapes import AnnotationFile, sheet
from crackseg.data.discovery.explanations import said_made_for_others
from crackseg.data.discovery.layouts import composed, keys, listed_subset, subset
from crackseg.errors import DatasetError, UnreadableImageError, name_some
from crackseg.system.progress import progress

# Any text may have this suffix, and users with masks often keep the same outlines for YOLO.
_TEXT = ".txt"


@dataclass(frozen=True)
class References:
    """Truth references from annotation files.

    Attributes:
        placed: References of each photograph that belong to it by their place.
        elsewhere: References of files for one photograph that do not lie beside it.
        masks: References of mask pictures whose classes a file names.
        weak: Files that a mask picture replaces where there is one.
        without_image: References to images that files list and that do not exist.
        opened: All annotation files.
        labels: Labels that count as cracks.
        known_labels: All labels of annotation files.
        notes: Notes for the user on how they were read.
    """

    placed: Mapping[Path, Sequence[str]]
    elsewhere: Mapping[Path, str]
    masks: Mapping[Path, str]
    weak: Collection[str]
    without_image: Sequence[str]
    opened: Mapping[Path, AnnotationFile]
    labels: frozenset[str]
    known_labels: frozenset[str]
    notes: Sequence[str]


def find_references(
    root: Path,
    files: Sequence[Path],
    photographs: Sequence[Path],
    masks: Sequence[Path] = (),
    given: Collection[str] = (),
) -> References:
    """Opens annotation files and finds the photographs of each.

    Args:
        root: Root of the data set.
        files: Annotation files, relative to ``root``; files about something else are ignored.
        photographs: All photographs, relative to ``root``.
        masks: Mask pictures, relative to ``root``.
        given: Labels that the user says are cracks.

    Raises:
        UnreadableImageError: A file is damaged and does not belong to a single photograph.
        DatasetError: No label is known to mean a crack, or a file name fits several photographs.
    """
    opened = _open(root, files, photographs)
    pictures = {path: found for path in masks if (found := read_annotations(root / path))}
    every = [*opened.values(), *pictures.values()]
    use = joined_use(file.use for file in every)
    labels = crack_labels(use, root, given)
    written = {
        path: reference(path, None, _written_labels(file, labels, bool(given)))
        for path, file in opened.items()
    }
    placed: dict[Path, list[str]] = defaultdict(list)
    elsewhere = _place_sheets(opened, written, photographs, placed)
    without_image, notes = _place_listings(root, opened, written, photographs, placed)
    return References(
        placed,
        elsewhere,
        {path: reference(path, None, labels & file.use.labels) for path, file in pictures.items()},
        {written[path] for path in opened if _is_text(path)},
        without_image,
        opened,
        labels,
        use.declared | use.used,
        [*notes, *_skipped(every, labels), *said_made_for_others(opened, photographs)],
    )


def _open(
    root: Path, files: Sequence[Path], photographs: Sequence[Path]
) -> dict[Path, AnnotationFile]:
    known = {key for photograph in photographs for key in keys(photograph)}
    listed = [path for path in files if path.suffix.lower() in SUFFIXES]
    opened: dict[Path, AnnotationFile] = {}
    for path in progress(listed, "Reading annotations", len(listed)):
        try:
            found = read_annotations(root / path)
        except UnreadableImageError as error:
            if _is_text(path):
                continue
            if not known.intersection(keys(path)):
                raise UnreadableImageError(
                    f"{error}; mend it, or move it out of the data set's folder"
                ) from error
            # It concerns one photograph, which is left out later among the unreadable ones.
            found = sheet(root / path, None, ())
        if found is not None and (found.use.used or not _is_text(path) or known & set(keys(path))):
            opened[path] = found
    return opened


def _is_text(path: Path) -> bool:
    return path.suffix.lower() == _TEXT


def _written_labels(
    file: AnnotationFile, chosen: frozenset[str], given: bool
) -> frozenset[str] | None:
    """Labels that the file's reference must name; None where the file alone gives the same."""
    try:
        if not given and file.guessed_labels() == chosen & file.use.labels:
            return None
    except DatasetError:
        pass
    return chosen & (file.use.labels | file.use.declared)


def _skipped(files: Iterable[AnnotationFile], labels: frozenset[str]) -> list[str]:
    skipped = [
        line
        for file in files
        for annotated in file.photographs.values()
        for line in annotated.skipped(labels)
    ]
    if not skipped:
        return []
    return [f"{len(skipped)} annotations that cannot be drawn, left out: {name_some(skipped)}"]


def _place_sheets(
    opened: Mapping[Path, AnnotationFile],
    written: Mapping[Path, str],
    photographs: Sequence[Path],
    placed: dict[Path, list[str]],
) -> dict[Path, str]:
    """Adds to ``placed``; returns the references of files that do not lie beside a photograph."""
    beside: dict[Path, list[Path]] = defaultdict(list)
    for photograph in photographs:
        beside[photograph.with_suffix("")].append(photograph)
        beside[photograph].append(photograph)
    elsewhere = {}
    for path, file in opened.items():
        if not file.is_listing:
            partners = beside.get(path.with_suffix(""), [])
            if len(partners) == 1:
                placed[partners[0]].append(written[path])
            else:
                elsewhere[path] = written[path]
    return elsewhere


def _place_listings(
    root: Path,
    opened: Mapping[Path, AnnotationFile],
    written: Mapping[Path, str],
    photographs: Sequence[Path],
    placed: dict[Path, list[str]],
) -> tuple[list[str], list[str]]:
    """Adds to ``placed``; returns references to photographs that do not exist, and notes."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for photograph in photographs:
        by_name[composed(photograph.name)].append(photograph)
    without_image, notes = [], []
    for path, listing in opened.items():
        lost = []
        for file_name in listing.listed:
            listed = f"{written[path]}#{file_name}"
            nearest = next(
                (
                    fitting
                    for spelling in _spellings(file_name)
                    if (fitting := _nearest(path, PureWindowsPath(spelling), by_name))
                ),
                [],
            )
            if len(nearest) > 1:
                raise DatasetError(
                    f"{root}: {listed} may be {nearest[0]} or {nearest[1]}; write the folder into "
                    "its file_name or rename one"
                )
            if nearest:
                placed[nearest[0]].append(listed)
            else:
                lost.append(file_name)
        by_last_part = _by_last_part(path, lost, by_name, placed)
        for file_name, photograph in by_last_part.items():
            placed[photograph].append(f"{written[path]}#{file_name}")
        without_image += [f"{written[path]}#{name}" for name in lost if name not in by_last_part]
        notes += _said_last_parts(path, by_last_part)
    return without_image, notes


def _spellings(file_name: str) -> list[str]:
    """The name as it stands there, without percent signs, and without what an address asks for."""
    decoded = unquote(file_name)
    spellings = (file_name, decoded, unquote(file_name.partition("?")[0]))
    return [composed(one) for one in dict.fromkeys(spellings)]


def _nearest(
    listing: Path, listed: PureWindowsPath, by_name: Mapping[str, Sequence[Path]]
) -> list[Path]:
    """Photographs that fit a listed name best; more than one if they fit equally."""
    wanted = listed_subset(listing)
    folders = [part for part in listed.parts[:-1] if part not in (listed.anchor, "..")]
    # A path from the root of a machine or out of the listing's folder holds other folders too.
    foreign = len(folders) < len(listed.parts) - 1
    found: dict[tuple[int, int], list[Path]] = defaultdict(list)
    for path in by_name.get(listed.name, ()):
        agreeing = _agreeing(reversed(folders), map(composed, reversed(path.parts[:-1])))
        known = foreign or agreeing == min(len(folders), len(path.parts) - 1)
        if known and (not wanted or subset(path) in ("", wanted)):
            found[agreeing, _agreeing(listing.parts[:-1], path.parts[:-1])].append(path)
    return found[max(found)] if found else []


def _by_last_part(
    listing: Path,
    file_names: Sequence[str],
    by_name: Mapping[str, Sequence[Path]],
    placed: Mapping[Path, Sequence[str]],
) -> dict[str, Path]:
    """Photographs of file names whose folders do not exist, where only one photograph fits.

    Exports have a project's number in the path, as ``images/1/X.jpg``, or the folders of a server.
    """
    fitting: dict[Path, list[str]] = defaultdict(list)
    for file_name in file_names:
        spellings = [PureWindowsPath(spelling) for spelling in _spellings(file_name)]
        listed = spellings[-1]
        below = [
            path
            for name in {spelling.name for spelling in spellings}
            for path in by_name.get(name, ())
            if path.is_relative_to(listing.parent) and _of_one_subset(listing, listed, path)
        ]
        if len(below) == 1:
            fitting[below[0]].append(file_name)
    return {
        names[0]: path
        for path, names in fitting.items()
        # A photograph that another entry or file already describes does not fit.
        if len(names) == 1 and path not in placed
    }


def _of_one_subset(listing: Path, listed: PureWindowsPath, path: Path) -> bool:
    said = {listed_subset(listing), subset(Path(listed.as_posix())), subset(path)} - {""}
    return len(said) <= 1


def _said_last_parts(listing: Path, found: Mapping[str, Path]) -> list[str]:
    if not found:
        return []
    file_name, photograph = next(iter(found.items()))
    return [
        f"{len(found)} file names in {listing} were found by their last part alone, as "
        f"{file_name}: {photograph}"
    ]


def _agreeing(one: Iterable[str], other: Iterable[str]) -> int:
    """Number of equal folders before the first that differs."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
