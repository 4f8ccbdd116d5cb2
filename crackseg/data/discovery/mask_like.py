"""Finds pictures without a mask that hold what masks hold, whatever their names say.

Folders of masks have names in all languages (``Masken``, ``etiquetas``, ``output``). Where neither
a folder nor a file's name says that a picture is a mask, its pixels do: a photograph has hundreds
of levels, a mask a few, or black and white with what a lossy format makes of them.
"""

from collections.abc import Iterable
from pathlib import Path

from crackseg.data.annotations.masks.stored import MaskSummary, read_stored_mask, summarise
from crackseg.errors import UnreadableImageError, name_some
from crackseg.images.photographs import size_of_photograph
from crackseg.system.processes import thread_pool

# Bytes: a packed file that is larger than that many in all and for each pixel is a photograph.
_HEADER, _BYTES_A_PIXEL = 2048, 0.3
_PACKED = frozenset({".png", ".jpg", ".jpeg", ".webp"})
# Least share of a lossy mask's pixels that are nearly black or white, and of those like the next.
_EXTREME, _ALIKE = 0.97, 0.9


def mask_like_among(root: Path, photographs: Iterable[Path]) -> list[Path]:
    """Those of some pictures that look like masks.

    Args:
        root: Folder of the data set.
        photographs: Pictures that are photographs by their names, relative to ``root``.
    """
    paths = list(photographs)
    with thread_pool() as pool:
        found = pool.map(lambda path: _looks_like_a_mask(root / path), paths)
        return [path for path, is_one in zip(paths, found, strict=True) if is_one]


def said_mask_like(pictures: Iterable[Path]) -> list[str]:
    """A note on pictures that look like masks."""
    listed = sorted(map(str, pictures))
    if not listed:
        return []
    return [
        f"{len(listed)} pictures hold a few values only, as masks do and photographs do not, and "
        "have no photograph of their name: they are left out, and photographs near them that have "
        "no mask are not taken as crack-free. Name their folder masks, or write _mask behind their "
        f"photographs' names: {name_some(listed)}"
    ]


def _looks_like_a_mask(path: Path) -> bool:
    try:
        size = path.stat().st_size
        if path.suffix.lower() in _PACKED:
            height, width = size_of_photograph(path)
            if size > _HEADER + _BYTES_A_PIXEL * height * width:
                return False
        return _holds_a_mask(summarise(read_stored_mask(path)))
    except (OSError, UnreadableImageError):
        # Whoever reads the photograph says so.
        return False


def _holds_a_mask(summary: MaskSummary) -> bool:
    if summary.is_discrete:
        # One value alone may be a frame that was never exposed.
        return summary.form == "alpha" or len(summary.values) + len(summary.colours) > 1
    return summary.form in ("grey", "colour") and (
        summary.extreme >= _EXTREME and summary.alike >= _ALIKE
    )
