"""Decoded pixels on disk, so that a training does not decode files in every epoch.

A store is a folder below the cache. Its name is a hash of everything that changes its bytes:

    statistics.npz    statistics of each pair, see :mod:`crackseg.data.cache.survey`
    index.json      shapes and checksums of the two files below
    images.bin      uint8 RGB, photograph after photograph, row by row
    masks.bin       uint8 grey, likewise

It is written under another name and renamed, so that it is complete or does not exist. One process
writes while others wait.
"""

import json
import logging
import os
import shutil
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.data.cache.survey import (
    Decoded,
    PairStatistics,
    decode_all,
    is_outdated,
    key_of_pixels,
    read_statistics,
    write_statistics,
)
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.manifest import Row
from crackseg.errors import CrackSegError, OutputError
from crackseg.images.photographs import size_of_photograph
from crackseg.images.pixels import UInt8Array
from crackseg.preprocessing import Preprocessing
from crackseg.system.files import (
    discard,
    is_full,
    require_writable,
    said_in_words,
    write_text,
)
from crackseg.system.locks import locked, locked_in_turn

log = logging.getLogger(__name__)

GIGABYTE = 1 << 30
_UNFINISHED = ".part"
_FINDINGS, _INDEX, _IMAGES, _MASKS = "statistics.npz", "index.json", "images.bin", "masks.bin"
# Bytes left free, since a completely full disk stops other programs too.
_LEFT_FREE = GIGABYTE
_PORTION = 16 << 20


class NoRoomError(CrackSegError):
    """A store would be larger than it may be, or than the disk has room for."""


class Store:
    """The pixels of pairs, memory-mapped; also in the processes that it is sent to.

    Args:
        folder: Folder of a complete store.
        pairs: Pairs that it was made of, in order.
    """

    def __init__(self, folder: Path, pairs: Sequence[Pair]) -> None:
        self.folder = folder
        shapes = json.loads((folder / _INDEX).read_text(encoding="utf-8"))["shapes"]
        ends = np.cumsum([height * width for height, width in shapes]).tolist()
        # Offset of the pixels of each pair, and their numbers of rows and columns.
        self._places = {
            pair.image: (end - height * width, height, width)
            for pair, end, (height, width) in zip(pairs, ends, shapes, strict=True)
        }
        self._mapped: dict[str, UInt8Array] = {}
        # From now on the bytes stay in this process and its forks, even if another run removes the
        # store to make room.
        for name in (_IMAGES, _MASKS):
            self._bytes(name)

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """See :class:`crackseg.data.readers.PairReader`.

        Raises:
            CrackSegError: Another run has removed the store before this process could map it.
        """
        start, height, width = self._places[row.image]
        stop = start + height * width
        image = self._bytes(_IMAGES)[3 * start : 3 * stop].reshape(height, width, 3)
        return image, self._bytes(_MASKS)[start:stop].reshape(height, width)

    def __getstate__(self) -> dict[str, Any]:
        """The state without mapped bytes, since another process maps the files itself."""
        return {**self.__dict__, "_mapped": {}}

    def _bytes(self, name: str) -> UInt8Array:
        if name not in self._mapped:
            path = self.folder / name
            try:
                empty = not path.stat().st_size
                # As a plain array: every slice of a memmap object costs microseconds.
                self._mapped[name] = np.asarray(
                    np.zeros(0, np.uint8) if empty else np.memmap(path, np.uint8, mode="r")
                )
            except FileNotFoundError as error:
                raise CrackSegError(
                    f"{path}: is gone; another run has made room for its own photographs while a "
                    "process of this one was about to open it. Go on with a larger "
                    "data.store_limit, or with another data.cache"
                ) from error
        return self._mapped[name]


def open_store(
    root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing, cache: Path, limit: float
) -> tuple[list[PairStatistics], Store]:
    """Opens the store of these pairs, and makes it first if it is missing, stale or damaged.

    Args:
        root: Root of the data set.
        pairs: All pairs of the store.
        preprocessing: Preprocessing, of which the size and the way of resizing are used.
        cache: Folder of the stores.
        limit: Gigabytes (2^30 bytes) that all stores may take together. The stores that were unused
            for longest are removed to make room, also where the disk is too full.

    Returns:
        Statistics of each pair, in order, and the store.

    Raises:
        NoRoomError: The limit or the disk is too small.
    """
    stores = cache / "store"
    _require_writable(cache, stores)
    folder = stores / key_of_pixels(root, pairs, preprocessing)
    in_turn = "another process decodes the same photographs; waiting for it"
    with locked_in_turn(_lock_of(folder), in_turn):
        statistics = _checked(folder, root, pairs)
        if statistics is None:
            discard(folder)
            _make_room(stores, _bytes_needed(root, pairs, preprocessing), int(limit * GIGABYTE))
            statistics = _build(folder, decode_all(root, pairs, preprocessing))
        # This time says when the store was last used.
        os.utime(folder)
        return statistics, Store(folder, pairs)


def _require_writable(cache: Path, stores: Path) -> None:
    try:
        require_writable(stores)
    except OutputError as error:
        if is_full(error):
            raise NoRoomError(str(error)) from error
        raise CrackSegError(f"data.cache={cache}: {error}") from error


