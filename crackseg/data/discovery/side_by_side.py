"""Separates pictures of one name in one folder, of which one may be the mask of the other."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from crackseg.data.discovery.layouts import composed
from crackseg.errors import UnreadableImageError
from crackseg.images.heic import HEIC_SUFFIXES
from crackseg.images.jpeg import JPEG_SUFFIXES
from crackseg.images.photographs import size_of_photograph
from crackseg.images.pixels import read_mask_and_kind

_TWO_VALUES = frozenset({"binary", "zero_one", "palette"})


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
    """Takes masks out of photographs: X.png beside X.jpg, of equal size and with only two values.

    Args:
        root: Folder of the data set.
        photographs: Pictures that may be photographs or masks by their names.
        files: All files, since a GIF is never a photograph; all paths are relative to ``root``.
    """
    together: dict[tuple[Path, str], list[Path]] = {}
    gifs = [path for path in files if path.suffix.lower() == ".gif"]
    for path in [*photographs, *gifs]:
        together.setdefault((path.parent, composed(path.stem)), []).append(path)
    masks = {
        mask
        for pictures in together.values()
        if len(pictures) == 2 and (mask := _mask_of_two(root, *pictures))
    }
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
            f"{len(masks)} pictures of two values that stand beside a photograph of their name "
            f"are taken as its mask, as {min(masks)}"
        ]
    others = [path for path in photographs if path not in masks and path not in twins]
    return Parted(others, sorted(masks), notes)


def _mask_of_two(root: Path, first: Path, second: Path) -> Path | None:
    sizes = [_binary_size(root / path) for path in (first, second)]
    binary = [path for path, size in zip((first, second), sizes, strict=True) if size]
    if len(binary) != 1:
        return None
    photograph = second if binary[0] == first else first
    size = next(size for size in sizes if size)
    return binary[0] if size_of_photograph(root / photograph) == size else None


def _binary_size(path: Path) -> tuple[int, int] | None:
    """Size (H, W) of a picture with only two values; None for any other picture."""
    try:
        mask, stored = read_mask_and_kind(path)
    except UnreadableImageError:
        return None
    return (mask.shape[0], mask.shape[1]) if stored in _TWO_VALUES else None
