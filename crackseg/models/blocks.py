"""Blocks that U-Nets are put together from, and what all such networks have in common.

Networks give logits; the sigmoid is in the loss and in the predictor. In inference they take any
height and width.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crackseg.errors import ImageSizeError
from crackseg.models.dropout import Dropout

Activation = Literal["leaky_relu", "relu"]


Init = Literal["he", "glorot"]


@dataclass(frozen=True)
class BlockStyle:
    """Settings that every block of one network shares.

    ``norm_momentum`` is torch's: the share of the new batch in the running statistics (Keras
    states one minus that).
    """

    dropout: float
    activation: Activation
    negative_slope: float
    norm_momentum: float
    norm_eps: float


def norm_act_drop(channels: int, style: BlockStyle) -> list[nn.Module]:
    """Batch normalisation, activation, dropout, in this order."""
    activation: nn.Module = nn.ReLU(inplace=True)
    if style.activation == "leaky_relu":
        activation = nn.LeakyReLU(style.negative_slope, inplace=True)
    norm = nn.BatchNorm2d(channels, eps=style.norm_eps, momentum=style.norm_momentum)
    # A dropout of share 0 would still copy every activation.
    return [norm, activation] + ([Dropout(style.dropout)] if style.dropout > 0 else [])


def norm_apart(norm: nn.BatchNorm2d, parts: Sequence[Tensor]) -> list[Tensor]:
    """Normalises a batch in training that is given by parts (N, C, H, W) of its channels.

    The running statistics and the results are those of the joined parts.
    """
    assert norm.num_batches_tracked is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.momentum is not None
    norm.num_batches_tracked.add_(1)
    made, first = [], 0
    for part in parts:
        own = slice(first, first := first + part.shape[1])
        # Slices of the running statistics, which are updated in place.
        mean, var = norm.running_mean[own], norm.running_var[own]
        scale, shift = norm.weight[own], norm.bias[own]
        made.append(F.batch_norm(part, mean, var, scale, shift, True, norm.momentum, norm.eps))
    return made


class ConvBlock(nn.Module):
    """``convs`` times a 3x3 convolution, batch normalisation, activation and dropout."""

    def __init__(self, in_channels: int, out_channels: int, convs: int, style: BlockStyle) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(convs):
            conv = nn.Conv2d(
                in_channels if index == 0 else out_channels, out_channels, 3, padding=1
            )
            layers += [conv, *norm_act_drop(out_channels, style)]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Maps features (N, in_channels, H, W) to (N, out_channels, H, W)."""
        out: Tensor = self.layers(features)
        return out


