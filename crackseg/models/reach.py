"""How far a network looks: receptive fields of an encoder's features, and of a decoder on them.

References:
    Araujo, Norris, Sim: Computing receptive fields of convolutional neural networks, Distill 2019.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from crackseg.models.timm_encoder import Normalisation, SamePaddedConv

# What looks at each pixel alone, and what looks at a window of them.
_POINTWISE = (
    nn.BatchNorm2d,
    nn.Dropout,
    nn.GELU,
    nn.Hardswish,
    nn.Identity,
    nn.LeakyReLU,
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    Normalisation,
)
_WINDOWED = (nn.AvgPool2d, nn.Conv2d, nn.MaxPool2d)


class EndlessReachError(ValueError):
    """A network with a part that looks at the whole image, or of which it is not known."""


@dataclass(frozen=True)
class Reach:
    """The pixels that a level of features comes from, along each side of the image.

    Feature i comes from the pixels ``i * step - before`` to ``i * step + after``, or from some of
    these.
    """

    step: int
    before: int
    after: int


@dataclass(frozen=True)
class _Window:
    """A layer that takes features of one step to another: what it adds to the reach, in pixels."""

    step: int
    before: int
    after: int


def encoder_reach(encoder: nn.Module, in_channels: int, levels: int) -> list[Reach]:
    """Measures the reach of each level of an encoder by running it once.

    All windows up to a level count, as if one followed the other: exact for a chain of layers with
    shortcuts around them, too much for layers side by side.

    Args:
        encoder: Encoder that gives the features of the steps 2, 4, 8, ...
        in_channels: Number of channels of the image.
        levels: Number of these steps.

    Raises:
        EndlessReachError: A layer is of no known kind, or looks at the whole image.
    """
    # The deepest features are of 4x4 pixels, so that only a pooling of all makes a single one.
    side = 4 * 2**levels
    device = next(encoder.parameters()).device
    with _watched(encoder, side) as windows, torch.no_grad():
        encoder(torch.zeros(1, in_channels, side, side, device=device))
    reaches = []
    for step in (2**level for level in range(1, levels + 1)):
        so_far = [window for window in windows if window.step <= step]
        before = sum(window.before for window in so_far)
        after = sum(window.after for window in so_far)
        reaches.append(Reach(step, before, after))
    return reaches


def radius_of(reaches: Sequence[Reach], convs: int) -> int:
    """Largest distance at which a pixel can influence the output of a decoder on an encoder.

    The decoder doubles the size at each level by repeating pixels, joins the encoder's features of
    that size, and widens its view by ``convs`` pixels on each side.

    Args:
        reaches: Reach of each of the encoder's levels.
        convs: Number of 3x3 convolutions on each of the decoder's levels.
    """
    return max(_radius_at(place, reaches, convs) for place in range(reaches[-1].step))


def _radius_at(place: int, reaches: Sequence[Reach], convs: int) -> int:
    first = last = place
    farthest = 0
    for level, reach in enumerate(reaches):
        if level:
            skip = reaches[level - 1]
            farthest = max(farthest, _farthest(place, first - convs, last + convs, skip))
        first, last = (first - convs) // 2, (last + convs) // 2
        if reach is reaches[-1]:
            farthest = max(farthest, _farthest(place, first, last, reach))
    return farthest


def _farthest(place: int, first: int, last: int, reach: Reach) -> int:
    """Distance of a pixel from the farthest one that features ``first`` to ``last`` come from."""
    start, end = first * reach.step - reach.before, last * reach.step + reach.after
    return max(place - start, end - place)


@contextmanager
def _watched(encoder: nn.Module, side: int) -> Iterator[list[_Window]]:
    """Collects the windows of all layers that are run on an image of this side."""
    windows: list[_Window] = []
    training = encoder.training
    handles = [
        module.register_forward_hook(partial(_watch, windows, side))
        for module in encoder.modules()
        if not any(module.children()) or any(True for _ in module.parameters(recurse=False))
    ]
    try:
        encoder.eval()
        yield windows
    finally:
        encoder.train(training)
        for handle in handles:
            handle.remove()


def _watch(
    windows: list[_Window], side: int, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
) -> None:
    if isinstance(module, _POINTWISE):
        return
    kind = type(module).__name__
    if not isinstance(module, _WINDOWED):
        raise EndlessReachError(f"it is not known how far its {kind} looks")
    if 1 in inputs[0].shape[-2:]:
        raise EndlessReachError(f"its {kind} looks at the whole image (squeeze and excitation)")
    scale, step = side // inputs[0].shape[-1], side // output.shape[-1]
    kernel, dilation = _sides(module.kernel_size), _sides(getattr(module, "dilation", 1))
    starts = module.starts if isinstance(module, SamePaddedConv) else _sides(module.padding)
    widths = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
    ends = [width - start for width, start in zip(widths, starts, strict=True)]
    windows.append(_Window(step, scale * max(starts), scale * max(ends)))


def _sides(value: int | str | tuple[int, ...]) -> tuple[int, ...]:
    assert not isinstance(value, str)
    return value if isinstance(value, tuple) else (value, value)
