"""A U-Net whose encoder has seen ImageNet: any of timm's that looks a finite distance."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crackseg.errors import ConfigError
from crackseg.models.blocks import BlockStyle, SkipNetwork, initialise, norm_act_drop
from crackseg.models.reach import UnknownReachError, encoder_reach, radius_of
from crackseg.models.registry import register
from crackseg.models.timm_encoder import TimmEncoder


class NearestUpBlock(nn.Module):
    """Every pixel four times, the skip connection if there is one, then 3x3 convolutions."""

    def __init__(self, in_channels: int, out_channels: int, convs: int, style: BlockStyle) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index in range(convs):
            inputs = in_channels if index == 0 else out_channels
            layers.append(nn.Conv2d(inputs, out_channels, 3, padding=1, bias=False))
            layers += norm_act_drop(out_channels, style)
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor, skip: Tensor | None) -> Tensor:
        """Joins features at (H, W) and the skip at (2H, 2W) to features at (2H, 2W)."""
        larger = F.interpolate(features, scale_factor=2.0, mode="nearest")
        if skip is not None:
            larger = torch.cat([larger, skip], dim=1)
        out: Tensor = self.layers(larger)
        return out


@register("unet_pretrained")
class PretrainedUNet(SkipNetwork):
    """A U-Net on an encoder of the library timm, whose weights on ImageNet a training begins with.

    The encoder's normalisation of images is a part of the network.

    Args:
        in_channels: Number of channels of the image.
        encoder: Name of the encoder in timm.
        encoder_levels: Number of times that the encoder halves the size; what comes after is left
            out.
        decoder_channels: Number of channels of the decoder's last level, at the full size; as
            many on the one below, then twice as many on each (16, 16, 32, 64, 128 of 5 levels).
        convs_per_level: Number of 3x3 convolutions in every block of the decoder.
        dropout: Share of activations dropped after each convolution of the decoder, in [0, 1).
        pretrained: Whether a training begins with the encoder's weights on ImageNet. A network that
            is only built has random ones.

    References:
        Ronneberger, Fischer, Brox: U-Net, MICCAI 2015.
    """

    def __init__(
        self,
        in_channels: int = 3,
        encoder: str = "tf_efficientnet_lite0",
        encoder_levels: int = 5,
        decoder_channels: int = 16,
        convs_per_level: int = 2,
        dropout: float = 0.0,
        pretrained: bool = True,
    ) -> None:
        layers = TimmEncoder(encoder, encoder_levels, in_channels)
        try:
            reach = encoder_reach(layers)
        except UnknownReachError as error:
            raise ConfigError(f"model.encoder={encoder}: {error}") from error
        super().__init__(in_channels, 2**encoder_levels, radius_of(reach, convs_per_level))
        self.pretrained = pretrained
        self.encoder = layers
        style = BlockStyle(dropout, "relu", 0.0, norm_momentum=0.1, norm_eps=1e-5)
        *skips, deepest = layers.channels
        widths = [decoder_channels * 2 ** max(level - 1, 0) for level in range(encoder_levels)][
            ::-1
        ]
        inputs = [deepest, *widths]
        self.decoder = nn.ModuleList(
            NearestUpBlock(below + skip, width, convs_per_level, style)
            for below, skip, width in zip(inputs, [*skips[::-1], 0], widths, strict=False)
        )
        self.head = nn.Conv2d(decoder_channels, 1, kernel_size=1)
        initialise(self.decoder, "he", 0.0)
        initialise(self.head, "he", 0.0)

    def logits_on_grid(self, image: Tensor) -> Tensor:
        """Computes logits of images whose sides are multiples of ``stride``, unchecked."""
        *skips, features = self.encoder(image)
        for level, skip in zip(self.decoder, [*skips[::-1], None], strict=True):
            features = level(features, skip)
        logits: Tensor = self.head(features)
        return logits

    def begin_training(self) -> None:
        """Loads the encoder's weights on ImageNet.

        Raises:
            ConfigError: They are neither in a package that is installed nor to be fetched.
        """
        if self.pretrained:
            self.encoder.load_pretrained()
