"""Finds the pairs of photograph and truth below one folder or several.

:mod:`crackseg.data.discovery.layouts` says under which names masks are looked for, and
:mod:`crackseg.data.discovery.references` how annotation files find their photographs.
"""

import logging
import os
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

from crackseg.data.annotations.ground_truth import split_reference
from crackseg.data.annotations.labels import refuse_unknown_labels
from crackseg.data.discovery.explanations import (
    no_pair,
    said_cracked,
    said_no_folder,
    said_not_understood,
    said_shifted,
)
from crackseg.data.discovery.folders import is_of_cracks
from crackseg.data.discovery.layouts import listed_subset, subset
from crackseg.data.discovery.matching import match_files
from crackseg.errors import DatasetError, DatasetNotFoundError, name_some

log = logging.getLogger(__name__)

WithoutMask = Literal["leave_out", "crack_free"]


class Pair(NamedTuple):
    """A photograph and its truth, as paths relative to the data set's root.

    ``mask`` is a truth reference, see :mod:`crackseg.data.annotations.ground_truth`: a mask
    image, an annotation file with or without an entry, or empty for a photograph that is taken as
    crack-free.
    """

    stem: str
    image: str
    mask: str

    @property
    def subset(self) -> str:
        """Subset ``train``, ``val`` or ``test`` if a folder or COCO's file says it; else empty."""
        file, _, entry, _ = split_reference(self.mask)
        # A file for this photograph alone is named like it, which says nothing.
        listed = entry is not None and Path(file).stem != self.stem
        return subset(Path(self.image)) or (listed_subset(Path(file)) if listed else "")


@dataclass(frozen=True)
class Inventory:
    """Content of a root; files are named by their path relative to it.

    Attributes:
        root: Folder of the data set.
        pairs: Photographs with their truth.
        images_without_mask: Photographs that are left out because they have no truth.
        masks_without_image: Truth references for which no photograph was found.
        unreadable: Files that cannot be read.
        not_understood: Files that may hold the annotations of photographs without a mask, in a
            format that cannot be read, each with the number of photographs.
        crack_labels: Labels of annotation files that count as cracks.
        known_labels: All labels of annotation files.
        notes: Other notes for the user.
    """

    root: Path
    pairs: tuple[Pair, ...]
    images_without_mask: tuple[str, ...] = ()
    masks_without_image: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    not_understood: Mapping[str, int] = field(default_factory=dict)
    crack_labels: frozenset[str] = frozenset()
    known_labels: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def crack_free(self) -> tuple[str, ...]:
        """Images without a mask that are taken as crack-free."""
        return tuple(pair.image for pair in self.pairs if not pair.mask)

    @property
    def said_labels(self) -> str:
        """A line about the labels that count as cracks; empty where there are no annotations."""
        if not self.known_labels:
            return ""
        others = sorted(self.known_labels - self.crack_labels)
        cracks = name_some(sorted(self.crack_labels), 10) or "none"
        rest = f"; all else is background: {name_some(others, 10)}" if others else ""
        return f"labels that count as crack: {cracks}{rest} (data.crack_labels says otherwise)"

    @property
    def remarks(self) -> tuple[str, ...]:
        """Notes for the user on how photographs and masks were found."""
        if not self.not_understood:
            return self.notes
        return (*self.notes, said_not_understood(self.not_understood))

    def warn_of_left_out(self) -> None:
        """Logs the files that are left out or taken as crack-free, by name and count."""
        for note in self.remarks:
            log.warning("%s", note)
        for files, what in (
            (self.images_without_mask, "images without a mask, left out"),
            (self.crack_free, "images without a mask, taken as crack-free"),
            (self.masks_without_image, "masks without an image, left out"),
            (self.unreadable, "unreadable files, left out with their pairs"),
        ):
            if files:
                log.warning("%d %s: %s", len(files), what, name_some(files))


def find_pairs(
    root: Path, without_mask: WithoutMask = "leave_out", crack_labels: Collection[str] = ()
) -> Inventory:
    """Finds and pairs the photographs and masks under ``root``; opens images of one name alone.

    Args:
        root: Root of the data set.
        without_mask: Treatment of photographs without a mask.
        crack_labels: Labels of annotation files that count as cracks; none guesses them.

    Returns:
        The inventory, its pairs sorted by stem.

    Raises:
        DatasetNotFoundError: There is no such folder, or no photograph in it with a mask or taken
            as crack-free.
        DatasetError: Two different files claim to be the same photograph or its truth, annotations
            contradict themselves, or names are not UTF-8.
        UnreadableImageError: An annotation file is damaged.
    """
    return find_pairs_below([root], without_mask, crack_labels)


def find_pairs_below(
    roots: Sequence[Path],
    without_mask: WithoutMask = "leave_out",
    crack_labels: Collection[str] = (),
) -> Inventory:
    """Finds the pairs of several data sets, each by itself, and joins them.

    Args:
        roots: Roots, none of them inside another one. Equal names in different roots do not matter.
        without_mask: Treatment of photographs without a mask, see :func:`find_pairs`.
        crack_labels: See :func:`find_pairs`.

    Returns:
        The inventory below the roots' common parent folder.

    Raises:
        DatasetNotFoundError: A root has no pairs, see :func:`find_pairs`.
        DatasetError: Roots overlap, or a root is at fault, see :func:`find_pairs`.
        UnreadableImageError: An annotation file is damaged.
    """
    parent = common_root(roots)
    found = [_look_into(root, without_mask, crack_labels) for root in roots]
    known = frozenset[str]().union(*(one.known_labels for one in found))
    refuse_unknown_labels(crack_labels, known, parent)
    for one in found:
        if not one.pairs:
            raise DatasetNotFoundError(
                no_pair(
                    one.root,
                    one.images_without_mask,
                    one.masks_without_image,
                    one.not_understood,
                    one.notes,
                )
            )
    return found[0] if len(found) == 1 else _join(parent, found)