class UpBlock(nn.Module):
    """Transposed convolution to twice the size, skip connection, then ``after``."""

    def __init__(self, in_channels: int, out_channels: int, after: nn.Module) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=2, stride=2)
        self.after = after

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Joins features at (H, W) and the skip at (2H, 2W) to features at (2H, 2W)."""
        out: Tensor = self.after(torch.cat([self.up(features), skip], dim=1))
        return out


class SkipNetwork(nn.Module, ABC):
    """What all networks have in common: an encoder, and a decoder that also sees its features.

    Attributes:
        in_channels: Number of channels of the image.
        stride: Number of pixels that a side must be a multiple of, since every level halves it.
        radius: Largest distance at which a photograph's pixel can influence the output, in pixels.
        head: Convolution with a bias that gives the logit, which calibration scales.
        decoder: Levels on the way up, the largest last.
    """

    head: nn.Module
    decoder: nn.ModuleList

    def __init__(self, in_channels: int, stride: int, radius: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.stride = stride
        self.radius = radius

    def forward(self, image: Tensor) -> Tensor:
        """Computes the logit of ``crack`` for every pixel.

        Args:
            image: Images, float (N, in_channels, H, W) in [0, 1]. In training H and W must be
                multiples of ``stride``. In inference any size is padded by its edge pixels, and
                the logits are cut back to that size.

        Returns:
            Logits, float (N, 1, H, W), unbounded.

        Raises:
            ImageSizeError: The tensor has another shape, or a size in training that does not fit.
        """
        height, width = self._checked_size(image)
        return self.logits_on_grid(pad_to_multiple(image, self.stride))[..., :height, :width]

    @abstractmethod
    def logits_on_grid(self, image: Tensor) -> Tensor:
        """Computes the same of images whose sides are multiples of ``stride``, unchecked."""

    def begin_training(self) -> None:
        """Takes what a fresh training begins with, beyond the weights of a built network."""

    def _checked_size(self, image: Tensor) -> tuple[int, int]:
        if image.ndim != 4 or image.shape[1] != self.in_channels or 0 in image.shape:
            raise ImageSizeError(
                f"the network takes (N, {self.in_channels}, H, W), not {tuple(image.shape)}"
            )
        height, width = image.shape[-2:]
        if self.training:
            check_fits((height, width), self.stride)
        return height, width


class PoolingNetwork(SkipNetwork):
    """Encoder with a max pooling after each level, bottom, decoder with skips, 1x1 head."""

    head: nn.Conv2d

    def __init__(
        self,
        encoder: list[nn.Module],
        bottom: nn.Module,
        decoder: list[nn.Module],
        head: nn.Conv2d,
        in_channels: int,
        radius: int,
    ) -> None:
        super().__init__(in_channels, 2 ** len(encoder), radius)
        self.encoder = nn.ModuleList(encoder)
        self.bottom = bottom
        self.decoder = nn.ModuleList(decoder)
        self.head = head
        self.pool = nn.MaxPool2d(2)

    def logits_on_grid(self, image: Tensor) -> Tensor:
        """Computes the same of images whose sides are multiples of ``stride``, unchecked."""
        features, skips = self.encoded(image)
        for level, skip in zip(self.decoder, skips, strict=True):
            features = level(features, skip)
        logits: Tensor = self.head(features)
        return logits

    def encoded(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Computes the features of the bottom, and the skips in the order of the decoder."""
        features, skips = image, []
        for level in self.encoder:
            features = level(features)
            skips.append(features)
            features = self.pool(features)
        return self.bottom(features), skips[::-1]


def initialise(network: nn.Module, init: Init, negative_slope: float) -> None:
    """Sets the weights of all convolutions; biases become zero.

    ``he`` is normal, with the variance that keeps the scale of signals through rectifiers [1].
    ``glorot`` is uniform and Keras' default [2].

    References:
        [1] He et al., "Delving Deep into Rectifiers", ICCV 2015.
        [2] Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
        networks", AISTATS 2010.
    """
    for module in network.modules():
        if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            continue
        if module.weight.is_meta:
            # An outline has no values, and to draw none torch would import its compiler.
            continue
        if init == "he":
            nn.init.kaiming_normal_(module.weight, a=negative_slope, nonlinearity="leaky_relu")
        else:
            nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def pad_to_multiple(image: Tensor, stride: int) -> Tensor:
    """Repeats the last row and column of (N, C, H, W) until both sides are multiples of stride.

    >>> tuple(pad_to_multiple(torch.zeros(1, 3, 30, 33), 16).shape)
    (1, 3, 32, 48)
    """
    height, width = image.shape[-2:]
    below, right = -height % stride, -width % stride
    if not below and not right:
        return image
    return F.pad(image, (0, right, 0, below), mode="replicate")


def check_fits(size: tuple[int, int], stride: int) -> None:
    """Refuses a training size (H, W) that poolings would not halve evenly.

    Raises:
        ImageSizeError: The size does not fit; the message names the nearest sizes that do.
    """
    if all(side > 0 and side % stride == 0 for side in size):
        return
    height, width = size
    smaller = [max(side // stride, 1) * stride for side in size]
    larger = [-(-max(side, 1) // stride) * stride for side in size]
    raise ImageSizeError(
        f"an image of {height}x{width} pixels (H x W) does not fit: this network is trained on "
        f"multiples of {stride}; the nearest that fit are {smaller[0]}x{smaller[1]} and "
        f"{larger[0]}x{larger[1]}"
    )
