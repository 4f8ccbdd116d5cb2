"""Matches the photographs below a folder with the files that say where their cracks are."""

import filecmp
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crackseg.data.annotations.ground_truth import split_reference
from crackseg.data.annotations.reader import ANNOTATION_SUFFIX
from crackseg.data.discovery.layouts import Key, divide, is_read, key, kind
from crackseg.data.discovery.listing import list_files
from crackseg.data.discovery.references import References, find_references
from crackseg.errors import DatasetError


def match_files(root: Path) -> tuple[dict[Path, str], list[str]]:
    """Finds photographs and their truth; opens annotation files, but no image.

    Args:
        root: an existing folder.

    Returns:
        Each photograph's truth reference, empty where there is none; and the references that no
        photograph was found for.

    Raises:
        DatasetError: two different files that claim to be the same photograph, or to say what is
            crack on it; annotations that contradict themselves.
        UnreadableImageError: a damaged annotation file.
    """
    listing = list_files(root)
    listing.warn_of_left_out()
    files = [path for path in listing.files if is_read(path)]
    photographs, masks = divide(files)
    listed = [path for path in files if path.suffix.lower() == ANNOTATION_SUFFIX]
    references = find_references(root, listed, photographs)
    named = _by_name(root, masks, references)
    truths = {}
    for image in _images(root, photographs, references, named):
        found = [*references.placed.get(image, ()), *named.get(key(image), ())]
        truths[image] = _only(root, image, found)
    lonely = named.keys() - {key(image) for image in truths}
    without_image = [truth for name in lonely for truth in named[name]]
    return truths, [*references.without_image, *without_image]


def _images(
    root: Path,
    photographs: Sequence[Path],
    references: References,
    named: Mapping[Key, Sequence[str]],
) -> list[Path]:
    """The photographs that belong to the data set, each once."""
    placed = [path for path in photographs if path in references.placed]
    others = [path for path in photographs if path not in references.placed]
    in_folders = _by_key(root, (path for path in others if kind(path) == "image"))
    # A picture outside of image folders that has no mask counts only where there are no such
    # folders at all: a figure beside a README is no photograph without a mask.
    folders = any(kind(path) == "image" for path in photographs)
    outside = (
        path
        for path in others
        if kind(path) != "image"
        and key(path) not in in_folders
        and (key(path) in named or not folders)
    )
    return [*placed, *in_folders.values(), *_by_key(root, outside).values()]


def _by_name(
    root: Path, masks: Sequence[Path], references: References
) -> Mapping[Key, Sequence[str]]:
    """The references that find their photograph by its name."""
    named: dict[Key, list[str]] = defaultdict(list)
    for name, path in _by_key(root, masks).items():
        named[name].append(path.as_posix())
    for name, path in _by_key(root, references.elsewhere).items():
        named[name].append(references.elsewhere[path])
    return named


def _by_key(root: Path, paths: Iterable[Path]) -> dict[Key, Path]:
    found: dict[Key, Path] = {}
    for path in paths:
        first = found.setdefault(key(path), path)
        # The same archive unzipped twice is harmless; two different files of one name are not.
        if not _same(root, first, path):
            raise DatasetError(
                f"{root}: {first} and {path} have the same name but differ, so it is not known "
                "which belongs to the mask; remove or rename one, or name the folders of two data "
                "sets apart, as data.root=[FOLDER,FOLDER]"
            )
    return found


def _only(root: Path, image: Path, found: Sequence[str]) -> str:
    """The one reference of a photograph, or an empty one."""
    first = found[0] if found else ""
    for other in found[1:]:
        (file, entry), (other_file, other_entry) = map(split_reference, (first, other))
        if entry != other_entry or not _same(root, Path(file), Path(other_file)):
            raise DatasetError(
                f"{root}: {first} and {other} both say what is crack on {image}; remove one, or "
                "move it out of the folder"
            )
    return first


def _same(root: Path, one: Path, other: Path) -> bool:
    return one == other or filecmp.cmp(root / one, root / other, shallow=False)
