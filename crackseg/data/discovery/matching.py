"""Matches the photographs below a folder with the files of their truth."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, TypeVar

from crackseg.data.annotations.ground_truth import split_reference
from crackseg.data.discovery.explanations import (
    said_channels,
    said_names,
    said_of_one_name,
    said_side_by_side,
    said_stray,
)
from crackseg.data.discovery.folders import (
    masks_beside,
    other_classes,
    photographs_of,
    said_other_classes,
    scope,
)
from crackseg.data.discovery.layouts import Key, divide, is_read, key, keys, kind
from crackseg.data.discovery.listing import Listing, different, is_same, list_files
from crackseg.data.discovery.mask_like import said_mask_like, without_mask_like
from crackseg.data.discovery.own_results import find_own_results, said_own_results
from crackseg.data.discovery.references import References, find_references
from crackseg.data.discovery.side_by_side import part_side_by_side
from crackseg.data.discovery.unknown_files import find_unknown
from crackseg.data.discovery.variants import part_variants, said_variants, variants_among
from crackseg.errors import DatasetError
from crackseg.images.pixels import MASK_SUFFIXES

_Place = TypeVar("_Place")
_Item = TypeVar("_Item")


class _Truth(NamedTuple):
    """A truth reference and the file behind it."""

    file: Path
    reference: str

    @property
    def is_mask(self) -> bool:
        return self.file.suffix.lower() in MASK_SUFFIXES


class _Files(NamedTuple):
    """Files below a root, relative to it.

    Attributes:
        read: All but results of this program.
        photographs: Pictures that may be photographs.
        masks: Pictures that may be their masks.
        variants: Pictures that are about a photograph, each with it.
        classes: Masks of other classes than cracks.
        others: Files that are known to be neither photographs nor their masks.
        notes: Notes for the user.
    """

    read: list[Path]
    photographs: list[Path]
    masks: list[Path]
    variants: dict[Path, Path]
    classes: list[Path]
    others: set[Path]
    notes: list[str]


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
    files = _files_of(root, listing)
    references = find_references(root, files.read, files.photographs, files.masks, crack_labels)
    truths, lonely, stray = _matched(root, files, references)
    truths, by_look = without_mask_like(root, truths, crack_free)
    lost = variants_among((truth.file for truth in lonely), files.photographs)
    about = files.variants | lost
    known = {*files.photographs, *files.masks, *files.others, *references.opened, *about}
    nowhere = [truth for truth in lonely if truth.file not in lost]
    outside = [*stray, *by_look, *(truth.file for truth in nowhere)]
    unknown = find_unknown(root, listing, known, truths, outside)
    untold = about | photographs_of(files.classes, files.photographs)
    return Matches(
        truths,
        [*references.without_image, *(truth.reference for truth in nowhere)],
        unknown | {image: path for path, image in untold.items() if truths.get(image) == ""},
        references.labels,
        references.known_labels,
        [
            *files.notes,
            *said_stray(stray),
            *said_mask_like(by_look),
            *said_variants(path for path, image in about.items() if truths.get(image)),
            *references.notes,
            *said_names(truths),
        ],
    )


def _files_of(root: Path, listing: Listing) -> _Files:
    """Divides what lies below the root, by names, and by pixels where two have one name."""
    own = find_own_results(root, listing.files)
    results = frozenset(own.unchanged)
    read = [path for path in listing.files if is_read(path) and path not in results]
    divided = divide(read, masks_beside(read))
    variants = part_variants(divided.photographs)
    parted = part_side_by_side(root, variants.photographs, read)
    classes = other_classes(divided.masks, parted.photographs)
    return _Files(
        read,
        parted.photographs,
        sorted({*divided.masks, *parted.masks}.difference(classes)),
        variants.of,
        classes,
        {*results, *divided.channels, *classes},
        [
            *said_channels(divided.channels),
            *said_own_results(own),
            *parted.notes,
            *said_other_classes(classes),
        ],
    )


def _matched(
    root: Path, files: _Files, references: References
) -> tuple[dict[Path, str], list[_Truth], list[Path]]:
    """Photographs with their truth, truths that are left, and pictures that are none of both."""
    named = _by_name(files.masks, references, {key(path) for path in files.photographs})
    truths = {
        image: _only(root, image, [*placed, *by_its_name], references)
        for image, by_its_name in _named_of_placed(files.photographs, references, named)
        if (placed := references.placed[image])
    }
    lonely: list[_Truth] = []
    others, stray = _others(files.photographs, references, named)
    for name, images in others.items():
        matched, left = _match(root, images, named.get(name, ()), references)
        truths |= matched
        lonely += left
    taken = {key(image) for image in truths}
    lonely += [truth for name in named.keys() - taken for truth in named[name]]
    return truths, lonely, stray


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
            found = list(named.get(key(image), ()))
            if key(image) in waiting:
                found = [truth for truth in found if scope(truth.file) == scope(image)]
            yield image, [truth.reference for truth in found]


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
    several = different(root, images)
    if len(several) == 1:
        return {several[0]: _only_of(root, several[0], truths, references)}, []
    if not truths:
        for one, other in pairwise(several):
            if one.parent == other.parent:
                raise DatasetError(said_side_by_side(root, one, other))
        return dict.fromkeys(several, ""), []
    # Folders images and masks in one folder belong together.
    by_scope = _grouped((scope(image), image) for image in several)
    matched = dict.fromkeys(several, "")
    by_place = _grouped((scope(truth.file), truth) for truth in truths)
    left = [one for place, some in by_place.items() if place not in by_scope for one in some]
    for place, together in by_scope.items():
        of_place = by_place.get(place, [])
        if of_place:
            if len(together) > 1:
                raise DatasetError(said_of_one_name(root, *together[:2]))
            matched[together[0]] = _only_of(root, together[0], of_place, references)
    if left and not all(matched.values()):
        raise DatasetError(said_of_one_name(root, *several[:2]))
    return matched, left


def _only_of(root: Path, image: Path, truths: Sequence[_Truth], references: References) -> str:
    masks = different(root, [truth.file for truth in truths if truth.is_mask])
    if len(masks) > 1:
        raise DatasetError(said_of_one_name(root, *masks[:2]))
    kept = [truth for truth in truths if not truth.is_mask or truth.file in masks]
    return _only(root, image, [truth.reference for truth in kept], references)


def _only(root: Path, image: Path, found: Sequence[str], references: References) -> str:
    """The only reference of a photograph, or an empty one."""
    strong = [reference for reference in found if reference not in references.weak] or found
    first = strong[0] if strong else ""
    for other in strong[1:]:
        one, another = split_reference(first), split_reference(other)
        if one[1:] != another[1:] or not is_same(root, Path(one.file), Path(another.file)):
            raise DatasetError(
                f"{root}: {first} and {other} both say what is crack on {image}; remove one, or "
                "move it out of the folder"
            )
    return first


def _grouped(pairs: Iterable[tuple[_Place, _Item]]) -> dict[_Place, list[_Item]]:
    groups: dict[_Place, list[_Item]] = defaultdict(list)
    for place, item in pairs:
        groups[place].append(item)
    return groups
