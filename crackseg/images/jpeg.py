"""Refuses JPEG files whose end is missing, where decoding them does not tell.

A download or a memory card may leave a file at its full length, with zeros for what never came.
Zeros are valid codes, so that the rest of the picture comes out grey, without an error.
"""

from pathlib import Path

JPEG_SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif"})

_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
# A file that ends so is looked at as a whole.
_ZEROS = bytes(64)


def refuse_zeroed(path: Path) -> None:
    """Refuses a JPEG file that ends in zeros, and whose picture has no end before them.

    Raises:
        OSError: It is one.
    """
    with path.open("rb") as file:
        if file.read(2) != _START or file.seek(0, 2) < len(_ZEROS) + 2:
            return
        file.seek(-len(_ZEROS), 2)
        if file.read() != _ZEROS:
            return
        file.seek(0)
        content = file.read()
    scan = _first_scan(content)
    # Within a scan the byte FF is always followed by another one than that of the end.
    if scan is not None and content.find(_END, scan) < 0:
        raise OSError("its end is missing, and zeros stand in its place")


def _first_scan(content: bytes) -> int | None:
    """Where the first scan begins, behind segments: a thumbnail in one has an end of its own."""
    place = len(_START)
    while place + 4 <= len(content) and content[place] == 0xFF:
        if content[place + 1] == _SCAN:
            return place
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return None
