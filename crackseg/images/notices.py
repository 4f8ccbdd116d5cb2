"""Says what was inferred from a picture, or passed over in it, because its file does not say it."""

import logging
import multiprocessing
from collections import defaultdict
from pathlib import Path

from PIL import Image

from crackseg.errors import UnreadableImageError
from crackseg.images.tiff.header import TiffHeader

log = logging.getLogger(__name__)

# Formats with real pages: the pictures that a camera adds to a JPEG are no pages.
_PAGED = frozenset({"TIFF", "PNG", "WEBP", "GIF"})
# Most warnings of one kind, since a whole data set may be alike.
_MOST_WARNINGS = 5
_warned: dict[str, set[str]] = defaultdict(set)


def warn_of_pages(path: Path, picture: Image.Image | TiffHeader) -> None:
    """Says that a photograph's file has further pages, which are not looked at."""
    if (pages := _pages(picture)) > 1:
        warn(
            "pages",
            f"{path}: has {pages} pages, only the first one is looked at; save the others as files",
        )


def refuse_pages(path: Path, picture: Image.Image | TiffHeader) -> None:
    """Refuses the file of a mask with further pages, which may well be those of other classes.

    Raises:
        UnreadableImageError: It has some.
    """
    if (pages := _pages(picture)) > 1:
        raise UnreadableImageError(
            f"{path}: has {pages} pages, and which of them shows cracks is not known; save that "
            "one alone"
        )


def _pages(picture: Image.Image | TiffHeader) -> int:
    if isinstance(picture, TiffHeader):
        return picture.pages
    return getattr(picture, "n_frames", 1) if picture.format in _PAGED else 1


def warn(kind: str, message: str) -> None:
    """Warns of what was inferred from a file: once, and for the first few files of a kind."""
    # A loader's worker reads files that the main process has already warned of.
    if multiprocessing.parent_process() is not None or message in _warned[kind]:
        return
    if len(_warned[kind]) < _MOST_WARNINGS:
        _warned[kind].add(message)
        is_last = len(_warned[kind]) == _MOST_WARNINGS
        log.warning("%s%s", message, "; further ones like it are not named" if is_last else "")
