"""Photographs and masks as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from crackseg.data.manifest import Row
from crackseg.data.truth import read_truth
from crackseg.pixels import (
    Resize,
    UInt8Array,
    cut,
    read_photograph,
    resize,
    scaled_size,
)


@dataclass(frozen=True)
class Preprocessing:
    """What happens to a photograph and its mask before the network: it travels with the model.

    Attributes:
        image_size: (H, W) in pixels; None leaves photographs at their own sizes.
        resize: ``area`` or ``bilinear``, see :func:`crackseg.pixels.resize`.
        mask_threshold: a grey mask is crack above it.
    """

    image_size: tuple[int, int] | None
    resize: Resize
    mask_threshold: int

    def __str__(self) -> str:
        """The size and how photographs come to it, as tables say it."""
        if self.image_size is None:
            return "their own size"
        height, width = self.image_size
        return f"{height}x{width} ({self.resize})"

    def bring_to_size(
        self, photograph: UInt8Array, truth: UInt8Array
    ) -> tuple[UInt8Array, UInt8Array]:
        """Photograph (H, W, 3) and grey mask, both at training size."""
        height, width = self.image_size or photograph.shape[:2]
        size = (height, width)
        return resize(photograph, size, self.resize), resize(truth, size, self.resize)


class Sample(TypedDict):
    """One item: ``image`` float32 (3, H, W) in [0, 1], ``mask`` float32 (1, H, W) in {0, 1}."""

    image: Tensor
    mask: Tensor
    stem: str


class Pixels(Protocol):
    """Where the pixels of a pair come from."""

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """Photograph (H, W, 3) and grey mask (H, W) at training size; not to be written to.

        Raises:
            UnreadableImageError: a file that cannot be decoded; it names the path.
        """
        ...


class Change(Protocol):
    """What training does to a pair at random; the seed alone decides how."""

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Changes photograph (H, W, 3) and grey mask (H, W) alike."""
        ...


class FilePixels:
    """Decodes the files of a pair each time.

    Args:
        root: of the data set.
        preprocessing: its size and way of resizing.
    """

    def __init__(self, root: Path, preprocessing: Preprocessing) -> None:
        self.root = root
        self.preprocessing = preprocessing

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """See :class:`Pixels`."""
        photograph = read_photograph(self.root / row.image)
        height, width = photograph.shape[:2]
        truth = read_truth(self.root, row.mask, (height, width))
        return self.preprocessing.bring_to_size(photograph, truth)


class PredictedPixels:
    """Photographs at the scale that a prediction sees them at, with their masks at full size.

    Args:
        root: of the data set.
        scale: training pixels per photograph pixel.
        how: see :func:`crackseg.pixels.resize`.
    """

    def __init__(self, root: Path, scale: float, how: Resize) -> None:
        self.root, self.scale, self.how = root, scale, how

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        """Photograph (h, w, 3) and grey mask (H, W); see :class:`Pixels`."""
        photograph = read_photograph(self.root / row.image)
        height, width = photograph.shape[:2]
        truth = resize(read_truth(self.root, row.mask, (height, width)), (height, width), self.how)
        return resize(photograph, scaled_size((height, width), self.scale), self.how), truth


class CrackDataset(Dataset[Sample]):
    """Pairs as tensors: changed at random if told, the mask cut last.

    An item is asked for by its index, or by (index, seed) where it is to be changed: the seed
    alone decides how, so that neither the number of workers nor a resumed run matters.

    Args:
        pixels: where photographs and masks come from.
        rows: the pairs.
        mask_threshold: a grey mask is crack above it.
        changes: what training does to a pair, one after the other.

    Raises:
        UnreadableImageError: on access, for a file that cannot be decoded; it names the path.
    """

    def __init__(
        self,
        pixels: Pixels,
        rows: Sequence[Row],
        mask_threshold: int,
        changes: Sequence[Change] = (),
    ) -> None:
        self.pixels = pixels
        self.rows = tuple(rows)
        self.mask_threshold = mask_threshold
        self.changes = tuple(changes)

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.rows)

    def __getitem__(self, item: int | tuple[int, int]) -> Sample:
        """The sample at an index; see the class."""
        index, seed = item if isinstance(item, tuple) else (item, None)
        row = self.rows[index]
        image, mask = self.pixels.read(row)
        if seed is not None:
            for change in self.changes:
                image, mask = change(image, mask, seed)
        return {
            "image": image_to_tensor(image),
            "mask": torch.from_numpy(cut(mask, self.mask_threshold)).float()[None],
            "stem": row.stem,
        }


def image_to_tensor(image: UInt8Array) -> Tensor:
    """uint8 (H, W, 3) in 0-255 -> float32 (3, H, W) in [0, 1]."""
    own = image if image.flags.writeable else np.array(image)
    return torch.from_numpy(own).permute(2, 0, 1).float().div_(255)
