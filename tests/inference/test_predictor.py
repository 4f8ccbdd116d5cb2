"""Photographs of any size in, masks of their own size out, at the scale of training."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import crackseg
from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.data.discovery.pairs import find_pairs
from crackseg.errors import CheckpointError, ConfigError, UnreadableImageError
from crackseg.images.photographs import as_photograph, read_photograph
from crackseg.images.pixels import resize
from crackseg.images.windows import WindowedPhotograph
from crackseg.inference import torch_engine
from crackseg.inference.predictor import Predictor
from crackseg.inference.torch_engine import TorchEngine, tiles_at_once
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair
from tests.helpers.networks import watch_tensorfloat


@pytest.fixture
def predictor(trained: TrainResult) -> Predictor:
    return crackseg.load(trained.checkpoint, device="cpu")


def test_a_predictor_computes_what_the_trained_module_computes(
    trained: TrainResult, predictor: Predictor, archive: Path
) -> None:
    photograph = archive / find_pairs(archive).pairs[0].image
    segmenter = CrackSegmenter.from_checkpoint(read_checkpoint(trained.checkpoint)).eval()
    small = resize(read_photograph(photograph), (32, 32))
    image = torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        logits = torch.nn.functional.interpolate(segmenter(image), (64, 64), mode="bilinear")
    wanted = torch.sigmoid(logits)
    found = predictor.predict(photograph)
    np.testing.assert_allclose(found.probability, wanted[0, 0].numpy(), atol=1e-5)
    np.testing.assert_array_equal(found.mask, found.probability > trained.threshold)


@pytest.mark.parametrize("size", [(1, 1), (33, 7), (64, 64), (101, 203), (300, 20)])
def test_any_size_comes_back_as_it_was(predictor: Predictor, size: tuple[int, int]) -> None:
    found = predictor.predict(
        draw_pair(3, (max(size[0], 8), max(size[1], 8)))[0][: size[0], : size[1]]
    )
    assert found.image.shape == (*size, 3)
    assert found.probability.shape == found.mask.shape == size
    assert found.probability.dtype == np.float32
    assert found.mask.dtype == np.bool_
    assert 0 <= found.probability.min() <= found.probability.max() <= 1


def test_paths_arrays_and_pil_images_give_the_same(predictor: Predictor, tmp_path: Path) -> None:
    image = draw_pair(5, (50, 70))[0]
    path = tmp_path / "x.png"
    Image.fromarray(image).save(path)
    wanted = predictor.predict(image).probability
    for same in (path, str(path), Image.fromarray(image)):
        np.testing.assert_array_equal(predictor.predict(same).probability, wanted)


def test_no_crack_is_found_where_an_array_or_a_file_is_transparent(
    predictor: Predictor, tmp_path: Path
) -> None:
    rgba = np.dstack([draw_pair(5, (50, 70))[0], np.full((50, 70), 255, np.uint8)])
    rgba[:20] = 0
    Image.fromarray(rgba).save(tmp_path / "x.png")
    wanted = predictor.predict(tmp_path / "x.png")
    for same in (rgba, rgba.astype(np.uint16) * 257, Image.fromarray(rgba)):
        found = predictor.predict(same)
        assert not found.probability[:20].any()
        assert found.probability[30:].any()
        np.testing.assert_array_equal(found.probability, wanted.probability)
        np.testing.assert_array_equal(found.image, wanted.image)


def test_grey_rgba_float_and_16_bit_arrays_are_taken(predictor: Predictor) -> None:
    grey = draw_pair(5, (50, 70))[0][:, :, 0]
    rgb = np.repeat(grey[:, :, None], 3, axis=2)
    wanted = predictor.predict(rgb).probability
    alpha = np.full((50, 70, 1), 9, np.uint8)
    for same in (
        grey,
        np.concatenate([rgb, alpha], axis=2),
        grey.astype(np.uint16) * 257,
        grey.astype(np.float32),
        np.asfortranarray(rgb),
    ):
        np.testing.assert_array_equal(predictor.predict(same).probability, wanted)


def test_an_exif_rotated_photograph_comes_back_upright(
    predictor: Predictor, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(draw_pair(2, (40, 80))[0]).save(tmp_path / "x.jpg", exif=exif)
    assert predictor.predict(tmp_path / "x.jpg").mask.shape == (80, 40)


def test_large_photographs_are_tiled_without_seams(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.concatenate([draw_pair(seed, (150, 170))[0] for seed in range(3)], axis=1)
    whole = predictor.predict(image).probability
    monkeypatch.setattr("crackseg.inference.looks.TILE", 128)
    np.testing.assert_allclose(predictor.predict(image).probability, whole, atol=1e-5)


def test_tiles_that_an_engine_takes_together_give_the_same(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.concatenate([draw_pair(seed, (150, 320))[0] for seed in range(3)], axis=1)
    monkeypatch.setattr("crackseg.inference.looks.TILE", 128)
    alone = predictor.predict(image).probability
    counts: list[int] = []
    logits = predictor.engine.logits
    monkeypatch.setattr(torch_engine, "tiles_at_once", lambda device: 4)
    monkeypatch.setattr(
        predictor.engine, "logits", lambda tiles: counts.append(len(tiles)) or logits(tiles)
    )
    np.testing.assert_allclose(predictor.predict(image).probability, alone, atol=1e-5)
    assert max(counts) == 4


@pytest.mark.parametrize(
    ("device", "free", "tiles"), [("cpu", 80, 1), ("cuda", 80, 8), ("cuda", 7, 3), ("cuda", 1, 1)]
)
def test_a_gpu_computes_as_many_tiles_together_as_it_has_room_for(
    monkeypatch: pytest.MonkeyPatch, device: str, free: int, tiles: int
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free * 10**9, 80 * 10**9))
    assert tiles_at_once(torch.device(device)) == tiles


@pytest.mark.parametrize("scale", [0.5, 1.0])
def test_a_photograph_that_is_read_by_windows_gives_what_the_whole_gives(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scale: float
) -> None:
    pixels = draw_pair(3, (320, 290))[0]
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", tile=(64, 64))
    predictor = Predictor.from_checkpoint(trained.checkpoint, device="cpu", scale=scale)
    wanted = predictor.predict(tmp_path / "x.tif")
    monkeypatch.setattr("crackseg.images.windows.WINDOWED_PIXELS", 1)
    monkeypatch.setattr("crackseg.inference.looks.TILE", 128)
    monkeypatch.setattr("crackseg.inference.resizing.BAND_PIXELS", 5000)
    found = predictor.predict(tmp_path / "x.tif")
    assert isinstance(predictor.open(tmp_path / "x.tif"), WindowedPhotograph)
    np.testing.assert_array_equal(found.image, pixels)
    np.testing.assert_allclose(found.probability, wanted.probability, atol=1e-4)


def test_bands_together_are_the_whole_and_none_is_large(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rgba = np.dstack([draw_pair(5, (150, 70))[0], np.full((150, 70), 255, np.uint8)])
    rgba[40:90, :30] = 0
    whole = predictor.predict(rgba)
    monkeypatch.setattr("crackseg.inference.resizing.BAND_PIXELS", 700)
    bands = list(predictor.bands(as_photograph(rgba), "x"))
    assert {len(band.mask) for band in bands} == {10}
    for part in ("image", "probability", "mask"):
        together = np.concatenate([getattr(band, part) for band in bands])
        np.testing.assert_array_equal(together, getattr(whole, part))
    assert not whole.probability[45:85, :25].any()


@pytest.mark.parametrize("scale", [0.1, (0.05, 0.1)])
def test_memory_does_not_grow_with_what_is_done(
    trained: TrainResult, scale: float | tuple[float, float]
) -> None:
    """Beside its 3 bytes a pixel, a photograph needs its pixels at the scales, tiles and bands."""
    photograph = as_photograph(np.zeros((3000, 2000, 3), np.uint8))
    predictor = crackseg.load(trained.checkpoint, device="cpu", scale=scale)
    tracemalloc.start()
    for _ in predictor.bands(photograph, "x"):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * photograph.rgb.size


def test_threshold_and_scale_replace_the_stored_ones(trained: TrainResult) -> None:
    image = draw_pair(5, (64, 64))[0]
    stored = Predictor.from_checkpoint(trained.checkpoint, device="cpu")
    all_of_it = Predictor.from_checkpoint(trained.checkpoint, device="cpu", threshold=0.0)
    finer = Predictor.from_checkpoint(trained.checkpoint, device="cpu", scale=1.0)
    assert (stored.scales, stored.threshold) == ((0.5,), trained.threshold)
    assert all_of_it.predict(image).mask.all()
    assert not np.array_equal(finer.predict(image).probability, stored.predict(image).probability)


def test_a_photograph_that_cannot_be_read_is_named(predictor: Predictor, tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"none\.jpg: there is no such file"):
        predictor.predict(tmp_path / "none.jpg")
    with pytest.raises(ValueError, match="an image is of whole numbers or floats, not bool"):
        predictor.predict(np.zeros((8, 8, 3), np.bool_))


@pytest.mark.parametrize("size", [0, -1, float("nan"), 1e9])
def test_a_largest_size_that_makes_no_sense_is_named(trained: TrainResult, size: float) -> None:
    with pytest.raises(ConfigError, match=r"max_megapixels=.*: millions of pixels, at least 0\.01"):
        crackseg.load(trained.checkpoint, device="cpu", max_megapixels=size)


def test_a_missing_checkpoint_or_device_is_named(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="there is no such file"):
        crackseg.load(tmp_path / "none.ckpt")
    with pytest.raises(ConfigError, match="device=quantum: not there"):
        crackseg.load(trained.checkpoint, device="quantum")


def test_a_predictor_computes_without_tensorfloat_as_evaluations_do(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(predictor.engine, TorchEngine)
    allowed = watch_tensorfloat(predictor.engine.network, monkeypatch)
    predictor.predict(draw_pair(5, (50, 70))[0])
    assert allowed == [False]
    assert torch.backends.cudnn.allow_tf32


def test_white_of_deep_photographs_is_that_of_the_training(
    trained: TrainResult, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(trained.checkpoint)
    seen = replace(checkpoint.parameters.preprocessing, white_level=4095)
    parameters = replace(checkpoint.parameters, preprocessing=seen)
    content = {**checkpoint.content, "hyper_parameters": parameters.as_dict()}
    write_checkpoint(content, tmp_path / "deep.ckpt")
    assert crackseg.load(tmp_path / "deep.ckpt", device="cpu").white_level == 4095
    assert crackseg.load(trained.checkpoint, device="cpu").white_level is None
    other = Predictor.from_checkpoint(tmp_path / "deep.ckpt", device="cpu", white_level=1023)
    assert other.white_level == 1023
