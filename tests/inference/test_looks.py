"""Photographs that are looked at at several scales, blended row by row."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

import crackseg
from crackseg.images.pixels import resize, scaled_size
from crackseg.inference.engines import open_model
from crackseg.inference.looks import mean_rows
from crackseg.inference.predictor import Predictor
from crackseg.inference.tiling import logits_at_size, sigmoid
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

SCALES = (0.3, 0.5, 1.0)


@pytest.fixture(scope="module")
def photograph() -> npt.NDArray[np.uint8]:
    return np.concatenate([draw_pair(seed, (150, 170))[0] for seed in range(3)], axis=1)


@pytest.fixture
def predictor(trained: TrainResult) -> Predictor:
    return crackseg.load(trained.checkpoint, device="cpu", scale=SCALES)


def test_several_scales_are_the_mean_of_their_logits_at_the_photographs_size(
    trained: TrainResult, predictor: Predictor, photograph: npt.NDArray[np.uint8]
) -> None:
    size = photograph.shape[:2]
    looks = []
    for scale in SCALES:
        small = resize(photograph, scaled_size(size, scale))
        logits = predictor.engine.logits(small.transpose(2, 0, 1)[None])
        looks.append(logits_at_size(logits, size)[0, 0])
        alone = crackseg.load(trained.checkpoint, device="cpu", scale=scale).predict(photograph)
        np.testing.assert_allclose(alone.probability, sigmoid(looks[-1]), atol=1e-5)
    found = predictor.predict(photograph)
    np.testing.assert_allclose(found.probability, sigmoid(np.mean(looks, axis=0)), atol=1e-5)
    np.testing.assert_array_equal(found.mask, found.probability > trained.threshold)


def test_one_of_several_is_the_scale_alone(
    trained: TrainResult, photograph: npt.NDArray[np.uint8]
) -> None:
    one, several = (
        crackseg.load(trained.checkpoint, device="cpu", scale=scale) for scale in (0.3, (0.3,))
    )
    found, same = (predictor.predict(photograph) for predictor in (one, several))
    np.testing.assert_array_equal(found.probability, same.probability)
    assert one.identity == several.identity


def test_another_precision_is_another_way(trained: TrainResult) -> None:
    model = open_model(trained.checkpoint, device="cpu")
    exact, rounded = (Predictor(replace(model, precision=name)) for name in ("float32", "bfloat16"))
    assert exact.identity == Predictor(model).identity != rounded.identity


def test_bands_and_tiles_of_several_scales_give_what_the_whole_gives(
    predictor: Predictor,
    photograph: npt.NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rgba = np.dstack([photograph, np.full(photograph.shape[:2], 255, np.uint8)])
    rgba[40:90, :30] = 0
    whole = predictor.predict(rgba)
    monkeypatch.setattr("crackseg.inference.looks.TILE", 128)
    monkeypatch.setattr("crackseg.inference.resizing.BAND_PIXELS", 5000)
    found = predictor.predict(rgba)
    np.testing.assert_allclose(found.probability, whole.probability, atol=1e-4)
    assert not found.probability[45:85, :25].any()
    assert found.probability[95:].all()


def test_the_mean_of_bands_of_different_heights_comes_as_soon_as_its_rows_are_known() -> None:
    first, second = (np.random.default_rng(seed).random((10, 3), np.float32) for seed in (0, 1))
    means = mean_rows([iter(np.split(first, [2, 3, 9])), iter(np.split(second, [5]))])
    bands = list(means)
    assert [len(band) for band in bands] == [2, 1, 2, 4, 1]
    np.testing.assert_allclose(np.concatenate(bands), (first + second) / 2, rtol=1e-6)
