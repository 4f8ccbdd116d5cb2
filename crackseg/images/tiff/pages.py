"""What lies around the pixels of a TIFF file: further pages, smaller copies, masks, and gaps.

GDAL keeps a mask, which says which pixels show something, as a picture of its own, and leaves out
parts that show nothing (its SPARSE_OK).
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import tifffile
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from crackseg.images.bit_depth import Numbers

_KIND = 254
# Bits of the kind of a picture.
_IS_COPY, _IS_MASK = 1, 4
# Pictures whose kinds are looked at.
_MOST_PICTURES = 999


def kinds_from(file: BinaryIO, start: bytes, place: int) -> Sequence[int]:
    """Kinds of the pictures from a place on, as bits; damaged ones count as pages.

    Args:
        file: Open file.
        start: Its first bytes, which tell the order of bytes.
        place: Position of the first of these pictures; 0 for none.
    """
    kinds: list[int] = []
    # A damaged file can fail in any way.
    with suppress(Exception):
        while place and len(kinds) < _MOST_PICTURES:
            kinds.append(0)
            directory = ImageFileDirectory_v2(start)
            file.seek(place)
            directory.load(file)
            kinds[-1] = int(directory.get(_KIND, 0))
            place = directory.next
    return kinds


def is_page(kind: int) -> bool:
    """Whether a picture is one of its own, no smaller copy and no mask."""
    return not kind & (_IS_COPY | _IS_MASK)


def is_smaller_copy(kind: int) -> bool:
    """Whether a picture says that it is another one at a smaller size."""
    return bool(kind & _IS_COPY)


def is_mask(kind: int) -> bool:
    """Whether a picture says which pixels of the first one show something, not of a copy."""
    return kind & (_IS_COPY | _IS_MASK) == _IS_MASK


def read_mask_page(path: Path, size: tuple[int, int]) -> Numbers:
    """The mask of a file that has one, 0 where nothing is shown, (H, W) as it is stored.

    Args:
        path: Path of the file.
        size: Size (H, W) of the first picture as it is stored.

    Raises:
        ValueError: The mask cannot be decoded, or has another size.
    """
    with tifffile.TiffFile(path) as file:
        pages = (page for page in file.pages if isinstance(page, tifffile.TiffPage))
        page = next(page for page in pages if is_mask(page.subfiletype))
        # Before it is decoded, as it may be of any size.
        if page.shape[:2] != size:
            raise ValueError(f"its mask of what is shown has another size, {page.shape}")
        try:
            return np.asarray(page.asarray(), np.uint8)
        except Exception as error:
            raise ValueError(
                f"its mask of what is shown cannot be decoded: {error}; for LZW and Zstandard, "
                "pip install 'crackseg[geo]'"
            ) from error


def read_stored_parts(path: Path) -> npt.NDArray[np.bool_]:
    """Whether pixels lie in parts that the file holds, (H, W) as it is stored."""
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        shows = np.zeros((page.imagelength, page.imagewidth), np.bool_)
        places = zip(page.dataoffsets, page.databytecounts, strict=True)
        for index, (start, length) in enumerate(places):
            if start or length:
                _, (_, _, top, left, _), (_, height, width, _) = page.decode(None, index)
                shows[top : top + height, left : left + width] = True
    return shows
