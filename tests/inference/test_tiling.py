"""Tiles: every pixel once, no seam, nothing larger than a tile."""

from itertools import pairwise

import pytest
import torch
from torch import Tensor

from crackseg.inference.tiling import apply_tiled, spans
from crackseg.models import SkipNetwork, build_network
from tests.helpers.networks import with_statistics


def network_with_statistics(name: str, **arguments: int) -> SkipNetwork:
    torch.manual_seed(0)
    network = build_network(name, {"dropout": 0.2, **arguments})
    return with_statistics(network).eval()


class Watched:
    """A network that notes the sizes it was called with."""

    def __init__(self, network: SkipNetwork) -> None:
        self.network = network
        self.sizes: list[tuple[int, int]] = []

    def __call__(self, image: Tensor) -> Tensor:
        height, width = image.shape[-2:]
        self.sizes.append((height, width))
        logits: Tensor = self.network(image)
        return logits


@pytest.mark.parametrize(("tile", "margin"), [(64, 8), (100, 20), (16, 0), (36, 8)])
def test_spans_keep_every_pixel_exactly_once_and_far_from_inner_borders(
    tile: int, margin: int
) -> None:
    lengths = [*range(1, 3 * tile), 1000, 1023, 1024, 4097]
    for length in lengths:
        cut = list(spans(length, tile, margin))
        assert cut[0].keep_from == 0
        assert cut[-1].keep_to == length
        assert all(before.keep_to == after.keep_from for before, after in pairwise(cut))
        for span in cut:
            assert 0 <= span.start <= span.keep_from < span.keep_to <= span.stop <= length
            assert span.stop - span.start <= tile
            assert span.start == 0 or span.keep_from - span.start >= margin
            assert span.stop == length or span.stop - span.keep_to >= margin


@pytest.mark.parametrize(("tile", "margin", "stride"), [(64, 8, 4), (208, 48, 16), (48, 16, 16)])
def test_spans_start_and_break_on_the_grid_of_poolings(tile: int, margin: int, stride: int) -> None:
    for length in range(1, 5 * tile, 7):
        for span in spans(length, tile, margin):
            assert span.start % stride == 0
            assert span.stop % stride == 0 or span.stop == length


@pytest.mark.parametrize("length", [1, 63, 64])
def test_side_that_fits_is_one_span(length: int) -> None:
    assert list(spans(length, tile=64, margin=8)) == [(0, length, 0, length)]


@pytest.mark.parametrize(
    ("name", "arguments", "tile", "size"),
    [
        ("unet", {"base_channels": 8, "depth": 2}, 116, (301, 257)),
        ("unet", {"base_channels": 8, "depth": 2}, 116, (117, 1)),
        ("unet", {"base_channels": 4, "depth": 3, "convs_per_level": 1}, 168, (169, 401)),
        ("unet", {"base_channels": 2, "depth": 4}, 528, (601, 37)),
        ("unet_paper", {"base_channels": 8, "depth": 4}, 208, (451, 323)),
        ("unet_paper", {"base_channels": 8, "depth": 2}, 52, (3, 207)),
    ],
)
def test_tiles_equal_one_pass_over_the_whole(
    name: str, arguments: dict[str, int], tile: int, size: tuple[int, int]
) -> None:
    network = network_with_statistics(name, **arguments)
    image = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(1))
    watched = Watched(network)
    with torch.inference_mode():
        whole = network(image)
        tiled = apply_tiled(watched, image, tile, network.radius, network.stride)
    assert whole.std() > 0.01
    torch.testing.assert_close(tiled, whole, atol=1e-5, rtol=1e-5)
    assert len(watched.sizes) > 1
    assert max(max(size) for size in watched.sizes) <= tile


def test_without_a_margin_a_seam_would_show() -> None:
    """Else the comparison above would prove nothing."""
    network = network_with_statistics("unet_paper", base_channels=8, depth=2)
    image = torch.rand(1, 3, 64, 207, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        tiled = apply_tiled(network, image, 52, radius=0, stride=network.stride)
        assert (tiled - network(image)).abs().max() > 1e-3


def test_image_that_fits_is_seen_once_and_whole() -> None:
    watched = Watched(network_with_statistics("unet_paper", base_channels=4, depth=2))
    image = torch.rand(1, 3, 47, 52)
    with torch.inference_mode():
        result = apply_tiled(watched, image, 52, radius=9, stride=4)
        assert torch.equal(result, watched.network(image))
    assert watched.sizes == [(47, 52)]
