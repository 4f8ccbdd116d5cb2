"""Photographs that are looked at at several scales, blended row by row."""

import numpy as np
import numpy.typing as npt
import pytest

import crackseg
from crackseg.images.photographs import as_photograph
from crackseg.images.pixels import resize, scaled_size
from crackseg.inference.looks import Looking, weighted
from crackseg.inference.predictor import Predictor
from crackseg.inference.tiling import Logits, logits_at_size, sigmoid
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

SCALES = (0.3, 0.5, 1.0)


@pytest.fixture(scope="module")
def photograph() -> npt.NDArray[np.uint8]:
    return np.concatenate([draw_pair(seed, (150, 170))[0] for seed in range(3)], axis=1)


def seen_at(predictor: Predictor, photograph: npt.NDArray[np.uint8], scale: float) -> Logits:
    """Logits (1, 1, h, w) of a photograph that is small enough for one tile."""
    small = resize(photograph, scaled_size(photograph.shape[:2], scale))
    return predictor.engine.logits(small.transpose(2, 0, 1)[None])


@pytest.fixture
def predictor(trained: TrainResult) -> Predictor:
    return crackseg.load(trained.checkpoint, device="cpu", scale=SCALES)


def test_several_scales_are_the_mean_of_logits_by_how_sure_the_network_is_at_each(
    trained: TrainResult, predictor: Predictor, photograph: npt.NDArray[np.uint8]
) -> None:
    size = photograph.shape[:2]
    looks, weights = [], []
    for scale in SCALES:
        logits = seen_at(predictor, photograph, scale)
        looks.append(logits_at_size(logits, size)[0, 0])
        probability = sigmoid(logits).astype(np.float64)
        marked = probability > trained.threshold
        dice = 2 * probability[marked].sum() / (probability.sum() + marked.sum())
        weights.append(dice**2)
    assert len(set(weights)) == len(SCALES)
    wanted = sigmoid(np.average(looks, axis=0, weights=weights).astype(np.float32))
    found = predictor.predict(photograph)
    np.testing.assert_allclose(found.probability, wanted, atol=1e-5)
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


@pytest.mark.parametrize("kept", [0, 1 << 24])
def test_bands_and_tiles_of_several_scales_give_what_the_whole_gives(
    predictor: Predictor,
    photograph: npt.NDArray[np.uint8],
    monkeypatch: pytest.MonkeyPatch,
    kept: int,
) -> None:
    rgba = np.dstack([photograph, np.full(photograph.shape[:2], 255, np.uint8)])
    rgba[40:90, :30] = 0
    whole = predictor.predict(rgba)
    monkeypatch.setattr("crackseg.inference.looks.TILE", 128)
    monkeypatch.setattr("crackseg.inference.looks.KEPT_PIXELS", kept)
    monkeypatch.setattr("crackseg.inference.resizing.BAND_PIXELS", 5000)
    found = predictor.predict(rgba)
    np.testing.assert_allclose(found.probability, whole.probability, atol=1e-4)
    assert not found.probability[45:85, :25].any()
    assert found.probability[95:].all()


def test_bands_of_different_heights_are_added_row_by_row() -> None:
    first, second = (np.random.default_rng(seed).random((10, 3), np.float32) for seed in (0, 1))
    streams = [iter(np.split(first, [2, 3, 9])), iter(np.split(second, [5]))]
    bands = list(weighted(streams, [0.25, 0.75]))
    assert [len(band) for band in bands] == [2, 1, 2, 4, 1]
    wanted: Logits = 0.25 * first + 0.75 * second
    np.testing.assert_allclose(np.concatenate(bands), wanted, rtol=1e-6)


def test_where_nothing_is_marked_all_scales_count_alike(
    predictor: Predictor, photograph: npt.NDArray[np.uint8]
) -> None:
    looking = Looking(predictor.engine, SCALES, "area", threshold=1.0)
    found = np.concatenate(list(looking.rows(as_photograph(photograph))))
    size = photograph.shape[:2]
    looks = [logits_at_size(seen_at(predictor, photograph, scale), size) for scale in SCALES]
    np.testing.assert_allclose(found, np.mean(looks, axis=0)[0, 0], atol=1e-4)
