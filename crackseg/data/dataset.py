"""Photographs and masks as tensors."""

from collections.abc import Sequence
from typing import Protocol, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from crackseg.data.readers import PairReader
from crackseg.data.splits.manifest import Row
from crackseg.images.pixels import UInt8Array, binarize


class Sample(TypedDict):
    """One item: ``image`` float32 (3, H, W) in [0, 1], ``mask`` float32 (1, H, W).

    Masks are in {0, 1}, or between where a teacher has a say in training.
    """

    image: Tensor
    mask: Tensor
    stem: str


class PairTransform(Protocol):
    """Random change of a pair in training; the seed alone decides it."""

    def __call__(
        self, image: UInt8Array, mask: UInt8Array, seed: int
    ) -> tuple[UInt8Array, UInt8Array]:
        """Changes photograph (H, W, 3) and grey mask (H, W) alike."""
        ...


class CrackDataset(Dataset[Sample]):
    """Pairs as tensors, changed at random if a seed is given; the mask is cut last, if at all.

    An item has an index, or (index, seed) where it is to be changed. The seed alone decides the
    change, so that neither the number of workers nor a resumed run matters.

    Args:
        pixels: Source of photographs and masks.
        rows: Rows of the pairs.
        mask_threshold: Threshold above which a grey mask is crack.
        changes: Random changes of a pair in training, in order.
        soft: Whether masks stay grey, as those that a teacher has a say in.

    Raises:
        UnreadableImageError: A file cannot be decoded on access; the message names its path.
    """

    def __init__(
        self,
        pixels: PairReader,
        rows: Sequence[Row],
        mask_threshold: int,
        changes: Sequence[PairTransform] = (),
        soft: bool = False,
    ) -> None:
        self.pixels = pixels
        self.rows = tuple(rows)
        self.mask_threshold = mask_threshold
        self.changes = tuple(changes)
        self.soft = soft

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.rows)

    def __getitem__(self, item: int | tuple[int, int]) -> Sample:
        """The sample at an index; see the class."""
        index, seed = item if isinstance(item, tuple) else (item, None)
        row = self.rows[index]
        image, mask = self.pixels.read(row)
        if seed is not None:
            for change in self.changes:
                image, mask = change(image, mask, seed)
        crack = mask / np.float32(255) if self.soft else binarize(mask, self.mask_threshold)
        return {
            "image": image_to_tensor(image),
            "mask": torch.from_numpy(crack).float()[None],
            "stem": row.stem,
        }


def image_to_tensor(image: UInt8Array) -> Tensor:
    """Converts uint8 (H, W, 3) in 0-255 to float32 (3, H, W) in [0, 1]."""
    own = image if image.flags.writeable else np.array(image)
    return torch.from_numpy(own).permute(2, 0, 1).float().div_(255)


def tensor_to_images(image: Tensor) -> UInt8Array:
    """Converts float32 (N, 3, H, W) in [0, 1] back to uint8 (N, 3, H, W) in 0-255."""
    return np.asarray((image * 255).round().to(torch.uint8).cpu().numpy())
