"""Fits a trained network to a handful of photographs, in seconds.

What is fitted is little, so that five photographs can tell it: scale and shift of every
normalisation, the last level of the decoder, and the head. All other weights, and the statistics of
the normalisations, stay as they were trained. A network that looks at photographs at several scales
sees each crop at all of them, and its mean is fitted, as it will be used.

References:
    Rostami et al., "Segment Any Crack", 2025, bring a large network to cracks by its
    normalisations alone.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from crackseg.adaptation.photographs import Labelled
from crackseg.data.augmentation import Augmentation
from crackseg.data.crops import RandomCrop
from crackseg.data.dataset import image_to_tensor
from crackseg.images.pixels import Resize
from crackseg.inference.scales import scales_of
from crackseg.losses import SegmentationLoss
from crackseg.losses.looks import loss_of_each
from crackseg.models import SkipNetwork
from crackseg.models.looks import looks
from crackseg.parameters.usage import UsageParameters
from crackseg.system.precision import cpu_has_bfloat16

STEPS = 40
RATE = 1e-3
BATCH = 8
# Side of a crop, where the network was not trained on photographs of one size.
SIDE = 256
TERMS = {"bce": 1.0, "dice": 1.0}
# Scales that crops are drawn at, where a network knows more than one, over its largest.
SCALES = (0.8, 1.25)
_CRACK_SHARE = 0.5
_WARMUP = 0.2
_LARGEST_GRADIENT = 1.0


@dataclass(frozen=True)
class Seen:
    """How a network sees photographs where it is fitted.

    Attributes:
        size: Size (H, W) of a crop.
        scales: Smallest and largest scale that crops are drawn at, in pixels of the crop per pixel
            of the photograph.
        how: Way of resizing.
        looks: Parts of a crop's side that it is seen at, all at once.
        smallest: Smallest scale that a photograph is seen at where the network is used.
    """

    size: tuple[int, int]
    scales: tuple[float, float]
    how: Resize
    looks: tuple[float, ...]
    smallest: float


def seen_by(usage: UsageParameters) -> Seen:
    """How a network sees photographs where it is used."""
    seen, scales = usage.preprocessing, scales_of(None, usage)
    size, largest = seen.image_size or (SIDE, SIDE), scales[-1]
    low, high = SCALES if len(scales) > 1 else (1.0, 1.0)
    parts = tuple(one / largest for one in scales)
    return Seen(size, (low * largest, high * largest), seen.resize, parts, scales[0])


def fitted(
    network: SkipNetwork, photographs: Sequence[Labelled], seen: Seen, seed: int
) -> SkipNetwork:
    """A copy of a network that is fitted to photographs.

    Args:
        network: Trained network; it stays as it is.
        photographs: Labelled photographs.
        seen: How the network sees photographs.
        seed: Seed of all draws.
    """
    copied = copy.deepcopy(network).eval()
    weights = _chosen_weights(copied)
    optimizer = AdamW(weights, lr=RATE, weight_decay=0.0)
    schedule = OneCycleLR(optimizer, RATE, total_steps=STEPS, pct_start=_WARMUP)
    loss = SegmentationLoss(TERMS, None)
    crops = _Crops(photographs, seen, seed)
    device = weights[0].device.type
    for _ in range(STEPS):
        image, mask = (part.to(weights[0].device) for part in crops.batch())
        with torch.autocast(device, torch.bfloat16, enabled=_has_bfloat16(device)):
            found = looks(copied, image, seen.looks)
        optimizer.zero_grad()
        total = loss(torch.stack(found).mean(dim=0), mask) + loss_of_each(loss, found, mask)
        total.backward()
        nn.utils.clip_grad_norm_(weights, _LARGEST_GRADIENT)
        optimizer.step()
        schedule.step()
    return copied.requires_grad_(False)


def _chosen_weights(network: SkipNetwork) -> list[nn.Parameter]:
    """The weights that are fitted; all others no longer take a gradient."""
    network.requires_grad_(False)
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    for part in (*norms, *network.decoder[-1:], network.head):
        part.requires_grad_(True)
    return [weight for weight in network.parameters() if weight.requires_grad]


def _has_bfloat16(device: str) -> bool:
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device == "cpu" and cpu_has_bfloat16()


class _Crops:
    """Batches of random crops, as often from each photograph."""

    def __init__(self, photographs: Sequence[Labelled], seen: Seen, seed: int) -> None:
        self._parts: dict[str, list[Labelled]] = {}
        for one in photographs:
            self._parts.setdefault(one.photograph, []).append(one)
        self._crop = RandomCrop(seen.size, _CRACK_SHARE, 127, seen.scales, seen.how)
        self._augment = Augmentation(seen.size)
        self._random = np.random.default_rng(seed)
        self._order: list[str] = []

    def batch(self) -> tuple[Tensor, Tensor]:
        """Images (N, 3, H, W) in [0, 1] and masks (N, 1, H, W) in {0, 1}."""
        images, masks = zip(*(self._drawn() for _ in range(BATCH)), strict=True)
        together = torch.stack(images).contiguous(memory_format=torch.channels_last)
        return together, torch.stack(masks)

    def _drawn(self) -> tuple[Tensor, Tensor]:
        if not self._order:
            self._order = self._random.permutation(list(self._parts)).tolist()
        parts = self._parts[self._order.pop()]
        photograph = parts[int(self._random.integers(len(parts)))]
        seed = int(self._random.integers(2**31))
        grey = photograph.crack.astype(np.uint8) * 255
        image, mask = self._augment(*self._crop(photograph.image, grey, seed), seed)
        return image_to_tensor(image), torch.from_numpy(mask > 127).float()[None]
