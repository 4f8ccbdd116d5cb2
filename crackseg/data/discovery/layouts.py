"""What names of folders and files tell: photograph or mask, of which subset, of what stem.

Known layouts, in any nesting (an unzip tool may put a volume into itself):

    Final-Dataset-Vol1/Images, Final-Dataset-Vol2/Images-2, Final-Dataset-Vol1/Final_Masks/Masks
    images with masks, labels, ground_truth, gt or annotations
    train/images, train/masks, val/..., test/..., or images/train, masks/train, ...
    train_img, train_lab, test_img, test_lab: DeepCrack's own
    X.jpg and X_mask.png, side by side or in the folders above

``Heads`` holds saliency maps under the masks' names and is never read.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from crackseg.images import IMAGE_SUFFIXES

Kind = Literal["image", "mask", "label"]

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("image", "images", "img", "imgs"), "image"),
    **dict.fromkeys(("mask", "masks"), "mask"),
    # These names say less: annotators also keep photographs in such folders.
    **dict.fromkeys(("label", "labels", "annotation", "annotations"), "label"),
    **dict.fromkeys(("groundtruth", "groundtruths", "gt"), "label"),
}
SUBSET_SPELLINGS = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
_NEVER_READ = frozenset({"heads", "__macosx"})
_MASK_ENDING = "_mask"


class Key(NamedTuple):
    """What a photograph and its mask have in common: the subset, if any, and the stem."""

    subset: str
    stem: str


class _Folder(NamedTuple):
    kind: Kind | None
    subset: str


def is_read(path: Path) -> bool:
    """Whether a file, relative to its root, is neither hidden nor in a folder to be left alone."""
    parts = [part.lower() for part in path.parts]
    return not any(part.startswith(".") for part in parts) and not _NEVER_READ.intersection(
        parts[:-1]
    )


def divide(files: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Tells photographs from masks, by their names alone.

    Images in folders such as ``labels`` are masks of photographs that stand elsewhere; where
    nothing stands elsewhere they are photographs themselves, annotated in another way.

    Args:
        files: relative to their root.

    Returns:
        Photographs and masks, in the order of ``files``.
    """
    images = [path for path in files if path.suffix.lower() in IMAGE_SUFFIXES]
    masks = {path for path in images if _says_mask(path)}
    labels = {path for path in images if kind(path) == "label"}
    if masks.union(labels) != set(images):
        masks |= labels
    return [path for path in images if path not in masks], [
        path for path in images if path in masks
    ]


def kind(path: Path) -> Kind | None:
    """What the nearest folder above that says anything says of the files in it."""
    folders = (_folder(part).kind for part in reversed(path.parts[:-1]))
    return next((said for said in folders if said), None)


def subset(path: Path) -> str:
    """``train``, ``val`` or ``test``, as the nearest folder above says; empty where none does."""
    folders = (_folder(part).subset for part in reversed(path.parts[:-1]))
    return next((said for said in folders if said), "")


def listed_subset(path: Path) -> str:
    """The subset that a file for many photographs is about, by its folder or its own name."""
    said = {SUBSET_SPELLINGS[word] for word in _words(path.stem) if word in SUBSET_SPELLINGS}
    return subset(path) or (said.pop() if len(said) == 1 else "")


def key(path: Path) -> Key:
    """What a photograph and its mask or annotation share."""
    stem = path.stem
    if stem.lower().endswith(_MASK_ENDING):
        stem = stem[: -len(_MASK_ENDING)]
    return Key(subset(path), stem)


def _says_mask(path: Path) -> bool:
    return kind(path) == "mask" or path.stem.lower().endswith(_MASK_ENDING)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z]+", name.lower())


@lru_cache(maxsize=4096)
def _folder(name: str) -> _Folder:
    words = _words(name)
    subsets = [SUBSET_SPELLINGS[word] for word in words if word in SUBSET_SPELLINGS]
    rest = "".join(word for word in words if word not in SUBSET_SPELLINGS)
    if len(subsets) > 1 or (rest and rest not in _KINDS and not (subsets and rest == "lab")):
        return _Folder(None, "")
    # Alone, "lab" is where photographs were taken rather than what they show.
    said = "label" if rest == "lab" else _KINDS.get(rest)
    return _Folder(said, subsets[0] if subsets else "")
