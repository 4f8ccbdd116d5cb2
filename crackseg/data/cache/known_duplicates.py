"""Near duplicates among photographs, stored in the cache: comparing thousands takes minutes."""

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.data.cache.kept import kept
from crackseg.data.cache.survey import PairStatistics
from crackseg.data.splits.duplicates.near_duplicates import near_duplicates
from crackseg.system.files import write_text

log = logging.getLogger(__name__)

# Raise it when the search changes.
_VERSION = 2


def known_duplicates(statistics: Sequence[PairStatistics], cache: Path) -> list[tuple[int, int]]:
    """Finds near duplicates among the photographs, or reads the stored result for the same ones."""
    thumbnails = np.stack([found.thumbnail for found in statistics])
    key = hashlib.sha256(str(_VERSION).encode() + thumbnails.tobytes()).hexdigest()
    path = cache / "duplicates" / f"{key[:32]}.json"

    def read(file: Path) -> list[tuple[int, int]] | None:
        try:
            return _as_pairs(json.loads(file.read_text(encoding="utf-8")), len(thumbnails))
        except (OSError, ValueError, TypeError, RecursionError):
            return None

    def compare() -> list[tuple[int, int]]:
        log.info("comparing photographs: which of them show the same?")
        return near_duplicates(thumbnails)

    return kept(path, read, compare, lambda file, found: write_text(file, json.dumps(found)))


def _as_pairs(stored: Any, count: int) -> list[tuple[int, int]]:
    """Pairs of photographs by their numbers.

    Raises:
        TypeError: The value is not a list of pairs of numbers.
        ValueError: A number is not one of the photographs.
    """
    pairs = [(int(one), int(other)) for one, other in stored]
    if any(not 0 <= number < count for pair in pairs for number in pair):
        raise ValueError("numbers of other photographs")
    return pairs
