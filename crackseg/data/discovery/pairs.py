"""The pairs of photograph and truth below one folder or several.

:mod:`crackseg.data.discovery.layouts` says under which names masks are looked for, and
:mod:`crackseg.data.discovery.references` how annotation files find their photographs.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path
from typing import Literal, NamedTuple

from crackseg.data.annotations.ground_truth import truth_file
from crackseg.data.annotations.reader import ANNOTATION_SUFFIX
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
        """``train``, ``val`` or ``test`` where a folder or COCO's file says it; else empty."""
        file = Path(truth_file(self.mask) or "")
        # A file for this photograph alone is named like it, which says nothing.
        listed = file.suffix.lower() == ANNOTATION_SUFFIX and file.stem != self.stem
        return subset(Path(self.image)) or (listed_subset(file) if listed else "")


@dataclass(frozen=True)
class Inventory:
    """What stands under a root; files by their path relative to it."""

    root: Path
    pairs: tuple[Pair, ...]
    images_without_mask: tuple[str, ...] = ()
    masks_without_image: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def crack_free(self) -> tuple[str, ...]:
        """The images without a mask that are taken as crack-free."""
        return tuple(pair.image for pair in self.pairs if not pair.mask)

    def without(self, unreadable: Sequence[str]) -> "Inventory":
        """The same without the pairs that one of these unreadable files belongs to."""
        bad = set(unreadable)
        kept = tuple(pair for pair in self.pairs if not {pair.image, pair.mask} & bad)
        return replace(self, pairs=kept, unreadable=tuple(unreadable))

    def warn_of_left_out(self) -> None:
        """Logs what is left out or taken as crack-free, by name and count."""
        for files, what in (
            (self.images_without_mask, "images without a mask, left out"),
            (self.crack_free, "images without a mask, taken as crack-free"),
            (self.masks_without_image, "masks without an image, left out"),
            (self.unreadable, "unreadable files, left out with their pairs"),
        ):
            if files:
                log.warning("%d %s: %s", len(files), what, name_some(files))


def find_pairs(root: Path, without_mask: WithoutMask = "leave_out") -> Inventory:
    """Finds and pairs the photographs and masks under ``root``; opens no image.

    Args:
        root: of the data set.
        without_mask: what becomes of photographs without a mask.

    Returns:
        The inventory, its pairs sorted by stem.

    Raises:
        DatasetNotFoundError: no such folder, or no photograph in it with a mask or taken as
            crack-free.
        DatasetError: two different files that claim to be the same photograph, or to say what is
            crack on it; annotations that contradict themselves; names that are not UTF-8.
        UnreadableImageError: a damaged annotation file.
    """
    inventory = _look_into(root, without_mask)
    if not inventory.pairs:
        raise DatasetNotFoundError(_no_pair(inventory))
    return inventory


def find_pairs_below(roots: Sequence[Path], without_mask: WithoutMask = "leave_out") -> Inventory:
    """Finds the pairs of several data sets, each by itself, and joins them.

    Args:
        roots: none of them inside another one. Equal names in different roots do not matter.
        without_mask: see :func:`find_pairs`.

    Returns:
        The inventory below the roots' common parent folder.

    Raises:
        DatasetNotFoundError: see :func:`find_pairs`, for each root.
        DatasetError: see :func:`find_pairs`; also for roots that overlap.
        UnreadableImageError: see :func:`find_pairs`.
    """
    if len(roots) == 1:
        return find_pairs(roots[0], without_mask)
    parent = common_root(roots)
    found = [_look_into(root, without_mask) for root in roots]
    for one in found:
        if not one.pairs:
            raise DatasetNotFoundError(_no_pair(one))
    return _join(parent, found)


def _look_into(root: Path, without_mask: WithoutMask) -> Inventory:
    """The inventory of one root, which may be empty."""
    if not root.is_dir():
        raise DatasetNotFoundError(_nothing_found(root, "there is no such folder"))
    truths, without_image = match_files(root)
    in_pairs = {image.as_posix(): truth for image, truth in truths.items() if truth}
    _refuse_foreign_names(root, (*in_pairs, *in_pairs.values()))
    pairs = sorted(Pair(image.stem, image.as_posix(), truth) for image, truth in truths.items())
    left_out = without_mask == "leave_out"
    return Inventory(
        root=root,
        pairs=tuple(pair for pair in pairs if pair.mask or not left_out),
        images_without_mask=tuple(
            sorted(pair.image for pair in pairs if not pair.mask and left_out)
        ),
        masks_without_image=tuple(sorted(without_image)),
    )


def _refuse_foreign_names(root: Path, names: Iterable[str]) -> None:
    """A name that is not UTF-8 can stand in no manifest and no JSON file.

    Raises:
        DatasetError: there are some.
    """
    shown = {name: name.encode(errors="backslashreplace").decode() for name in names}
    foreign = [readable for name, readable in shown.items() if readable != name]
    if foreign:
        raise DatasetError(
            f"{root}: {len(foreign)} names of files are not UTF-8, so that no list can name them: "
            f"{name_some(foreign)}; rename them"
        )


def common_root(roots: Sequence[Path]) -> Path:
    """The folder that all roots stand in; relative where they all are, and of a single one itself.

    Raises:
        DatasetError: roots that overlap, or that have no folder in common.
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
    for one in inventories:
        folder = Path(os.path.relpath(one.root, parent)).as_posix()
        for stem, image, mask in one.pairs:
            pairs.append(Pair(stem, f"{folder}/{image}", mask and f"{folder}/{mask}"))
        images += [f"{folder}/{image}" for image in one.images_without_mask]
        masks += [f"{folder}/{mask}" for mask in one.masks_without_image]
    return Inventory(parent, tuple(sorted(pairs)), tuple(sorted(images)), tuple(sorted(masks)))


def _no_pair(inventory: Inventory) -> str:
    images, masks = len(inventory.images_without_mask), len(inventory.masks_without_image)
    said = _nothing_found(inventory.root, f"{images} images and {masks} masks, but no pair")
    if images and not masks:
        said += (
            f". If the {images} images show no cracks, say data.without_mask=crack_free, or to "
            "crackseg data --without-mask crack_free"
        )
    return said


def _nothing_found(root: Path, found: str) -> str:
    return (
        f"{root}: no data set here ({found}). Looked for Final-Dataset-Vol*/Images*/ with "
        "Final_Masks/Masks/; images/ with masks/, labels/, ground_truth/, gt/ or annotations/; "
        "{train,val,test}/{images,masks}/; {train,test}_img/ with {train,test}_lab/; X.jpg with "
        "X_mask.png or LabelMe's X.json; and COCO's annotations in a JSON file near the "
        "photographs. Name the folder that holds them with data.root=..., or train on the built-in "
        "photographs with data=synthetic"
    )