def _look_into(root: Path, without_mask: WithoutMask, crack_labels: Collection[str]) -> Inventory:
    """The inventory of one root, which may be empty."""
    if not root.is_dir():
        raise DatasetNotFoundError(said_no_folder(root))
    matches = match_files(root, crack_labels, without_mask == "crack_free")
    truths = matches.truths
    in_pairs = {image.as_posix(): truth for image, truth in truths.items() if truth}
    _refuse_foreign_names(root, (*in_pairs, *in_pairs.values()))
    pairs = sorted(Pair(image.stem, image.as_posix(), truth) for image, truth in truths.items())
    unknown = {image.as_posix(): file.as_posix() for image, file in matches.unknown.items()}
    # A photograph with annotations that are not understood is not crack-free.
    crack_free = without_mask == "crack_free" and not _is_unmatched(pairs, matches.without_image)
    cracked = _in_folders_of_cracks(pairs) if crack_free else []
    doubtful = unknown.keys() | set(cracked)
    taken = [pair for pair in pairs if pair.mask or (crack_free and pair.image not in doubtful)]
    left = {pair.image for pair in pairs} - {pair.image for pair in taken}
    masks = [split_reference(one)[0] for one in (*in_pairs.values(), *matches.without_image)]
    shifted = said_shifted((pair.image for pair in pairs), masks)
    return Inventory(
        root=root,
        pairs=tuple(taken),
        images_without_mask=tuple(sorted(left)),
        masks_without_image=tuple(sorted(matches.without_image)),
        not_understood=Counter(unknown.values()),
        crack_labels=matches.crack_labels,
        known_labels=matches.known_labels,
        notes=(*matches.notes, *said_cracked(cracked), *shifted),
    )


def _in_folders_of_cracks(pairs: Sequence[Pair]) -> list[str]:
    """Photographs without truth that the name of their folder calls cracked."""
    annotated = {Path(pair.image).parent for pair in pairs if pair.mask}
    without = [(pair.image, Path(pair.image).parent) for pair in pairs if not pair.mask]
    return [image for image, folder in without if is_of_cracks(folder.name, folder in annotated)]


def _is_unmatched(pairs: Sequence[Pair], masks: Collection[str]) -> bool:
    """Whether there are masks, and not one of them found its photograph."""
    return bool(masks) and not any(pair.mask for pair in pairs)


def _refuse_foreign_names(root: Path, names: Iterable[str]) -> None:
    """Refuses names that are not UTF-8, which no manifest and no JSON file can hold.

    Raises:
        DatasetError: There are such names.
    """
    shown = {name: name.encode(errors="backslashreplace").decode() for name in names}
    foreign = [readable for name, readable in shown.items() if readable != name]
    if foreign:
        raise DatasetError(
            f"{root}: {len(foreign)} names of files are not UTF-8, so that no list can name them: "
            f"{name_some(foreign)}; rename them"
        )


def common_root(roots: Sequence[Path]) -> Path:
    """The folder that holds all roots, or a single root itself; relative if all roots are.

    Raises:
        DatasetError: Roots overlap, or have no folder in common.
    """
    if len(roots) == 1:
        return roots[0]
    for first, second in permutations(roots, 2):
        if second.resolve().is_relative_to(first.resolve()):
            raise DatasetError(
                f"data.root: {second} is the same as {first} or inside it, so that its photographs "
                "would count twice; name each folder once"
            )
    try:
        parent = os.path.commonpath([os.path.normpath(root.absolute()) for root in roots])
    except ValueError as error:
        raise DatasetError(
            f"data.root: {name_some(map(str, roots))} have no folder in common ({error})"
        ) from error
    absolute = any(root.is_absolute() for root in roots)
    return Path(parent if absolute else os.path.relpath(parent))


def _join(parent: Path, inventories: Sequence[Inventory]) -> Inventory:
    pairs: list[Pair] = []
    images: list[str] = []
    masks: list[str] = []
    not_understood: dict[str, int] = {}
    for one in inventories:
        folder = Path(os.path.relpath(one.root, parent)).as_posix()
        for stem, image, mask in one.pairs:
            pairs.append(Pair(stem, f"{folder}/{image}", mask and f"{folder}/{mask}"))
        images += [f"{folder}/{image}" for image in one.images_without_mask]
        masks += [f"{folder}/{mask}" for mask in one.masks_without_image]
        not_understood |= {f"{folder}/{file}": n for file, n in one.not_understood.items()}
    return Inventory(
        parent,
        tuple(sorted(pairs)),
        tuple(sorted(images)),
        tuple(sorted(masks)),
        not_understood=not_understood,
        crack_labels=frozenset[str]().union(*(one.crack_labels for one in inventories)),
        known_labels=frozenset[str]().union(*(one.known_labels for one in inventories)),
        notes=tuple(f"{one.root}: {note}" for one in inventories for note in one.notes),
    )
