"""Logits of an image at several scales, at its own size."""

import pytest
import torch
import torch.nn.functional as F

from crackseg.models import SkipNetwork, build_network
from crackseg.models.looks import looks


@pytest.fixture
def network() -> SkipNetwork:
    torch.manual_seed(0)
    return build_network("unet", {"base_channels": 4, "depth": 3, "dropout": 0.0}).train()


def seen_by(network: SkipNetwork, image: torch.Tensor, scales: list[float]) -> list[torch.Size]:
    sizes: list[torch.Size] = []
    network.eval().register_forward_pre_hook(lambda network, given: sizes.append(given[0].shape))
    assert all(one.shape == image[:, :1].shape for one in looks(network, image, scales))
    return sizes


def test_sides_are_the_nearest_multiples_of_the_stride(network: SkipNetwork) -> None:
    sizes = seen_by(network, torch.rand(2, 3, 64, 96), [0.4, 0.63, 1.0])
    assert sizes == [(2, 3, 24, 40), (2, 3, 40, 64), (2, 3, 64, 96)]
    assert seen_by(network, torch.rand(1, 3, 16, 16), [0.1]) == [(1, 3, 8, 8)]


def test_the_own_size_is_the_network_itself(network: SkipNetwork) -> None:
    image = torch.rand(2, 3, 32, 32)
    network.eval()
    [found] = looks(network, image, [1.0])
    assert torch.equal(found, network(image))


def test_a_smaller_scale_is_the_network_on_a_smaller_image(network: SkipNetwork) -> None:
    image = torch.rand(1, 3, 64, 64)
    network.eval()
    [found] = looks(network, image, [0.5])
    small = F.interpolate(image, (32, 32), mode="bilinear", antialias=True)
    # A mean over windows, as photographs are made smaller in a prediction.
    assert small.std() < 0.8 * image.std()
    wanted = F.interpolate(network(small), (64, 64), mode="bilinear")
    torch.testing.assert_close(found, wanted)
