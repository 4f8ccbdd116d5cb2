"""Photographs and masks as tensors."""

from collections.abc import Sequence
from typing import Protocol, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from crackseg.data.readers import PairReader
from crackseg.data.splits.manifest import Row
from crackseg.images import UInt8Array, binarize


class Sample(TypedDict):
    """One item: ``image`` float32 (3, H, W) in [0, 1], ``mask`` float32 (1, H, W) in {0, 1}."""

    image: Tensor
    mask: Tensor
    stem: str


class PairTransform(Protocol):
    """What training does to a pair at random; the seed alone decides how."""

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Changes photograph (H, W, 3) and grey mask (H, W) alike."""
        ...


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
        pixels: PairReader,
        rows: Sequence[Row],
        mask_threshold: int,
        changes: Sequence[PairTransform] = (),
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
            "mask": torch.from_numpy(binarize(mask, self.mask_threshold)).float()[None],
            "stem": row.stem,
        }


def image_to_tensor(image: UInt8Array) -> Tensor:
    """uint8 (H, W, 3) in 0-255 -> float32 (3, H, W) in [0, 1]."""
    own = image if image.flags.writeable else np.array(image)
    return torch.from_numpy(own).permute(2, 0, 1).float().div_(255)
