"""Finds photographs and their masks under a folder, and pairs them by name.

Known layouts, in any nesting (an unzip tool may put a volume into itself):

    Final-Dataset-Vol1/Images, Final-Dataset-Vol2/Images-2, Final-Dataset-Vol1/Final_Masks/Masks
    images, masks
    train/images, train/masks, val/..., test/...
    X.jpg and X_mask.png, side by side or in the folders above

``Heads`` holds saliency maps under the masks' names and is never read.
"""

import filecmp
import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from crackseg.errors import DatasetError, DatasetNotFoundError, name_some
from crackseg.pixels import IMAGE_SUFFIXES

log = logging.getLogger(__name__)

_IMAGE_FOLDER = re.compile(r"images?([-_ ]?\d+)?")
_MASK_FOLDER = re.compile(r"masks?")
_SUBSET_FOLDERS = frozenset({"train", "val", "valid", "validation", "test"})
_NEVER_READ = frozenset({"heads", "__macosx"})
_MASK_ENDING = "_mask"


class Pair(NamedTuple):
    """A photograph and its mask, as paths relative to the data set's root."""

    stem: str
    image: str
    mask: str


@dataclass(frozen=True)
class Inventory:
    """What stands under a root; files by their path relative to it."""

    root: Path
    pairs: tuple[Pair, ...]
    images_without_mask: tuple[str, ...] = ()
    masks_without_image: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def without(self, unreadable: Sequence[str]) -> "Inventory":
        """The same without the pairs that one of these unreadable files belongs to."""
        bad = set(unreadable)
        kept = tuple(pair for pair in self.pairs if not {pair.image, pair.mask} & bad)
        return replace(self, pairs=kept, unreadable=tuple(unreadable))

    def warn_of_left_out(self) -> None:
        """Logs what is left out, by name and count."""
        for files, what in (
            (self.images_without_mask, "images without a mask, left out"),
            (self.masks_without_image, "masks without an image, left out"),
            (self.unreadable, "unreadable files, left out with their pairs"),
        ):
            if files:
                log.warning("%d %s: %s", len(files), what, name_some(files))


class _Key(NamedTuple):
    """What a photograph and its mask have in common: the subset's folder, if any, and the stem."""

    subset: str
    stem: str


def find_pairs(root: Path) -> Inventory:
    """Finds and pairs the images and masks under ``root``; opens none of them.

    Returns:
        The inventory, its pairs sorted by stem.

    Raises:
        DatasetNotFoundError: no such folder, or not a single pair in it.
        DatasetError: two different files that claim to be the same image or mask.
    """
    if not root.is_dir():
        raise DatasetNotFoundError(_nothing_found(root, "there is no such folder"))
    files = sorted(path for path in _walk(root) if _is_candidate(path))
    masks_by_key = _by_key(root, (path for path in files if _is_mask(path)))
    photographs = [path for path in files if not _is_mask(path)]
    in_image_folders = [path for path in photographs if _nearest_kind(path) == "image"]
    # Pictures outside of image folders count only where there are no such folders at all: a
    # figure beside a README is no photograph without a mask.
    images_by_key = _by_key(root, in_image_folders or photographs)
    paired = [key for key in images_by_key if key in masks_by_key]
    if not paired:
        found = f"{len(images_by_key)} images and {len(masks_by_key)} masks, but no pair"
        raise DatasetNotFoundError(_nothing_found(root, found))
    return Inventory(
        root=root,
        pairs=tuple(
            sorted(
                Pair(key.stem, images_by_key[key].as_posix(), masks_by_key[key].as_posix())
                for key in paired
            )
        ),
        images_without_mask=_names(images_by_key, images_by_key.keys() - masks_by_key.keys()),
        masks_without_image=_names(masks_by_key, masks_by_key.keys() - images_by_key.keys()),
    )


def _walk(root: Path) -> Iterator[Path]:
    """All files below, relative to the root; links to folders are followed."""
    for folder, _, names in os.walk(root, followlinks=True):
        paths = [Path(folder) / name for name in names]
        # A link to nowhere is no file.
        yield from (path.relative_to(root) for path in paths if path.is_file())


def _is_candidate(path: Path) -> bool:
    parts = [part.lower() for part in path.parts]
    hidden = any(part.startswith(".") for part in parts)
    skipped = hidden or _NEVER_READ.intersection(parts[:-1])
    return path.suffix.lower() in IMAGE_SUFFIXES and not skipped


def _nearest_kind(path: Path) -> str | None:
    """``image`` or ``mask``, by the nearest folder above whose name says it."""
    for folder in reversed(path.parts[:-1]):
        if _MASK_FOLDER.fullmatch(folder.lower()):
            return "mask"
        if _IMAGE_FOLDER.fullmatch(folder.lower()):
            return "image"
    return None


def _is_mask(path: Path) -> bool:
    return _nearest_kind(path) == "mask" or path.stem.lower().endswith(_MASK_ENDING)


def _key(path: Path) -> _Key:
    stem = path.stem
    if _is_mask(path) and stem.lower().endswith(_MASK_ENDING):
        stem = stem[: -len(_MASK_ENDING)]
    subsets = [part.lower() for part in path.parts[:-1] if part.lower() in _SUBSET_FOLDERS]
    return _Key(subsets[-1] if subsets else "", stem)


def _by_key(root: Path, paths: Iterable[Path]) -> dict[_Key, Path]:
    found: dict[_Key, Path] = {}
    for path in paths:
        first = found.setdefault(_key(path), path)
        # The same archive unzipped twice is harmless; two different files of one name are not.
        if first != path and not filecmp.cmp(root / first, root / path, shallow=False):
            raise DatasetError(
                f"{root}: {first} and {path} have the same name but differ, so it is not known "
                "which belongs to the mask; remove or rename one"
            )
    return found


def _names(paths: dict[_Key, Path], keys: Iterable[_Key]) -> tuple[str, ...]:
    return tuple(sorted(paths[key].as_posix() for key in keys))


def _nothing_found(root: Path, found: str) -> str:
    return (
        f"{root}: no data set here ({found}). Looked for Final-Dataset-Vol*/Images*/ with "
        "Final_Masks/Masks/, images/ with masks/, {train,val,test}/{images,masks}/, and X.jpg "
        "with X_mask.png. Name the folder that holds them with data.root=..., or train on the "
        "embedded photographs with data=synthetic"
    )
