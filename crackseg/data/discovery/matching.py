"""Matches the photographs below a folder with the files of their truth."""

import filecmp
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

from crackseg.data.annotations.ground_truth import split_reference
from crackseg.data.discovery.foreign_systems import said_names
from crackseg.data.discovery.layouts import (
    Key,
    divide,
    is_read,
    key,
    keys,
    kind,
    scope,
)
from crackseg.data.discovery.listing import list_files
from crackseg.data.discovery.mask_like import mask_like_among, said_mask_like
from crackseg.data.discovery.own_results import find_own_results, said_own_results
from crackseg.data.discovery.references import References, find_references
from crackseg.data.discovery.side_by_side import part_side_by_side
from crackseg.data.discovery.unknown_files import find_unknown
from crackseg.data.discovery.variants import part_variants, said_variants, variants_among
from crackseg.errors import DatasetError, name_some
from crackseg.images.pixels import MASK_SUFFIXES

_Place = TypeVar("_Place")

_CHANNELS = (
    "further channels of photographs, left out, for a photograph is one file (the first channel is "
    "read)"
)
_STRAY = "pictures lie outside of the folders for photographs and masks, left out"


class _Truth(NamedTuple):
    """A truth reference and the file behind it."""

    file: Path
    reference: str

    @property
    def is_mask(self) -> bool:
        return self.file.suffix.lower() in MASK_SUFFIXES


@dataclass(frozen=True)
class Matches:
    """Photographs with their truth, relative to the root.

    Attributes:
        truths: Truth reference of each photograph; empty where there is none.
        without_image: References for which no photograph was found.
        unknown: Files that may hold the annotation of a photograph without truth, in a format that
            cannot be read.
        crack_labels: Labels of annotation files that count as cracks.
        known_labels: All labels of annotation files.
        notes: Notes for the user on how they were found.
    """

    truths: Mapping[Path, str]
    without_image: Sequence[str]
    unknown: Mapping[Path, Path]
    crack_labels: frozenset[str]
    known_labels: frozenset[str]
    notes: Sequence[str]


def match_files(
    root: Path, crack_labels: Collection[str] = (), crack_free: bool = False
) -> Matches:
    """Finds photographs and their truth; opens annotation files, and images of equal names.

    Args:
        root: Existing folder.
        crack_labels: Labels that the user says are cracks.
        crack_free: Whether photographs without truth count as crack-free. They are opened then, or
            if none has truth, since masks in a folder of an unknown name may be among them.

    Raises:
        DatasetError: Two different files claim to be the same photograph or its truth, or
            annotations contradict themselves.
        UnreadableImageError: An annotation file is damaged.
    """
    listing = list_files(root)
    listing.warn_of_left_out()
    own = find_own_results(root, listing.files)
    results = frozenset(own.unchanged)
    files = [path for path in listing.files if is_read(path) and path not in results]
    divided = divide(files)
    variants = part_variants(divided.photographs)
    parted = part_side_by_side(root, variants.photographs, files)
    photographs, masks = parted.photographs, sorted([*divided.masks, *parted.masks])
    references = find_references(root, files, photographs, masks, crack_labels)
    named = _by_name(masks, references, {key(path) for path in photographs})
    truths = {
        image: _only(root, image, [*placed, *by_its_name], references)
        for image, by_its_name in _named_of_placed(photographs, references, named)
        if (placed := references.placed[image])
    }
    lonely: list[_Truth] = []
    others, stray = _others(photographs, references, named)
    for name, images in others.items():
        matched, left = _match(root, images, named.get(name, ()), references)
        truths |= matched
        lonely += left
    truths, by_look = _without_masks_by_look(root, truths, crack_free)
    taken = {key(image) for image in truths}
    lonely += [truth for name in named.keys() - taken for truth in named[name]]
    about = {**variants.of, **variants_among((truth.file for truth in lonely), photographs)}
    read = {*results, *photographs, *masks, *divided.channels, *references.opened, *about}
    lost = [truth for truth in lonely if truth.file not in about]
    outside = [*stray, *by_look, *(truth.file for truth in lost)]
    unknown = find_unknown(root, listing, read, truths, outside)
    return Matches(
        truths,
        [*references.without_image, *_references(lost)],
        unknown | {image: path for path, image in about.items() if truths.get(image) == ""},
        references.labels,
        references.known_labels,
        [
            *_said_left_out(divided.channels, _CHANNELS),
            *said_own_results(own),
            *_said_left_out(stray, _STRAY),
            *said_mask_like(by_look),
            *parted.notes,
            *said_variants(path for path, image in about.items() if truths.get(image)),
            *references.notes,
            *said_names(truths),
        ],
    )


def _without_masks_by_look(
    root: Path, truths: Mapping[Path, str], crack_free: bool
) -> tuple[dict[Path, str], list[Path]]:
    """The photographs with their truth, and those pictures among them that look like masks."""
    without = [image for image, truth in truths.items() if not truth]
    by_look = []
    if crack_free or len(without) == len(truths):
        by_look = mask_like_among(root, without)
    masks = frozenset(by_look)
    return {image: truth for image, truth in truths.items() if image not in masks}, by_look


def _by_name(
    masks: Sequence[Path], references: References, photographs: Collection[Key]
) -> Mapping[Key, Sequence[_Truth]]:
    """References that are matched with their photograph by name."""
    named: dict[Key, list[_Truth]] = defaultdict(list)
    truths = [_Truth(path, references.masks.get(path, path.as_posix())) for path in masks]
    truths += [_Truth(path, reference) for path, reference in references.elsewhere.items()]
    for truth in truths:
        likely = keys(truth.file)
        name = next((one for one in likely if one in photographs), likely[0])
        named[name].append(truth)
    return named


