"""Photographs and masks as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import torch
from torch import Tensor
from torch.utils.data import Dataset

from crackseg.data.splits import Row
from crackseg.data.transforms import Augmentation
from crackseg.pixels import Resize, UInt8Array, cut, read_mask, read_photograph, resize


@dataclass(frozen=True)
class Preprocessing:
    """What happens to a photograph and its mask before the network: it travels with the model.

    Attributes:
        image_size: (H, W) in pixels.
        resize: ``area`` or ``bilinear``, see :func:`crackseg.pixels.resize`.
        mask_threshold: a grey mask is crack above it.
    """

    image_size: tuple[int, int]
    resize: Resize
    mask_threshold: int


class Sample(TypedDict):
    """One item: ``image`` float32 (3, H, W) in [0, 1], ``mask`` float32 (1, H, W) in {0, 1}."""

    image: Tensor
    mask: Tensor
    stem: str


class CrackDataset(Dataset[Sample]):
    """Decodes pairs, brings them to the training size, augments them if told, cuts the mask last.

    An item is asked for by its index, or by (index, seed) where it is to be augmented: the seed
    alone decides how, so that neither the number of workers nor a resumed run changes anything.

    Raises:
        UnreadableImageError: on access, for a file that cannot be decoded; it names the path.
    """

    def __init__(
        self,
        root: Path,
        rows: Sequence[Row],
        preprocessing: Preprocessing,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.root = root
        self.rows = tuple(rows)
        self.preprocessing = preprocessing
        self.augmentation = augmentation

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.rows)

    def __getitem__(self, item: int | tuple[int, int]) -> Sample:
        """The sample at an index; see the class."""
        index, seed = item if isinstance(item, tuple) else (item, None)
        row = self.rows[index]
        size, how = self.preprocessing.image_size, self.preprocessing.resize
        image = resize(read_photograph(self.root / row.image), size, how)
        mask = resize(read_mask(self.root / row.mask), size, how)
        if self.augmentation is not None and seed is not None:
            image, mask = self.augmentation(image, mask, seed)
        return {
            "image": image_to_tensor(image),
            "mask": torch.from_numpy(cut(mask, self.preprocessing.mask_threshold)).float()[None],
            "stem": row.stem,
        }


def image_to_tensor(image: UInt8Array) -> Tensor:
    """uint8 (H, W, 3) in 0-255 -> float32 (3, H, W) in [0, 1]."""
    return torch.from_numpy(image).permute(2, 0, 1).float().div_(255)
