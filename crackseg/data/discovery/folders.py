"""Reads names of folders together: which belong to each other, and which hold other classes.

A name such as ``cfd_gt`` may be that of any masks. Beside ``cfd_image`` or ``cfd`` it is that of
the masks of its photographs. Of ``masks/crack`` and ``masks/rust`` one holds the masks of cracks.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from crackseg.data.discovery.layouts import (
    CRACK_WORDS,
    KINDS,
    Kind,
    key,
    keys,
    kind,
    kind_of_folder,
    words_of,
)
from crackseg.errors import name_some
from crackseg.images.pixels import MASK_SUFFIXES

_CRACKED = frozenset({"cracked", "positive", "positives"})
_SAID = "|".join(sorted({*KINDS, "ground[_. -]?truths?"}, key=len, reverse=True))
# By themselves these names say it; among other words they may mean anything.
_WHOLE_NAMES: dict[str, Kind] = {
    **dict.fromkeys(("bw", "target", "targets"), "mask"),
    **dict.fromkeys(("input", "inputs"), "image"),
}
_WORD = re.compile(
    rf"(?:^|[_. -]|(?<=[a-z0-9])(?=[A-Z]))(?P<word>(?i:{_SAID}))(?=$|[_. -]|(?<=[a-z])[A-Z])"
)


def scope(path: Path) -> tuple[str, ...]:
    """What the folders above a file are about, without what separates photographs from masks.

    >>> scope(Path("bridge/images/1.jpg")) == scope(Path("bridge/masks/1.png"))
    True
    >>> scope(Path("cfd_image/1.jpg")) == scope(Path("cfd_gt/1.png"))
    True
    """
    about = (_about(part)[0] for part in path.parts[:-1] if not kind_of_folder(part))
    return tuple(part for part in about if part)


def is_of_cracks(folder: str, annotated: bool) -> bool:
    """Whether a folder is for photographs with cracks, as in sets of two classes.

    Args:
        folder: Name of the folder.
        annotated: Whether some photographs in it have a mask, so that it may be a set of its own.

    >>> is_of_cracks("Positive", True), is_of_cracks("uncracked", False)
    (True, False)
    >>> is_of_cracks("cracks", True), is_of_cracks("cracks", False)
    (False, True)
    """
    words = frozenset(words_of(folder))
    said = _CRACKED if annotated else _CRACKED | CRACK_WORDS
    return bool(words & said) and words <= said | {"with", "images", "photos"}


def masks_beside(files: Iterable[Path]) -> frozenset[Path]:
    """Pictures in folders named like another one beside them, but for a word for masks.

    So are ``BW`` and ``target`` beside ``images`` or ``input``.

    Args:
        files: Files, relative to their root.

    >>> sorted(masks_beside([Path("cfd_image/1.jpg"), Path("cfd_gt/1.png"), Path("rust_gt/1.png")]))
    [PosixPath('cfd_gt/1.png')]
    """
    pictures = [path for path in files if path.suffix.lower() in MASK_SUFFIXES]
    folders = {path.parent for path in pictures if path.parent.name}
    said = {folder: _about(folder.name) for folder in folders if not kind_of_folder(folder.name)}
    photographs = {
        (folder.parent, about) for folder, (about, of) in said.items() if of in (None, "image")
    }
    photographs |= {(one.parent, "") for one in folders if kind_of_folder(one.name) == "image"}
    masks = {
        folder
        for folder, (about, of) in said.items()
        if of in ("mask", "label") and (folder.parent, about) in photographs
    }
    return frozenset(path for path in pictures if path.parent in masks)


def other_classes(masks: Sequence[Path], photographs: Collection[Path]) -> list[Path]:
    """Masks beside a folder of masks that is named after cracks.

    Only where both are of the same photographs: ``masks/crack`` and ``masks/uncracked`` are not.

    Args:
        masks: Masks, relative to their root.
        photographs: Photographs.

    >>> masks = [Path("masks/crack/1.png"), Path("masks/rust/1.png")]
    >>> other_classes(masks, [Path("images/1.jpg")])
    [PosixPath('masks/rust/1.png')]
    """
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in masks:
        # The folder above says that these are masks, so theirs may say a class.
        if kind(path.parent):
            folders[path.parent].append(path)
    of_cracks = {one.parent: _stems(folders[one]) for one in folders if _is_of_cracks(one.name)}
    places = {path.parent.name for path in photographs}
    return [
        path
        for folder, files in folders.items()
        if not _is_of_cracks(folder.name) and folder.name not in places
        if not _stems(files).isdisjoint(of_cracks.get(folder.parent, ()))
        for path in files
    ]


def photographs_of(masks: Iterable[Path], photographs: Iterable[Path]) -> dict[Path, Path]:
    """The photograph of each mask that has the name of one."""
    by_key = {key(path): path for path in photographs}
    likely = ((path, [by_key[one] for one in keys(path) if one in by_key]) for path in masks)
    return {path: found[0] for path, found in likely if found}


def said_other_classes(masks: Iterable[Path]) -> list[str]:
    """A note on masks of other classes than cracks."""
    listed = sorted(map(str, masks))
    if not listed:
        return []
    return [
        f"{len(listed)} masks lie beside a folder of masks that is named after cracks, so they are "
        f"of other classes, left out: {name_some(listed)}"
    ]


def _stems(files: Iterable[Path]) -> set[str]:
    return {path.stem for path in files}


def _is_of_cracks(folder: str) -> bool:
    words = words_of(folder)
    return bool(words) and CRACK_WORDS.issuperset(words)


def _about(folder: str) -> tuple[str, Kind | None]:
    """A folder's name without its only word for photographs or masks, and what that says.

    >>> _about("cfd_image"), _about("CrackMasks"), _about("site 2")
    (('cfd', 'image'), ('Crack', 'mask'), ('site 2', None))
    """
    if folder.lower() in _WHOLE_NAMES:
        return "", _WHOLE_NAMES[folder.lower()]
    words = list(_WORD.finditer(folder))
    if len(words) != 1:
        return folder, None
    word = words[0]
    rest = folder[: word.start()] + folder[word.end() :]
    return rest.strip("_. -"), KINDS[re.sub("[^a-z]", "", word["word"].lower())]
