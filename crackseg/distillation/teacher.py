"""What a teacher says of photographs, kept beside the store of decoded pixels.

A teacher looks at each photograph once, at its own size and at the teacher's own scales, and its
probability is kept at training size as uint8, 255 for 1: a byte a pixel, below ``teacher/`` in the
cache. A map is written completely or not at all, so that a second call goes on after a break.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from crackseg.data.splits.manifest import Row
from crackseg.images.pixels import UInt8Array, resize
from crackseg.inference.predictor import Predictor
from crackseg.preprocessing import Preprocessing
from crackseg.system.files import atomic_write, file_stamp
from crackseg.system.locks import locked_in_turn
from crackseg.system.progress import progress

# Changes with what a map is.
_VERSION = 1


class TeacherMaps:
    """Probabilities of a teacher at training size.

    Args:
        root: Folder that the rows' paths are relative to.
        folder: Folder of the maps.
        preprocessing: Preprocessing of the training, of which size and way of resizing are used.
    """

    def __init__(self, root: Path, folder: Path, preprocessing: Preprocessing) -> None:
        # Another data set may have files of the same names, sizes and times.
        self._root, self._folder, self._preprocessing = root.resolve(), folder, preprocessing

    def read(self, row: Row) -> UInt8Array:
        """The map of a photograph, uint8 (H, W); see :func:`teacher_maps`."""
        return np.asarray(np.load(self._path(row), mmap_mode="r", allow_pickle=False), np.uint8)

    def make(self, predictor: Predictor, rows: Sequence[Row]) -> None:
        """Makes the maps that are missing.

        Args:
            predictor: Teacher.
            rows: Photographs.

        Raises:
            UnreadableImageError: A photograph cannot be decoded.
            OutputError: A map cannot be written.
        """
        missing = [row for row in rows if not self._path(row).is_file()]
        for row in progress(missing, "Asking the teacher", len(missing)):
            probability = predictor.predict(self._root / row.image).probability
            grey = np.rint(probability * 255).astype(np.uint8)
            seen = self._preprocessing
            if seen.image_size is not None:
                grey = resize(grey, seen.image_size, seen.resize)
            with atomic_write(self._path(row)) as name, name.open("wb") as file:
                np.save(file, grey, allow_pickle=False)

    def _path(self, row: Row) -> Path:
        path = self._root / row.image
        said = f"{path} {file_stamp(path)}"
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()[:32]}.npy"


def teacher_maps(
    predictor: Predictor, root: Path, rows: Sequence[Row], seen: Preprocessing, cache: Path
) -> TeacherMaps:
    """Maps of photographs, of which those that are missing are made.

    Args:
        predictor: Teacher.
        root: Folder that the rows' paths are relative to.
        rows: Photographs.
        seen: Preprocessing of the training.
        cache: Folder of the cache.

    Raises:
        UnreadableImageError: A photograph cannot be decoded.
        OutputError: A map cannot be written.
    """
    way = f"{_VERSION} {predictor.identity} {seen.image_size} {seen.resize}"
    folder = cache / "teacher" / hashlib.sha256(way.encode()).hexdigest()[:32]
    folder.mkdir(parents=True, exist_ok=True)
    maps = TeacherMaps(root, folder, seen)
    in_turn = "another process asks the same teacher; waiting for it"
    with locked_in_turn(folder.with_suffix(".lock"), in_turn):
        maps.make(predictor, rows)
    return maps
