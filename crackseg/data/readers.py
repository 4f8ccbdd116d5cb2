"""Sources of the pixels of a photograph and of its mask."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.manifest import Row
from crackseg.errors import AnnotationError, UnreadableImageError, name_some
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import Resize, UInt8Array, resize, scaled_size
from crackseg.preprocessing import Preprocessing


class PairReader(Protocol):
    """Source of the pixels of a pair."""

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """Reads a photograph (H, W, 3) and grey mask (H, W) at training size; do not change them.

        Raises:
            UnreadableImageError: A file cannot be decoded; the message names its path.
        """
        ...


class FileReader:
    """Decodes the files of a pair each time.

    Args:
        root: Root of the data set.
        preprocessing: Preprocessing, of which the size and the way of resizing are used.
    """

    def __init__(self, root: Path, preprocessing: Preprocessing) -> None:
        self.root = root
        self.preprocessing = preprocessing

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """See :class:`PairReader`."""
        photograph = read_photograph(self.root / row.image, self.preprocessing.white_level)
        height, width = photograph.shape[:2]
        truth = read_truth(self.root, row.mask, (height, width))
        return self.preprocessing.resize_pair(photograph, truth)


def reasons_unreadable(root: Path, pairs: Iterable[Pair]) -> list[str]:
    """Says why pairs cannot be read, equal reasons once, each with some names."""
    images: dict[str, list[str]] = {}
    for pair in pairs:
        images.setdefault(why_unreadable(root, pair), []).append(pair.image)
    return [f"{len(names)} x {why}: {name_some(names)}" for why, names in images.items()]


def why_unreadable(root: Path, pair: Pair) -> str:
    """The reason why a pair cannot be read, without names; empty where it can."""
    try:
        photograph = read_photograph(root / pair.image)
        read_truth(root, pair.mask, (photograph.shape[0], photograph.shape[1]))
    except AnnotationError as error:
        return error.reason
    except UnreadableImageError as error:
        return str(error).partition(": ")[2] or str(error)
    return ""


class PredictionScaleReader:
    """Reads photographs at the scale of a prediction, and their masks at full size.

    Args:
        root: Root of the data set.
        scale: Training pixels per photograph pixel, along a side.
        how: Way of resizing, see :func:`crackseg.images.pixels.resize`.
        white_level: Value that is white in photographs deeper than 8 bits, see
            :func:`crackseg.images.photographs.open_photograph`.
    """

    def __init__(
        self, root: Path, scale: float, how: Resize, white_level: int | None = None
    ) -> None:
        self.root, self.scale, self.how = root, scale, how
        self.white_level = white_level

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """Photograph (h, w, 3) and grey mask (H, W); see :class:`PairReader`."""
        photograph = read_photograph(self.root / row.image, self.white_level)
        height, width = photograph.shape[:2]
        truth = resize(read_truth(self.root, row.mask, (height, width)), (height, width), self.how)
        return resize(photograph, scaled_size((height, width), self.scale), self.how), truth
