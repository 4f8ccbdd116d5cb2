"""Tiles: every pixel once, no seam, nothing larger than a tile."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from crackseg.inference.tiling import (
    Logits,
    Pixels,
    apply_tiled,
    logits_at_size,
    sigmoid,
    spans,
    tiled_bands,
)
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
        self.counts: list[int] = []

    def __call__(self, image: Pixels) -> Logits:
        height, width = image.shape[-2:]
        self.sizes.append((height, width))
        self.counts.append(len(image))
        with torch.inference_mode():
            return np.asarray(self.network(torch.from_numpy(image)).numpy(), np.float32)


def noise(*size: int) -> Pixels:
    return np.random.default_rng(1).random((1, 3, *size), np.float32)


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
    watched = Watched(network_with_statistics(name, **arguments))
    image = noise(*size)
    whole = watched(image)
    watched.sizes.clear()
    tiled = apply_tiled(watched, image, tile, watched.network.radius, watched.network.stride)
    assert whole.std() > 0.01
    np.testing.assert_allclose(tiled, whole, atol=1e-5, rtol=1e-5)
    assert len(watched.sizes) > 1
    assert max(max(size) for size in watched.sizes) <= tile


@pytest.mark.parametrize(
    ("width", "counts"), [(301, [4, 4, 1, 1]), (192, [4, 2]), (140, [4, 1]), (53, [1, 1])]
)
def test_tiles_that_are_computed_together_give_what_each_alone_gives(
    width: int, counts: list[int]
) -> None:
    """Those of a row, as long as they are of one size."""
    watched = Watched(network_with_statistics("unet_paper", base_channels=8, depth=2))
    network, image = watched.network, noise(40, width)
    alone = apply_tiled(watched, image, 52, network.radius, network.stride)
    watched.counts.clear()
    (together,) = tiled_bands(
        watched,
        lambda start, stop: image[:, :, start:stop],
        (40, width),
        network.radius,
        network.stride,
        tile=52,
        batch=4,
    )
    np.testing.assert_allclose(together, alone, atol=1e-5, rtol=1e-5)
    assert watched.counts == counts


def test_without_a_margin_a_seam_would_show() -> None:
    """Else the comparison above would prove nothing."""
    network = Watched(network_with_statistics("unet_paper", base_channels=8, depth=2))
    image = noise(64, 207)
    tiled = apply_tiled(network, image, 52, radius=0, stride=network.network.stride)
    assert np.abs(tiled - network(image)).max() > 1e-3


def test_image_that_fits_is_seen_once_and_whole() -> None:
    watched = Watched(network_with_statistics("unet_paper", base_channels=4, depth=2))
    image = noise(47, 52)
    result = apply_tiled(watched, image, 52, radius=9, stride=4)
    assert watched.sizes == [(47, 52)]
    np.testing.assert_array_equal(result, watched(image))


@pytest.mark.parametrize("size", [(60, 94), (23, 40), (30, 47)])
def test_logits_are_resized_as_torch_resizes_them(size: tuple[int, int]) -> None:
    logits = np.random.default_rng(2).normal(size=(2, 1, 30, 47)).astype(np.float32)
    wanted = torch.nn.functional.interpolate(
        torch.from_numpy(logits), size, mode="bilinear", antialias=size[0] < 30
    )
    np.testing.assert_allclose(logits_at_size(logits, size), wanted.numpy(), atol=1e-4)


def test_sigmoid_takes_any_logit() -> None:
    logits = np.array([-np.inf, -200, 0, 200, np.inf], np.float32)
    np.testing.assert_allclose(sigmoid(logits), [0, 0, 0.5, 1, 1], atol=1e-7)
