"""How far encoders look: exact for chains of layers, and refused where there is no end."""

import pytest
import torch
from torch import Tensor, nn

from crackseg.models.reach import Reach, UnknownReachError, encoder_reach, radius_of
from crackseg.models.timm_encoder import SamePaddedConv, TimmEncoder


class Chain(TimmEncoder):
    """Stages one after the other, without the library."""

    def __init__(self, *stages: nn.Module) -> None:
        nn.Module.__init__(self)
        self.in_channels, self.channels = 3, [2] * len(stages)
        self.stages = nn.ModuleList(stages)

    def forward(self, image: Tensor) -> list[Tensor]:
        features = []
        for stage in self.stages:
            image = stage(image)
            features.append(image)
        return features


def conv(inputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    padding = (kernel - 1) * dilation // 2
    return nn.Conv2d(inputs, 2, kernel, stride, padding, dilation)


def same(inputs: int, kernel: int) -> nn.Conv2d:
    return SamePaddedConv(inputs, 2, kernel, 2)


class Residual(nn.Module):
    """A shortcut around a convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = conv(2, 3)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.inner(features)


class Excited(nn.Module):
    """Squeeze and excitation."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(2, 2, 1)

    def forward(self, features: Tensor) -> Tensor:
        return features * self.inner(features.mean((2, 3), keepdim=True)).sigmoid()


@pytest.mark.parametrize(
    ("stages", "reaches"),
    [
        ([conv(3, 3, 2)], [Reach(2, 1, 1)]),
        ([same(3, 3)], [Reach(2, 0, 2)]),
        ([same(3, 5)], [Reach(2, 1, 3)]),
        ([conv(3, 7, 2), nn.MaxPool2d(2)], [Reach(2, 3, 3), Reach(4, 3, 5)]),
        (
            [nn.Sequential(same(3, 3), nn.ReLU(), conv(2, 3)), same(2, 5)],
            [Reach(2, 2, 4), Reach(4, 4, 10)],
        ),
        ([nn.Sequential(conv(3, 3, 2), Residual())], [Reach(2, 3, 3)]),
        ([nn.Sequential(conv(3, 3, 2), conv(2, 3, dilation=2))], [Reach(2, 5, 5)]),
    ],
)
def test_reach_is_that_of_a_pixel_that_is_no_number(
    stages: list[nn.Module], reaches: list[Reach]
) -> None:
    encoder = Chain(*stages)
    assert encoder_reach(encoder) == reaches
    for level, reach in enumerate(reaches):
        start, stop = 64 - reach.before, 64 + reach.after
        touched = []
        for column in range(128):
            image = torch.zeros(1, 3, 128, 128)
            image[..., column] = torch.nan
            with torch.no_grad():
                feature = encoder(image)[level][0, 0, 64 // reach.step, 64 // reach.step]
            if feature.isnan():
                touched.append(column)
        assert (touched[0], touched[-1]) == (start, stop)


def test_encoder_is_as_it_was_afterwards() -> None:
    encoder = Chain(nn.Sequential(conv(3, 3, 2), nn.BatchNorm2d(2)))
    image = torch.rand(2, 3, 16, 16)
    before = encoder.eval()(image)[0]
    encoder.train()
    encoder_reach(encoder)
    assert encoder.training
    assert torch.equal(encoder.eval()(image)[0], before)


@pytest.mark.parametrize(
    ("stage", "reason"),
    [
        (nn.Sequential(conv(3, 3, 2), Excited()), "looks at the whole image"),
        (nn.Sequential(conv(3, 3, 2), nn.GroupNorm(1, 2)), "how far its GroupNorm looks"),
        (nn.Sequential(conv(3, 3, 2), nn.AdaptiveAvgPool2d(1)), "its AdaptiveAvgPool2d looks"),
        (nn.Conv2d(3, 2, 2), "no even part"),
        (conv(3, 3, 4), "level 1 is not the half"),
    ],
)
def test_what_has_no_known_reach_is_refused(stage: nn.Module, reason: str) -> None:
    with pytest.raises(UnknownReachError, match=reason):
        encoder_reach(Chain(stage))


def test_radius_counts_the_farthest_of_skips_and_depths() -> None:
    # Two poolings of 2x2, one convolution on each of the decoder's levels: pixel 1 needs 0 to 2 of
    # the full size, 0 to 1 of the half, with its convolution -1 to 2, and of the quarter -1 to 1,
    # which are the pixels -4 to 7.
    reaches = [Reach(2, 0, 1), Reach(4, 0, 3)]
    assert radius_of(reaches, convs=1) == 6
    # A skip that looks far counts although it is not deep.
    assert radius_of([Reach(2, 50, 1), Reach(4, 0, 3)], convs=1) == 54
