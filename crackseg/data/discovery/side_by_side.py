"""Separates pictures of one name in one folder, of which one may be the mask of the other."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from crackseg.data.annotations.masks.stored import read_stored_mask
from crackseg.data.annotations.masks.summaries import summarise
from crackseg.data.discovery.layouts import composed, without_crack
from crackseg.data.discovery.mask_like import MOST_CLASSES, is_of_areas, is_packed_photograph
from crackseg.errors import UnreadableImageError
from crackseg.images.heic import HEIC_SUFFIXES
from crackseg.images.jpeg import JPEG_SUFFIXES
from crackseg.images.photographs import size_of_photograph
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress


class Parted(NamedTuple):
    """Photographs and the masks that were among them.

    Attributes:
        photographs: Pictures that are photographs.
        masks: Pictures that are masks of a photograph.
        notes: Notes for the user on how they were separated.
    """

    photographs: list[Path]
    masks: list[Path]
    notes: list[str]


def part_side_by_side(root: Path, photographs: Sequence[Path], files: Sequence[Path]) -> Parted:
    """Takes masks out of photographs: X.png beside X.jpg, of equal size and with a few values only.

    So is X_crack.png.

    Args:
        root: Folder of the data set.
        photographs: Pictures that may be photographs or masks by their names.
        files: All files, since a GIF is never a photograph; all paths are relative to ``root``.
    """
    together: dict[tuple[Path, str], list[Path]] = {}
    gifs = [path for path in files if path.suffix.lower() == ".gif"]
    for path in [*photographs, *gifs]:
        together.setdefault((path.parent, composed(path.stem)), []).append(path)
    pairs = [pictures for pictures in together.values() if len(pictures) == 2]
    for (folder, stem), pictures in together.items():
        named = [one for name in without_crack(stem) for one in together.get((folder, name), ())]
        pairs += [[*named, *pictures]] if len(named) == len(pictures) == 1 else []
    masks = _masks_among(root, pairs)
    # Phones keep both, and a HEIC file is nobody's mask.
    twins = {
        path
        for pictures in together.values()
        if {path.suffix.lower() for path in pictures} & JPEG_SUFFIXES and masks.isdisjoint(pictures)
        for path in pictures
        if path.suffix.lower() in HEIC_SUFFIXES
    }
    notes = []
    if twins:
        notes.append(
            f"{len(twins)} HEIC pictures stand beside a JPEG picture of their name and are taken "
            f"as the same photograph, left out, as {min(twins)}"
        )
    if masks:
        notes += [
            f"{len(masks)} pictures of a few values that stand beside a photograph of their name "
            f"are taken as its mask, as {min(masks)}"
        ]
    others = [path for path in photographs if path not in masks and path not in twins]
    return Parted(others, sorted(masks), notes)


def _masks_among(root: Path, pairs: Sequence[Sequence[Path]]) -> set[Path]:
    """The masks of those pairs of pictures of which one is the other's mask."""
    with thread_pool() as pool:
        found = pool.map(partial(_mask_of_two, root), pairs)
        seen = progress(found, "Looking for masks beside photographs", len(pairs))
        return {mask for mask in seen if mask is not None}


def _mask_of_two(root: Path, pictures: Sequence[Path]) -> Path | None:
    first, second = (size_of_photograph(root / path) for path in pictures)
    if first != second:
        return None
    masks = [path for path in pictures if _has_few_values(root / path)]
    return masks[0] if len(masks) == 1 else None


def _has_few_values(path: Path) -> bool:
    try:
        # JPEG makes more of a few values.
        if path.suffix.lower() in JPEG_SUFFIXES or is_packed_photograph(path):
            return False
        stored = read_stored_mask(path)
    except (OSError, UnreadableImageError):
        # Whoever reads the photograph says so.
        return False
    summary = summarise(stored)
    count = len(summary.values) + len(summary.colours) if summary.is_discrete else 0
    return 0 < count <= 2 or (2 < count <= MOST_CLASSES and is_of_areas(stored))
