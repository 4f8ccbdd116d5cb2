"""Pixels counted by probability and truth."""

import numpy as np
import pytest
import torch

from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.histogram import (
    BINS,
    THRESHOLDS,
    UNIT,
    ProbabilityHistogram,
    count_probabilities,
)
from crackseg.metrics.thresholds import THRESHOLD_GRID


def random_photograph(seed: int = 0, size: tuple[int, int] = (40, 50)) -> tuple:
    generator = np.random.default_rng(seed)
    truth = generator.random(size) < 0.2
    probability = generator.beta(0.6, 2, size) * 0.7 + truth * generator.beta(2, 2, size) * 0.3
    return probability.astype(np.float32), truth


def on_the_edges() -> tuple:
    """Every threshold and every bin's edge, the float32 before and after it, in both classes."""
    edges = np.concatenate([np.array(THRESHOLDS), np.arange(BINS + 1) / BINS])
    edges = edges.astype(np.float32)
    around = (edges, np.nextafter(edges, np.float32(0)), np.nextafter(edges, np.float32(1)))
    values = np.tile(np.concatenate(around), (2, 1))
    return values, np.repeat([[True], [False]], values.shape[1], axis=1)


def by_confusion(probability: np.ndarray, truth: np.ndarray, thresholds: tuple) -> np.ndarray:
    metric = ConfusionCounts(thresholds)
    metric.update(torch.from_numpy(probability), torch.from_numpy(truth))
    return metric.compute().numpy()


@pytest.mark.parametrize("made", [random_photograph(), on_the_edges()])
def test_counts_are_those_of_training(made: tuple) -> None:
    counts = count_probabilities(*made).counts
    assert counts.dtype == np.int64
    np.testing.assert_array_equal(counts, by_confusion(*made, THRESHOLDS))


@pytest.mark.parametrize("made", [random_photograph(), on_the_edges()])
def test_counts_by_comparing_pixels(made: tuple) -> None:
    probability, truth = made
    counts = count_probabilities(probability, truth).counts
    for row, threshold in zip(counts, THRESHOLDS, strict=True):
        called = probability > np.float32(threshold)
        pairs = ((called, truth), (called, ~truth), (~called, truth), (~called, ~truth))
        assert row.tolist() == [int((one & other).sum()) for one, other in pairs]


@pytest.mark.parametrize("made", [random_photograph(), on_the_edges()])
def test_histogram_by_sorting_pixels_one_by_one(made: tuple) -> None:
    probability, truth = made
    counted = count_probabilities(probability, truth)
    expected = np.zeros((2, BINS), np.int64)
    sums = np.zeros(BINS)
    for value, crack in zip(probability.ravel().tolist(), truth.ravel().tolist(), strict=True):
        place = max(int(np.ceil(value * BINS)) - 1, 0)
        expected[int(crack), place] += 1
        sums[place] += value
    np.testing.assert_array_equal(counted.bins, expected)
    np.testing.assert_allclose(counted.parts * UNIT, sums, atol=1e-5)


def test_histogram_is_exact_at_its_edges() -> None:
    probability, truth = on_the_edges()
    histogram = count_probabilities(probability, truth).bins
    for place in (1, 5, 1000, 4095):
        called = probability > np.float32(place / BINS)
        assert histogram[1, place:].sum() == (called & truth).sum()
        assert histogram[0, place:].sum() == (called & ~truth).sum()


def test_hand_made_photograph() -> None:
    probability = np.array([[0.0, 0.3, 0.31], [0.9, 1.0, 0.5]], np.float32)
    truth = np.array([[0, 1, 1], [1, 0, 0]], bool)
    counted = count_probabilities(probability, truth)
    assert counted.counts[[0, 30, 50, 90]].tolist() == [
        [3, 2, 0, 1],
        [2, 2, 1, 1],
        [1, 1, 2, 2],
        [0, 1, 3, 2],
    ]
    places = [0, 1228, 1269, 2047, 3686, 4095]
    assert np.flatnonzero(counted.bins.sum(axis=0)).tolist() == places
    assert (counted.parts * UNIT)[places] == pytest.approx([0, 0.3, 0.31, 0.5, 0.9, 1], abs=2**-24)


def test_sums_of_probabilities_are_exact_to_a_unit() -> None:
    probability = np.full((300, 400), 0.7, np.float32)
    counted = count_probabilities(probability, np.zeros((300, 400), bool))
    assert (counted.parts * UNIT).sum() / 120_000 == pytest.approx(
        float(np.float32(0.7)), abs=2**-25
    )


def test_adding_is_the_same_in_any_order() -> None:
    tallies = [count_probabilities(*random_photograph(seed)) for seed in range(6)]
    forwards, backwards = sum(tallies[1:], tallies[0]), sum(tallies[-2::-1], tallies[-1])
    made = [random_photograph(seed) for seed in range(6)]
    whole = count_probabilities(*(np.concatenate(parts) for parts in zip(*made, strict=True)))
    for one in (forwards, backwards):
        for field in ("exceeding", "bins", "parts", "counts"):
            np.testing.assert_array_equal(getattr(one, field), getattr(whole, field))


def test_sweep_holds_what_training_chooses_from() -> None:
    assert THRESHOLDS[0] == 0.0
    assert THRESHOLDS[-1] == 0.99
    assert len(THRESHOLDS) == 100
    assert set(THRESHOLD_GRID) < set(THRESHOLDS)


def test_other_floats_are_counted_by_their_value_in_float32() -> None:
    probability, truth = random_photograph()
    double = probability.astype(np.float64) + 1e-12
    np.testing.assert_array_equal(
        count_probabilities(double, truth).counts, count_probabilities(probability, truth).counts
    )


def test_a_histogram_of_no_pixels_is_all_zeros() -> None:
    counted = count_probabilities(np.zeros((0, 4), np.float32), np.zeros((0, 4), bool))
    assert isinstance(counted, ProbabilityHistogram)
    assert not counted.counts.any()


@pytest.mark.parametrize("value", [-0.01, 1.01, 7.0, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(value: float) -> None:
    probability, truth = random_photograph()
    probability[2, 3] = value
    with pytest.raises(ValueError, match=r"probabilities in \[0, 1\].*logits or not finite"):
        count_probabilities(probability, truth)


def test_shapes_are_checked() -> None:
    probability, truth = random_photograph()
    with pytest.raises(ValueError, match=r"\(40, 50\) and \(50, 40\)"):
        count_probabilities(probability, truth.T)