def _checked(folder: Path, root: Path, pairs: Sequence[Pair]) -> list[PairStatistics] | None:
    """Statistics of a complete, undamaged store that holds still; None if there is none."""
    if not folder.exists():
        return None
    count = len(pairs)
    statistics = read_statistics(folder / _FINDINGS, count)
    try:
        index = json.loads((folder / _INDEX).read_text(encoding="utf-8"))
        pixels = [int(height) * int(width) for height, width in index["shapes"]]
        whole = len(pixels) == count and all(
            (folder / name).stat().st_size == bytes_each * sum(pixels)
            and _checksum(folder / name) == index["checksums"][name]
            for name, bytes_each in ((_IMAGES, 3), (_MASKS, 1))
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if statistics is None or not whole:
        log.warning("%s: damaged, made anew", folder)
        return None
    return None if is_outdated(root, pairs, statistics) else statistics


def _build(folder: Path, decoded: Iterator[Decoded]) -> list[PairStatistics]:
    building = folder.with_name(f"{folder.name}{_UNFINISHED}")
    # It was left by a process that was killed.
    discard(building)
    try:
        with said_in_words(folder):
            building.mkdir()
            statistics = _write(building, decoded)
            building.rename(folder)
    except OutputError as error:
        if not is_full(error):
            raise
        raise NoRoomError(str(error)) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return statistics


def _write(folder: Path, decoded: Iterator[Decoded]) -> list[PairStatistics]:
    statistics: list[PairStatistics] = []
    shapes = []
    checksums = dict.fromkeys((_IMAGES, _MASKS), 0)
    with (folder / _IMAGES).open("wb") as images, (folder / _MASKS).open("wb") as masks:
        for of_pair, image, mask in decoded:
            statistics.append(of_pair)
            shapes.append(mask.shape)
            for file, name, pixels in ((images, _IMAGES, image), (masks, _MASKS, mask)):
                data = np.ascontiguousarray(pixels).data
                file.write(data)
                checksums[name] = zlib.crc32(data, checksums[name])
    write_statistics(folder / _FINDINGS, statistics)
    write_text(folder / _INDEX, json.dumps({"shapes": shapes, "checksums": checksums}))
    return statistics


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        while portion := file.read(_PORTION):
            checksum = zlib.crc32(portion, checksum)
    return checksum


def _bytes_needed(root: Path, pairs: Sequence[Pair], preprocessing: Preprocessing) -> int:
    """Number of bytes of a store: four for each pixel at training size."""
    if preprocessing.image_size is not None:
        sizes = [preprocessing.image_size] * len(pairs)
    else:
        sizes = [size_of_photograph(root / pair.image) for pair in pairs]
    return sum(4 * height * width for height, width in sizes)


def _make_room(stores: Path, needed: int, limit: int) -> None:
    what = f"the decoded photographs need {needed / GIGABYTE:.1f} GB"
    if needed > limit:
        raise NoRoomError(
            f"{what}, and data.store_limit is {limit / GIGABYTE:g} GB; raise it to read them from "
            f"{stores}"
        )
    sizes = {one: _size(one) for one in _whole_stores(stores)}
    taken, free = sum(sizes.values()), shutil.disk_usage(stores).free
    if needed + _LEFT_FREE > free + taken:
        raise NoRoomError(
            f"{what}, and {stores} has {free / GIGABYTE:.1f} GB free, of which 1 GB is left alone; "
            "free some, or set data.cache to a folder on another disk"
        )
    oldest_first = iter(sizes)
    while taken + needed > limit or needed + _LEFT_FREE > free:
        one = next(oldest_first, None)
        if one is None:
            raise NoRoomError(
                f"{what}, for which other stores in {stores} would have to go, and other runs use "
                "them just now"
            )
        if _remove_unused(one):
            # Bytes that another run has mapped become free only when it ends.
            taken, free = taken - sizes[one], shutil.disk_usage(stores).free


def _whole_stores(stores: Path) -> list[Path]:
    """Complete stores, the longest unused first; other runs may remove some at the same time."""
    used: dict[Path, float] = {}
    for one in stores.iterdir():
        if one.is_dir() and one.suffix != _UNFINISHED:
            with suppress(FileNotFoundError):
                used[one] = one.stat().st_mtime
    return sorted(used, key=lambda one: used[one])


def _size(folder: Path) -> int:
    with suppress(FileNotFoundError):
        return sum(file.stat().st_size for file in folder.iterdir())
    return 0


def _remove_unused(folder: Path) -> bool:
    """Removes a store, unless a process opens it at this moment."""
    try:
        with locked(_lock_of(folder), NoRoomError(f"{folder}: another process opens it")):
            log.info("%s: removed to make room, it was not used for longest", folder)
            shutil.rmtree(folder, ignore_errors=True)
    except NoRoomError:
        return False
    return not folder.exists()


def _lock_of(folder: Path) -> Path:
    """Path of the lock of a store, which may be held while there is no folder yet."""
    return folder.with_name(f"{folder.name}.lock")