def _named_of_placed(
    photographs: Sequence[Path], references: References, named: Mapping[Key, Sequence[_Truth]]
) -> Iterator[tuple[Path, list[str]]]:
    """Photographs that annotation files describe, each with the references of its name.

    Where a photograph of the same name waits for its truth, only those in the same place count.
    """
    waiting = {key(path) for path in photographs if path not in references.placed}
    for image in photographs:
        if image in references.placed:
            name = key(image)
            yield (
                image,
                [
                    truth.reference
                    for truth in named.get(name, ())
                    if name not in waiting or scope(truth.file) == scope(image)
                ],
            )


def _others(
    photographs: Sequence[Path], references: References, named: Mapping[Key, Sequence[_Truth]]
) -> tuple[dict[Key, list[Path]], list[Path]]:
    """Photographs of the data set whose truth is not found by its place, and stray pictures."""
    others = [path for path in photographs if path not in references.placed]
    in_folders = _grouped((key(path), path) for path in others if kind(path) == "image")
    # A picture outside of image folders that has no mask counts only where there are no such
    # folders at all: a figure beside a README is no photograph without a mask.
    folders = any(kind(path) == "image" for path in photographs)

    def belongs(path: Path) -> bool:
        truths, inside = named.get(key(path), ()), in_folders.get(key(path), ())
        if inside:
            # A smaller copy beside the folder is not another photograph; one elsewhere may be.
            scopes = {scope(truth.file) for truth in truths} - {scope(one) for one in inside}
            return scope(path) in scopes
        return bool(truths) or not folders

    outside = [path for path in others if kind(path) != "image"]
    inside = (path for paths in in_folders.values() for path in paths)
    grouped = _grouped((key(path), path) for path in [*inside, *filter(belongs, outside)])
    return grouped, [path for path in outside if not belongs(path)]


def _match(
    root: Path, images: Sequence[Path], truths: Sequence[_Truth], references: References
) -> tuple[dict[Path, str], list[_Truth]]:
    """Matches files of one name: each image with its reference, and the truths that are left."""
    different = _different(root, images)
    if len(different) == 1:
        return {different[0]: _only_of(root, different[0], truths, references)}, []
    if not truths:
        _refuse_side_by_side(root, different)
        return dict.fromkeys(different, ""), []
    # Folders images and masks in one folder belong together.
    by_scope = _grouped((scope(image), image) for image in different)
    left = [truth for truth in truths if scope(truth.file) not in by_scope]
    matched = dict.fromkeys(different, "")
    for place, together in by_scope.items():
        of_place = [truth for truth in truths if scope(truth.file) == place]
        if of_place:
            if len(together) > 1:
                raise _of_one_name(root, *together[:2])
            matched[together[0]] = _only_of(root, together[0], of_place, references)
    if left and not all(matched.values()):
        raise _of_one_name(root, *different[:2])
    return matched, left


def _only_of(root: Path, image: Path, truths: Sequence[_Truth], references: References) -> str:
    masks = _different(root, [truth.file for truth in truths if truth.is_mask])
    if len(masks) > 1:
        raise _of_one_name(root, *masks[:2])
    kept = [truth for truth in truths if not truth.is_mask or truth.file in masks]
    return _only(root, image, _references(kept), references)


def _only(root: Path, image: Path, found: Sequence[str], references: References) -> str:
    """The only reference of a photograph, or an empty one."""
    strong = [reference for reference in found if reference not in references.weak] or found
    first = strong[0] if strong else ""
    for other in strong[1:]:
        one, another = split_reference(first), split_reference(other)
        if one[1:] != another[1:] or not _same(root, Path(one.file), Path(another.file)):
            raise DatasetError(
                f"{root}: {first} and {other} both say what is crack on {image}; remove one, or "
                "move it out of the folder"
            )
    return first


def _different(root: Path, paths: Sequence[Path]) -> list[Path]:
    """Files that differ: the same archive unzipped twice is harmless."""
    found: list[Path] = []
    for path in paths:
        if not any(_same(root, one, path) for one in found):
            found.append(path)
    return found


def _same(root: Path, one: Path, other: Path) -> bool:
    return one == other or filecmp.cmp(root / one, root / other, shallow=False)


def _of_one_name(root: Path, first: Path, second: Path) -> DatasetError:
    return DatasetError(
        f"{root}: {first} and {second} have the same name but differ, so it is not known "
        "which belongs to the mask; remove or rename one, or name the folders of two data "
        "sets apart, as data.root=[FOLDER,FOLDER]"
    )


def _refuse_side_by_side(root: Path, images: Sequence[Path]) -> None:
    for first, second in pairwise(images):
        if first.parent == second.parent:
            raise DatasetError(
                f"{root}: {first} and {second} have the same name, and it is not known whether "
                "one is the other's mask, for not one of the two alone has two values only and "
                "the other's size; write _mask behind the names of masks, or rename one"
            )


def _grouped(pairs: Iterable[tuple[_Place, Path]]) -> dict[_Place, list[Path]]:
    groups: dict[_Place, list[Path]] = defaultdict(list)
    for place, path in pairs:
        groups[place].append(path)
    return groups


def _references(truths: Iterable[_Truth]) -> list[str]:
    return [truth.reference for truth in truths]


def _said_left_out(pictures: Sequence[Path], what: str) -> list[str]:
    return [f"{len(pictures)} {what}: {name_some(map(str, pictures))}"] if pictures else []
