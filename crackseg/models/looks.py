"""What a network says of images that it sees at several scales, as a training needs it."""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from crackseg.models.blocks import SkipNetwork


def looks(network: SkipNetwork, image: Tensor, scales: Sequence[float]) -> list[Tensor]:
    """Logits of images at several scales, each brought back to their own size.

    Args:
        network: Network in training.
        image: Images (N, C, H, W) in [0, 1].
        scales: Parts of a side; at each the sides are the nearest multiples of the network's
            stride, at least one of them.

    Returns:
        Logits, float32 (N, 1, H, W), one for each scale.
    """
    size = (image.shape[-2], image.shape[-1])
    found = []
    for scale in scales:
        sides = [max(round(side * scale / network.stride), 1) * network.stride for side in size]
        logits = network(_resized(image, (sides[0], sides[1])))
        found.append(_resized(logits.float(), size))
    return found


def _resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    if picture.shape[-2:] == size:
        return picture
    return F.interpolate(picture, size, mode="bilinear", antialias=True)
