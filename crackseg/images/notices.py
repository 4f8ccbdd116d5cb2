"""Says what was inferred from a picture, or passed over in it, because its file does not say it."""

import logging
import multiprocessing
from collections import defaultdict
from pathlib import Path

from PIL import Image

from crackseg.images.tiff.header import TiffHeader

log = logging.getLogger(__name__)

# Formats with real pages: the pictures that a camera adds to a JPEG are no pages.
_PAGED = frozenset({"TIFF", "PNG", "WEBP", "GIF"})
# Most warnings of one kind, since a whole data set may be alike.
_MOST_WARNINGS = 5
_warned: dict[str, set[str]] = defaultdict(set)


def warn_of_pages(path: Path, picture: Image.Image | TiffHeader) -> None:
    """Says that a file has further pages, which are not looked at."""
    if isinstance(picture, TiffHeader):
        pages = picture.pages
    else:
        pages = getattr(picture, "n_frames", 1) if picture.format in _PAGED else 1
    if pages > 1:
        warn(
            "pages",
            f"{path}: has {pages} pages, only the first one is looked at; save the others as files",
        )


def warn(kind: str, message: str) -> None:
    """Warns of what was inferred from a file: once, and for the first few files of a kind."""
    # A loader's worker reads files that the main process has already warned of.
    if multiprocessing.parent_process() is not None or message in _warned[kind]:
        return
    if len(_warned[kind]) < _MOST_WARNINGS:
        _warned[kind].add(message)
        is_last = len(_warned[kind]) == _MOST_WARNINGS
        log.warning("%s%s", message, "; further ones like it are not named" if is_last else "")
