"""Refuses TIFF files that decoders read without a word, though not as the photograph in them.

Libraries stop at the last pixel of a part and do not look whether its end is right, or leave there
what was in memory; and they take the first picture, which may be a smaller copy of another one.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG, TiffPage

from crackseg.images.tiff.pages import is_mask, is_smaller_copy

# Pictures that are looked at, and bytes that are unpacked at a time.
_MOST_PICTURES, _CHUNK = 16, 1 << 20
# Shapes that differ by less are equal: sides of smaller copies are whole pixels.
_ALIKE = 0.02


def refuse_unsound_tiff(path: Path) -> None:
    """Refuses a file whose first picture is a smaller copy of another one, or is damaged.

    Raises:
        OSError: It is one.
    """
    reason = ""
    # Whoever decodes the file says what is wrong with its header, or reads it all the same.
    with suppress(Exception), tifffile.TiffFile(path) as file:
        first = file.pages.first
        reason = _smaller_copy(first, _other_pictures(file))
        if not reason and first.compression in _UNPACKED and _has_plain_parts(first):
            reason = _damaged_part(first)
    if reason:
        raise OSError(reason)


def _other_pictures(file: tifffile.TiffFile) -> Iterator[TiffPage]:
    first = file.pages.first
    yield from islice(first.pages or (), _MOST_PICTURES)
    for number in range(1, min(len(file.pages), _MOST_PICTURES)):
        page = file.pages[number]
        yield page if isinstance(page, TiffPage) else page.aspage()


def _smaller_copy(first: TiffPage, others: Iterator[TiffPage]) -> str:
    """Says of which picture the first one is a smaller copy; empty where it is none."""
    height, width = first.imagelength, first.imagewidth
    for other in others:
        if is_mask(other.subfiletype) or other.imagelength <= height or other.imagewidth <= width:
            continue
        shape = (other.imagelength * width) / (other.imagewidth * height)
        if is_smaller_copy(first.subfiletype) or abs(shape - 1) < _ALIKE:
            return (
                f"its first picture, {width}x{height} pixels, is a smaller copy of another one in "
                f"it, {other.imagewidth}x{other.imagelength}; save that one as a file of its own"
            )
    return ""


def _has_plain_parts(page: TiffPage) -> bool:
    """Whether the bytes of a part follow from its pixels: colours of fewer pixels have fewer."""
    return page.photometric != PHOTOMETRIC.YCBCR and page.fillorder == 1


def _damaged_part(page: TiffPage) -> str:
    """Says which part of a picture cannot be unpacked; empty where all can."""
    across = page.tilewidth if page.is_tiled else page.imagewidth
    depth = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    bands = 1 if page.planarconfig == PLANARCONFIG.SEPARATE else page.samplesperpixel
    row = -(-across * bands * page.bitspersample // 8)
    down = -(-page.imagelength // depth)
    file = page.parent.filehandle
    parts = zip(page.dataoffsets, page.databytecounts, strict=True)
    for number, (start, length) in enumerate(parts):
        if not length:
            continue  # Maps leave out parts that show nothing.
        file.seek(start)
        # The last strip may be written with the rows that the picture has alone.
        rows = depth if page.is_tiled else min(depth, page.imagelength - number % down * depth)
        try:
            size = _UNPACKED[page.compression](file.read(length), depth * row)
        except ValueError as error:
            return f"part {number + 1} of its picture is damaged: {error}"
        if size not in (depth * row, rows * row):
            return (
                f"part {number + 1} of its picture is damaged: it does not unpack to the "
                f"{rows * row:,} bytes of its pixels"
            )
    return ""


def _inflated(packed: bytes, most: int) -> int:
    """Number of bytes that Deflate unpacks to, up to a few more than ``most``.

    Raises:
        ValueError: The bytes are damaged.
    """
    unpacker, size = zlib.decompressobj(), 0
    try:
        while not unpacker.eof and size <= most:
            found = len(unpacker.decompress(packed, _CHUNK))
            size, packed = size + found, unpacker.unconsumed_tail
            if not found and not packed and not unpacker.eof:
                raise ValueError("it ends early")
    except zlib.error as error:
        raise ValueError(str(error)) from error
    return size


def _unpacked_bits(packed: bytes, most: int) -> int:
    """Number of bytes that PackBits unpacks to, up to a few more than ``most``."""
    place, size = 0, 0
    while place < len(packed) and size <= most:
        count = packed[place]
        if count < 128:
            size, place = size + count + 1, place + count + 2
        elif count > 128:
            size, place = size + 257 - count, place + 2
        else:
            place += 1
    return size


_UNPACKED: dict[int, Callable[[bytes, int], int]] = {
    COMPRESSION.ADOBE_DEFLATE: _inflated,
    COMPRESSION.DEFLATE: _inflated,
    COMPRESSION.PACKBITS: _unpacked_bits,
}
