"""U-Nets written by hand (Ronneberger et al., 2015): the default one and the report's own.

Both are put together from the same blocks and give logits; the sigmoid lives in the loss and in
the predictor. In inference they take any height and width.
"""

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


class SkipNetwork(nn.Module):
    """Encoder, bottom, decoder with skips, 1x1 head; the U-Nets below differ in these parts.

    Attributes:
        stride: Number of pixels that a side must be a multiple of, since every level halves it.
        radius: Largest distance at which a photograph's pixel can influence the output, in pixels.
    """

    def __init__(
        self,
        encoder: list[nn.Module],
        bottom: nn.Module,
        decoder: list[nn.Module],
        head: nn.Module,
        in_channels: int,
        radius: int,
    ) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(encoder)
        self.bottom = bottom
        self.decoder = nn.ModuleList(decoder)
        self.head = head
        self.pool = nn.MaxPool2d(2)
        self.in_channels = in_channels
        self.stride: int = 2 ** len(encoder)
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
        features = pad_to_multiple(image, self.stride)
        skips = []
        for level in self.encoder:
            features = level(features)
            skips.append(features)
            features = self.pool(features)
        features = self.bottom(features)
        for level, skip in zip(self.decoder, reversed(skips), strict=True):
            features = level(features, skip)
        logits: Tensor = self.head(features)
        return logits[..., :height, :width]

    def _checked_size(self, image: Tensor) -> tuple[int, int]:
        if image.ndim != 4 or image.shape[1] != self.in_channels or 0 in image.shape:
            raise ImageSizeError(
                f"the network takes (N, {self.in_channels}, H, W), not {tuple(image.shape)}"
            )
        height, width = image.shape[-2:]
        if self.training:
            check_fits((height, width), self.stride)
        return height, width


class UNet(SkipNetwork):
    """The default U-Net: ``depth`` levels, each halving the size and doubling the channels.

    Args:
        in_channels: Number of channels of the image.
        base_channels: Number of channels of the first level.
        depth: Number of max poolings.
        convs_per_level: Number of 3x3 convolutions in every block.
        dropout: Share of activations dropped after each convolution, in [0, 1).
        activation: Activation, ``leaky_relu`` or ``relu``.
        negative_slope: Slope of ``leaky_relu`` below zero.
        norm_momentum: Share of the new batch in the running statistics (torch's meaning).
        norm_eps: Number added to the variance in batch normalisation.
        init: Initialisation of weights, ``he`` (normal, for rectifiers) or ``glorot`` (uniform).

    References:
        Ronneberger, Fischer, Brox: U-Net, MICCAI 2015, with batch normalisation and padding.
    """

    def __init__(
        self,
        in_channels: int = 3,
        base_channels: int = 16,
        depth: int = 4,
        convs_per_level: int = 2,
        dropout: float = 0.1,
        activation: Activation = "leaky_relu",
        negative_slope: float = 0.1,
        norm_momentum: float = 0.1,
        norm_eps: float = 1e-5,
        init: Init = "he",
    ) -> None:
        style = BlockStyle(dropout, activation, negative_slope, norm_momentum, norm_eps)
        widths = [base_channels * 2**level for level in range(depth + 1)]

        def block(inputs: int, outputs: int) -> ConvBlock:
            return ConvBlock(inputs, outputs, convs_per_level, style)

        super().__init__(
            encoder=[
                block(i, o) for i, o in zip([in_channels, *widths], widths[:-1], strict=False)
            ],
            bottom=block(widths[-2], widths[-1]),
            decoder=[
                UpBlock(deep, level, after=block(2 * level, level))
                for deep, level in zip(widths[:0:-1], widths[-2::-1], strict=True)
            ],
            head=nn.Conv2d(base_channels, 1, kernel_size=1),
            in_channels=in_channels,
            # Convolutions on the way down, at the bottom and on the way up, then one pixel for
            # every pooling and every transposed convolution, each counted at its level's scale.
            radius=convs_per_level * (3 * 2**depth - 2) + 2 * (2**depth - 1),
        )
        initialise(self, init, negative_slope if activation == "leaky_relu" else 0.0)


class PaperUNet(SkipNetwork):
    """The report's U-Net: 246,805 weights for 3 channels in.

    It differs from the usual one in four points: there is a single convolution on each level,
    there is no block at the bottom, only normalisation, activation and dropout follow each skip,
    and the last transposed convolution gives one channel beside the first level's skip. The
    constants of batch normalisation and the initialisation are Keras' defaults.

    Args:
        in_channels: Number of channels of the image.
        base_channels: Number of filters of the first level (the report: 16).
        depth: Number of max poolings (the report: 4).
        dropout: Share of activations dropped after each block, in [0, 1).

    References:
        Scarozza: Deep Learning for Crack Segmentation in Infrastructure, 2024, section 3.1.
    """

    def __init__(
        self, in_channels: int = 3, base_channels: int = 16, depth: int = 4, dropout: float = 0.0
    ) -> None:
        style = BlockStyle(dropout, "leaky_relu", 0.1, norm_momentum=0.01, norm_eps=1e-3)
        widths = [base_channels * 2**level for level in range(depth)]
        ups = [*widths[:0:-1], 1]
        joined = [up + skip for up, skip in zip(ups, widths[::-1], strict=True)]
        super().__init__(
            encoder=[
                ConvBlock(inputs, outputs, 1, style)
                for inputs, outputs in zip([in_channels, *widths], widths, strict=False)
            ],
            bottom=nn.Identity(),
            decoder=[
                UpBlock(inputs, up, after=nn.Sequential(*norm_act_drop(both, style)))
                for inputs, up, both in zip([widths[-1], *joined], ups, joined, strict=False)
            ],
            head=nn.Conv2d(joined[-1], 1, kernel_size=1),
            in_channels=in_channels,
            radius=3 * (2**depth - 1),
        )
        initialise(self, "glorot", 0.1)


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
