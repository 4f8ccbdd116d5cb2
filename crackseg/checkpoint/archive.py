"""Container of a checkpoint: a zip of plain values and of tensors, read within limits.

Before anything large is read or built it is known that all of it together is no larger than the
file: the zip's parts are stored as they are, and no tensor is larger than its part. So neither a
compressed part, nor one that is read many times, nor a tensor that repeats one number takes more
memory than a good checkpoint of the same size.
"""

import io
import math
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from crackseg.checkpoint.pickle_reader import (
    Name,
    Storage,
    StoredTensor,
    more_than_values,
    read_pickle,
)
from crackseg.parameters.form import WHOLE, FormError

# Checkpoints of 60 MB have 50 kB of each.
MOST_DIRECTORY = 4 * 2**20
MOST_PICKLE = 4 * 2**20
# Values that are named in several places count in each of them.
MOST_VALUES = 500_000
MOST_DEPTH = 20
_AT_ONCE = 2**20
_MOST_DIMENSIONS = 8


class Archive:
    """An open checkpoint file.

    Args:
        path: Path of the file.

    Raises:
        Exception: It is no zip; this may be any error.
    """

    def __init__(self, path: Path) -> None:
        self._file = _Bounded(path)
        self._zip = zipfile.ZipFile(self._file)
        self._file.most = self._size = path.stat().st_size
        self._parts = {entry.filename: entry for entry in self._zip.infolist()}
        self._storages: dict[str, Tensor] = {}

    def __enter__(self) -> "Archive":
        with ExitStack() as opened:
            opened.callback(self.__exit__)
            self._folder = _folder(self._parts)
            self._check_parts()
            opened.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._zip.close()
        self._file.close()

    def outline(self) -> Any:
        """Reads everything but the tensors' numbers.

        Returns:
            Plain values, with a :class:`crackseg.checkpoint.pickle_reader.StoredTensor` for each
            tensor.

        Raises:
            FormError: Anything else stands in it, or more than the limits allow.
        """
        if self._parts[f"{self._folder}/data.pkl"].file_size > MOST_PICKLE:
            raise FormError([f"its values take more than {MOST_PICKLE // 2**20} MB"])
        outline = read_pickle(self._read("data.pkl"))
        letters = 0
        for values, value in enumerate(_walk(outline)):
            letters += len(value) if isinstance(value, str) else 0
            if values > MOST_VALUES or letters > MOST_PICKLE:
                raise FormError([f"it holds more than {MOST_VALUES:,} values"])
            if isinstance(value, StoredTensor):
                self._check_tensor(value)
            elif isinstance(value, Name | Storage):
                raise more_than_values()
        return outline

    def with_tensors(self, outline: Any) -> Any:
        """The same values with the tensors themselves, on the CPU.

        Raises:
            Exception: Their numbers are damaged; this may be any error.
        """
        if isinstance(outline, StoredTensor):
            numbers = self._numbers(outline.storage)
            return numbers.as_strided(outline.shape, outline.stride, outline.offset)
        if isinstance(outline, dict):
            return {key: self.with_tensors(value) for key, value in outline.items()}
        if isinstance(outline, list | tuple):
            return type(outline)(map(self.with_tensors, outline))
        return outline

    def _check_parts(self) -> None:
        entries = self._zip.infolist()
        names = {entry.filename.casefold() for entry in entries}
        if len(names) < len(entries):
            raise zipfile.BadZipFile("parts of one name, of which torch may read another one")
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise zipfile.BadZipFile("compressed, which torch never writes")
        if min(entry.header_offset for entry in entries) != 0:
            raise zipfile.BadZipFile("behind something else, which other programs may read")
        if sum(entry.file_size for entry in entries) > self._size:
            raise FormError(["its parts are larger than the file"])
        order = f"{self._folder}/byteorder"
        if order in self._parts and self._read("byteorder") != sys.byteorder.encode():
            raise FormError(["its numbers have the byte order of another kind of machine"])

    def _check_tensor(self, tensor: StoredTensor) -> None:
        """Refuses a tensor that does not stand in its part of the file, once over."""
        storage, offset, shape, stride = tensor
        if not isinstance(storage, Storage) or not isinstance(shape, tuple):
            raise more_than_values()
        part = self._parts[f"{self._folder}/data/{storage.key}"]
        sizes = [storage.numel, offset, *shape, *stride]
        right = len(shape) == len(stride) <= _MOST_DIMENSIONS and all(map(WHOLE.hold, sizes))
        if not right or part.file_size != storage.numel * storage.dtype.itemsize:
            raise FormError([f"the size of its part {storage.key} is not the one that it declares"])
        reach = sum((size - 1) * step for size, step in zip(shape, stride, strict=True))
        count = math.prod(shape)
        if count > storage.numel or (count and offset + reach >= storage.numel):
            raise FormError([f"a tensor is larger than its part {storage.key}"])

    def _numbers(self, storage: Storage) -> Tensor:
        if storage.key not in self._storages:
            self._storages[storage.key] = torch.empty(storage.numel, dtype=storage.dtype)
            self._fill(self._storages[storage.key], storage.key)
        return self._storages[storage.key]

    def _fill(self, numbers: Tensor, key: str) -> None:
        """Reads the numbers in pieces, so that they are in memory once, and compares as below."""
        memory, place = numbers.view(torch.uint8).numpy(), 0
        with self._zip.open(f"{self._folder}/data/{key}") as part:
            while piece := part.read(_AT_ONCE):
                memory[place : place + len(piece)] = np.frombuffer(piece, np.uint8)
                place += len(piece)

    def _read(self, name: str) -> bytes:
        """Reads a part, and compares it with its checksum."""
        return self._zip.read(f"{self._folder}/{name}")


class _Bounded(io.FileIO):
    """File that gives a limited number of bytes at once; a zip's directory is read at once.

    Attributes:
        most: Largest number of bytes.
    """

    most = MOST_DIRECTORY

    def read(self, size: int | None = -1) -> bytes:
        """Reads as a file does."""
        return super().read(self.most if size is None or size < 0 else min(size, self.most)) or b""


def _folder(names: Any) -> str:
    """The folder in the zip that all parts stand in."""
    (name,) = (name for name in names if name.count("/") == 1 and name.endswith("/data.pkl"))
    return str(name.partition("/")[0])


def _walk(value: Any, depth: int = 0) -> Iterator[Any]:
    """All values inside a value, and itself."""
    if depth > MOST_DEPTH:
        raise FormError([f"its values stand in one another more than {MOST_DEPTH} times"])
    yield value
    if isinstance(value, StoredTensor):
        return
    inside = value.values() if isinstance(value, dict) else value
    if isinstance(value, dict | list | tuple):
        for one in inside:
            yield from _walk(one, depth + 1)
