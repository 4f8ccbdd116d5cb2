"""U-Nets written by hand (Ronneberger et al., 2015): the default one and the report's own."""

import torch.nn.functional as F
from torch import Tensor, nn

from crackseg.models.blocks import (
    Activation,
    BlockStyle,
    ConvBlock,
    Init,
    PoolingNetwork,
    UpBlock,
    initialise,
    norm_act_drop,
    norm_apart,
)
from crackseg.models.registry import register


@register("unet")
class UNet(PoolingNetwork):
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


@register("unet_paper")
class PaperUNet(PoolingNetwork):
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

    def logits_on_grid(self, image: Tensor) -> Tensor:
        """Computes the same, in training without joining the last level's channels.

        From there to the logit everything is done to each channel by itself, or is a sum over
        them. Of 17 channels torch normalises the last one outside of vectors: it takes four times
        as long as for 16, a quarter of a training step.
        """
        *levels, last = self.decoder
        assert isinstance(last, UpBlock)
        assert isinstance(last.after, nn.Sequential)
        norm, rest = last.after[0], last.after[1:]
        assert isinstance(norm, nn.BatchNorm2d)
        # Not where its statistics are frozen either.
        if not norm.training:
            return super().logits_on_grid(image)
        features, (*skips, skip) = self.encoded(image)
        for level, below in zip(levels, skips, strict=True):
            features = level(features, below)
        up, skip = (rest(part) for part in norm_apart(norm, [last.up(features), skip]))
        weight = self.head.weight
        logits: Tensor = up * weight[:, :1] + F.conv2d(skip, weight[:, 1:], self.head.bias)
        return logits
