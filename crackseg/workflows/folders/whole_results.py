"""Tells results that are whole from those that a copy or a full disk has cut short."""

import os
from pathlib import Path

from crackseg.images.png import is_whole

# Bytes at the end of a JSON file that are looked at.
_TAIL = 16


def is_whole_result(path: Path) -> bool:
    """Whether a result is there, and a picture or a record not cut short."""
    if path.suffix == ".png":
        return is_whole(path)
    if path.suffix != ".json":
        return path.is_file()
    try:
        with path.open("rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - _TAIL, 0))
            return file.read().rstrip().endswith(b"}")
    except OSError:
        return False
