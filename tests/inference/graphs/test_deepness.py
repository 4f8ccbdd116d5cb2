"""A file for the plugin Deepness of QGIS: its form, and the masks that the plugin makes by it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from crackseg.images.pixels import Resize
from crackseg.inference.engines import OpenedModel
from crackseg.inference.graphs.deepness import Tile, export_for_deepness
from crackseg.inference.model_file import ModelInfo
from crackseg.inference.predictor import Predictor
from crackseg.inference.torch_engine import TorchEngine
from crackseg.models import SkipNetwork
from tests.helpers.deepness import Deepness, Mask, Picture, filled
from tests.helpers.networks import small_network
from tests.inference.test_model_file import INFO


@pytest.fixture(scope="module")
def network() -> SkipNetwork:
    return small_network("unet")


def info_of(network: SkipNetwork, how: Resize, scale: float = 0.5) -> ModelInfo:
    seen = replace(INFO.preprocessing, resize=how)
    kept = replace(INFO, scale=scale, preprocessing=seen, threshold=0.5)
    return replace(kept, stride=network.stride, radius=network.radius)


def predictor(network: SkipNetwork, info: ModelInfo) -> Predictor:
    engine = TorchEngine(network, "cpu")
    return Predictor(OpenedModel(Path("best.ckpt"), engine, engine.precision, info, ""))


def opened(network: SkipNetwork, info: ModelInfo, folder: Path) -> Deepness:
    onnx.save(export_for_deepness(network, info, 0.5), folder / "deepness.onnx")
    return Deepness(folder / "deepness.onnx")


@pytest.fixture(scope="module")
def plugin(network: SkipNetwork, tmp_path_factory: pytest.TempPathFactory) -> Deepness:
    return opened(network, info_of(network, "area"), tmp_path_factory.mktemp("deepness"))


def smooth_noise(side: int) -> Picture:
    noise = np.random.default_rng(0).integers(1, 256, (side, side, 3), np.uint8)
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)


def iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def test_masks_of_the_plugin_are_ours(network: SkipNetwork, plugin: Deepness) -> None:
    side = filled(2 * plugin.side, plugin.side, plugin.side - plugin.overlap)
    assert side > 2 * plugin.side - plugin.overlap
    assert_equal_inside(network, info_of(network, "area"), plugin, smooth_noise(side))


def test_masks_of_a_network_that_was_trained_on_bilinear_pixels_are_ours(
    network: SkipNetwork, tmp_path: Path
) -> None:
    info = info_of(network, "bilinear")
    plugin = opened(network, info, tmp_path)
    assert_equal_inside(network, info, plugin, smooth_noise(plugin.side))


def assert_equal_inside(
    network: SkipNetwork, info: ModelInfo, plugin: Deepness, picture: Picture
) -> None:
    """At the border alone networks see the plugin's black, or what it was filled by."""
    probability = predictor(network, info).predict(picture).probability
    # A threshold that divides the picture.
    plugin.told["seg_thresh"] = float(np.median(probability))
    rim = round(info.radius / info.scale)
    inner = (slice(rim, -rim), slice(rim, -rim))
    wanted = probability[inner] > plugin.told["seg_thresh"]
    assert iou(plugin.mask(picture)[inner], wanted) > 0.998


def test_black_beyond_the_picture_is_no_edge(plugin: Deepness) -> None:
    picture, half = smooth_noise(plugin.side), plugin.side // 2
    picture[:half] = picture[half]
    picture[:, half:] = picture[:, [half - 1]]
    black = picture.copy()
    black[:half] = 0
    black[:, half:] = 0
    np.testing.assert_array_equal(plugin.probability(black), plugin.probability(picture))


def test_a_black_tile_is_taken_as_it_is(plugin: Deepness) -> None:
    black = np.zeros((plugin.side, plugin.side, 3), np.uint8)
    almost = plugin.probability(black + np.uint8(1))
    np.testing.assert_allclose(plugin.probability(black), almost, atol=0.05)


def test_the_plugin_reads_what_it_needs(network: SkipNetwork, plugin: Deepness) -> None:
    tile = Tile.of(info_of(network, "area"))
    assert plugin.image.shape == [1, 3, tile.side, tile.side]
    assert plugin.image.type == "tensor(float)"
    assert plugin.class_names() == ["background", "crack"]
    assert (plugin.told["model_type"], plugin.told["resolution"]) == ("Segmentor", 0.5)
    assert plugin.told["tile_size"] == plugin.told["tiles_size"] == tile.side
    assert plugin.told["seg_small_segment"] == 0
    assert plugin.told["licence"] == "CC0"


@pytest.mark.parametrize("scale", [0.1, 0.32, 1.0])
def test_tiles_begin_on_the_grid_of_poolings(network: SkipNetwork, scale: float) -> None:
    tile = Tile.of(info_of(network, "area", scale))
    (seen,) = tile.seen
    assert (0.75 * seen) % network.stride == 0
    assert tile.side == round(seen / scale)
    assert seen / 8 >= 0.6 * network.radius


def test_tiles_begin_on_the_grid_of_poolings_at_each_of_several_scales(
    network: SkipNetwork,
) -> None:
    info = replace(info_of(network, "area"), scales=(0.4, 1.25))
    tile = Tile.of(info)
    assert len(tile.seen) == 3
    assert tile.seen[-1] == tile.side
    for seen, scale in zip(tile.seen, (0.4, 0.632, 1.0), strict=True):
        assert (0.75 * seen) % network.stride == 0
        assert seen == pytest.approx(tile.side * scale, rel=0.05)


def test_masks_of_a_network_of_a_range_of_scales_are_ours(
    network: SkipNetwork, tmp_path: Path
) -> None:
    """Scales that fit the grid are nearly those of a prediction."""
    info = replace(info_of(network, "area"), scales=(0.5, 1.25))
    plugin = opened(network, info, tmp_path)
    picture = smooth_noise(plugin.side)
    probability = predictor(network, info).predict(picture).probability
    once = predictor(network, replace(info, scales=None, scale=1)).predict(picture).probability
    plugin.told["seg_thresh"] = float(np.median(probability))
    rim = round(info.radius / 0.5)
    inner = (slice(rim, -rim), slice(rim, -rim))
    mask = plugin.mask(picture)[inner]
    assert iou(mask, probability[inner] > np.median(probability)) > 0.98
    assert iou(mask, once[inner] > np.median(probability)) < 0.9
