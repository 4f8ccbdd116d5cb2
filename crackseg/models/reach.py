"""How far a network looks: receptive fields of an encoder's features, and of a decoder on them.

References:
    Araujo, Norris, Sim: Computing receptive fields of convolutional neural networks, Distill 2019.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from crackseg.models.timm_encoder import Normalisation, SamePaddedConv, TimmEncoder

# What looks at each pixel alone, and what looks at a window of them.
_POINTWISE = (
    Normalisation,
    nn.BatchNorm2d,
    nn.Dropout,
    nn.GELU,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Identity,
    nn.LeakyReLU,
    nn.ReLU,
    nn.ReLU6,
    nn.Sequential,  # An empty one.
    nn.SiLU,
    nn.Sigmoid,
)
_WINDOWED = (nn.AvgPool2d, nn.Conv2d, nn.MaxPool2d)


class UnknownReachError(ValueError):
    """An encoder with a part that looks at the whole image, or at an unknown part of it."""


@dataclass(frozen=True)
class Reach:
    """The pixels that features come from, along each side of the image.

    Feature i comes from pixels between ``i * step - before`` and ``i * step + after``.
    """

    step: int
    before: int
    after: int


def encoder_reach(encoder: TimmEncoder) -> list[Reach]:
    """Finds the reach of each level of an encoder.

    Every window that a level's features passed counts in full: exact for a chain of layers with
    shortcuts around them, more than needed where windows stand side by side.

    Raises:
        UnknownReachError: A layer is of no known kind, or looks at the whole image.
    """
    # The deepest features have 2x2 pixels: only a pooling of them all leaves a single one.
    side = 2 * 2 ** len(encoder.channels)
    with _standing_in(encoder, side) as windows:
        features = encoder(torch.zeros(1, encoder.in_channels, side, side, device="cpu"))
    reaches = []
    for level, found in enumerate(features, 1):
        step = 2**level
        if found.shape[-1] * step != side:
            raise UnknownReachError(f"its level {level} is not the half of the level before")
        passed = [window for window in windows if window.step <= step]
        before = sum(window.before for window in passed)
        reaches.append(Reach(step, before, sum(window.after for window in passed)))
    return reaches


def radius_of(reaches: Sequence[Reach], convs: int) -> int:
    """Largest distance at which a pixel can influence the output of a decoder on an encoder.

    At each level the decoder repeats every pixel four times, joins the encoder's features of that
    size if there are some, and then convolves.

    Args:
        reaches: Reach of each of the encoder's levels.
        convs: Number of 3x3 convolutions on each of the decoder's levels.
    """
    return max(_radius_at(pixel, reaches, convs) for pixel in range(reaches[-1].step))


def _radius_at(pixel: int, reaches: Sequence[Reach], convs: int) -> int:
    """Distance of a pixel of the output from the farthest one of the image that it depends on."""
    first = last = pixel
    distances: list[int] = []
    for above, reach in zip([None, *reaches], reaches, strict=False):
        first, last = first - convs, last + convs
        if above is not None:
            distances += _ends(pixel, first, last, above)
        first, last = first // 2, last // 2
        if reach is reaches[-1]:
            distances += _ends(pixel, first, last, reach)
    return max(distances)


def _ends(pixel: int, first: int, last: int, reach: Reach) -> tuple[int, int]:
    """Distances of a pixel from the ends of what features ``first`` to ``last`` come from."""
    return (
        pixel - (first * reach.step - reach.before),
        last * reach.step + reach.after - pixel,
    )


@contextmanager
def _standing_in(encoder: nn.Module, side: int) -> Iterator[list[Reach]]:
    """Replaces all layers by ones that compute nothing but sizes, and collects their windows.

    A window's ``step`` is that of the features which it makes.
    """
    windows: list[Reach] = []
    layers: list[Any] = [one for one in encoder.modules() if _is_layer(one)]
    try:
        for layer in layers:
            layer.forward = _stand_in(layer, side, windows)
        yield windows
    finally:
        for layer in layers:
            vars(layer).pop("forward", None)


def _is_layer(module: nn.Module) -> bool:
    """Whether a module is not only put together from others."""
    has_weights = any(True for _ in module.parameters(recurse=False))
    return has_weights or not any(True for _ in module.children())


def _stand_in(layer: nn.Module, side: int, windows: list[Reach]) -> Callable[[Tensor], Tensor]:
    if isinstance(layer, _POINTWISE):
        return lambda features: features
    if isinstance(layer, _WINDOWED):
        return partial(_look, layer, side, windows)
    raise UnknownReachError(f"it is not known how far its {type(layer).__name__} looks")


def _look(layer: Any, side: int, windows: list[Reach], features: Tensor) -> Tensor:
    """Adds the window of a layer, and gives zeros of the size and number that it would give."""
    sizes = features.shape[-2:]
    if 1 in sizes:
        raise UnknownReachError("a part of it looks at the whole image (squeeze and excitation)")
    axes = [_axis(layer, axis, size) for axis, size in enumerate(sizes)]
    height, width = (axis.size for axis in axes)
    if height < 1 or side % height:
        raise UnknownReachError("its features are no even part of the image")
    scale = side // sizes[0]
    before, after = (scale * max(ends) for ends in zip(*(axis[1:] for axis in axes), strict=True))
    windows.append(Reach(side // height, before, after))
    channels = getattr(layer, "out_channels", features.shape[1])
    return features.new_zeros(1, channels, height, width)


class _Axis(NamedTuple):
    """A layer along one side: its number of features, and how far a feature looks back and on."""

    size: int
    before: int
    after: int


def _axis(layer: Any, axis: int, size: int) -> _Axis:
    kernel, stride = _pair(layer.kernel_size)[axis], _pair(layer.stride)[axis]
    reach = (kernel - 1) * _pair(getattr(layer, "dilation", 1))[axis]
    before = after = _pair(layer.padding)[axis]
    if isinstance(layer, SamePaddedConv):
        before, after = layer.starts[axis], layer.ends[axis]
    room = size + before + after - reach - 1
    steps = -(-room // stride) if getattr(layer, "ceil_mode", False) else room // stride
    return _Axis(steps + 1, before, reach - before)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)
