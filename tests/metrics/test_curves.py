"""The sweep of the threshold against torchmetrics, plain loops and cases by hand."""

import numpy as np
import pytest
import torch
from torchmetrics.functional.classification import (
    binary_average_precision,
    binary_precision_recall_curve,
)

from crackseg.metrics.curves import (
    Best,
    average_precision,
    f1,
    image_bests,
    ods,
    ois,
    precision_recall,
    swept_average_precision,
)
from crackseg.metrics.histogram import BINS, THRESHOLDS, count_probabilities
from crackseg.metrics.overlap import total_scores
from crackseg.metrics.thresholds import best_threshold

SIZE = (30, 40)


def photograph(seed: int, share: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of 4,096 steps, so that the bins lose nothing."""
    generator = np.random.default_rng(seed)
    truth = generator.random(SIZE) < share
    noisy = np.clip(0.25 + 0.35 * truth + generator.normal(0, 0.2, SIZE), 0.001, 1)
    return (np.ceil(noisy * BINS) / BINS).astype(np.float32), truth


def loop_f1(probability: np.ndarray, truth: np.ndarray, threshold: float) -> float:
    called = probability > np.float32(threshold)
    whole = called.sum() + truth.sum()
    return 2 * (called & truth).sum() / whole if whole else 0.0


@pytest.fixture(scope="module")
def photographs() -> list[tuple[np.ndarray, np.ndarray]]:
    return [photograph(seed, share) for seed, share in enumerate((0.1, 0.3, 0.0, 0.5))]


@pytest.fixture(scope="module")
def together(photographs: list) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.concatenate(parts) for parts in zip(*photographs, strict=True))


def counts_of(photographs: list) -> np.ndarray:
    return np.stack([count_probabilities(*one).counts for one in photographs])


# Precision-recall.


def test_average_precision_equals_torchmetrics(together: tuple) -> None:
    ours = average_precision(count_probabilities(*together).bins)
    theirs = binary_average_precision(*(torch.from_numpy(part) for part in together))
    assert ours == pytest.approx(theirs.item(), abs=1e-6)
    assert 0.3 < ours < 0.9


def test_average_precision_of_finer_probabilities_is_near() -> None:
    generator = np.random.default_rng(3)
    truth = generator.random((200, 200)) < 0.1
    probability = (generator.beta(1, 4, (200, 200)) * (1 + truth) / 2).astype(np.float32)
    theirs = binary_average_precision(torch.from_numpy(probability), torch.from_numpy(truth))
    ours = average_precision(count_probabilities(probability, truth).bins)
    assert ours == pytest.approx(theirs.item(), abs=1e-3)


def test_curve_equals_torchmetrics_at_every_threshold(together: tuple) -> None:
    curve = precision_recall(count_probabilities(*together).bins)
    parts = (torch.from_numpy(part) for part in together)
    precision, recall, scores = (part.numpy() for part in binary_precision_recall_curve(*parts))
    # Theirs take what is equal to a threshold too: the bin that ends there.
    at = {t + 1 / BINS if t > 0 else 1 / BINS: k for k, t in enumerate(curve.thresholds)}
    places = [at[float(one)] for one in scores]
    np.testing.assert_allclose(curve.precision[places], precision[:-1], atol=1e-6)
    np.testing.assert_allclose(curve.recall[places], recall[:-1], atol=1e-6)


def test_curve_by_hand() -> None:
    probability = np.array([[0.0, 0.2, 0.4, 0.6, 0.8]], np.float32)
    truth = np.array([[0, 0, 1, 0, 1]], bool)
    curve = precision_recall(count_probabilities(probability, truth).bins)
    last = np.flatnonzero(np.diff(curve.precision, append=np.nan))
    assert curve.precision[last].tolist() == [1, 1 / 2, 2 / 3, 2 / 4, 2 / 5]
    assert curve.recall[last].tolist() == [0.5, 0.5, 1, 1, 1]
    assert curve.thresholds[-1] == -1
    assert average_precision(count_probabilities(probability, truth).bins) == 0.5 + 0.5 * 2 / 3


def test_perfect_and_absent_cracks() -> None:
    truth = np.eye(4, dtype=bool)
    assert average_precision(count_probabilities(truth.astype(np.float32), truth).bins) == 1
    assert average_precision(count_probabilities(truth.astype(np.float32), truth & False).bins) == 0
    curve = precision_recall(count_probabilities(truth.astype(np.float32), truth & False).bins)
    assert not curve.precision.any()
    assert not curve.recall.any()


def test_of_no_pixels_there_is_no_curve() -> None:
    histogram = np.zeros((2, BINS), np.int64)
    assert len(precision_recall(histogram).thresholds) == 0
    assert average_precision(histogram) == 0


# ODS and OIS.


def test_ods_is_the_best_of_a_plain_loop(photographs: list, together: tuple) -> None:
    best = ods(counts_of(photographs).sum(axis=0))
    by_loop = {threshold: loop_f1(*together, threshold) for threshold in THRESHOLDS}
    assert best.value == pytest.approx(max(by_loop.values()), abs=1e-12)
    assert by_loop[best.threshold] == max(by_loop.values())
    assert best.threshold != 0.5


def test_ois_is_the_mean_of_the_bests_of_plain_loops(photographs: list) -> None:
    bests = [max(loop_f1(*one, threshold) for threshold in THRESHOLDS) for one in photographs]
    # The third has no crack, and nothing in it is called crack at .99.
    assert bests[2] == 0
    bests[2] = 1
    assert ois(counts_of(photographs)) == pytest.approx(np.mean(bests), abs=1e-12)


def test_ois_is_neither_ods_nor_the_mean_at_one_threshold(photographs: list) -> None:
    counts = counts_of(photographs)
    best = ods(counts.sum(axis=0))
    place = THRESHOLDS.index(best.threshold)
    cracked = [0, 1, 3]
    assert ois(counts[cracked]) > f1(counts[cracked, place]).mean()
    assert ois(counts[cracked]) != best.value


@pytest.mark.parametrize(("highest", "score"), [(0.0, 1.0), (0.99, 1.0), (0.995, 0.0)])
def test_image_without_crack_scores_by_whether_a_threshold_clears_it(
    highest: float, score: float
) -> None:
    probability = np.full(SIZE, highest, np.float32)
    counts = counts_of([(probability, np.zeros(SIZE, bool))])
    assert image_bests(counts).tolist() == [score]
    assert ods(counts[0]).value == 0


def test_missed_cracks_score_nothing() -> None:
    counts = counts_of([(np.zeros(SIZE, np.float32), np.ones(SIZE, bool))])
    assert ois(counts) == 0
    assert ods(counts[0]).value == 0


def test_threshold_nought_is_in_the_sweep() -> None:
    probability = np.zeros(SIZE, np.float32)
    probability[:3] = 0.004
    truth = probability > 0
    best = ods(count_probabilities(probability, truth).counts)
    assert best == Best(1.0, 0.0)


def test_threshold_of_ods_has_the_largest_crack_iou(photographs: list) -> None:
    counts = counts_of(photographs).sum(axis=0)
    chosen = ods(counts).threshold
    ious = [total_scores(row)["crack_iou"] for row in counts]
    assert ious[THRESHOLDS.index(chosen)] == max(ious)
    assert chosen == best_threshold(counts, THRESHOLDS)


def test_among_equals_the_threshold_is_the_one_nearest_to_half() -> None:
    truth = np.eye(6, dtype=bool)
    counts = count_probabilities(truth.astype(np.float32), truth).counts
    assert ods(counts) == Best(1.0, 0.5)
    assert best_threshold(counts, THRESHOLDS) == 0.5


def test_swept_average_precision_is_that_of_probabilities_rounded_up_to_the_sweep(
    photographs: list,
) -> None:
    """All between two thresholds is alike to it, so that torchmetrics may judge the rounded."""
    probability, truth = (np.concatenate(parts) for parts in zip(*photographs, strict=True))
    place = np.searchsorted(np.array(THRESHOLDS, np.float32), probability)
    rounded = torch.from_numpy((place / len(THRESHOLDS)).astype(np.float32))
    expected = binary_average_precision(rounded, torch.from_numpy(truth.astype(int))).item()
    counts = counts_of(photographs).sum(axis=0)
    assert swept_average_precision(counts) == pytest.approx(expected, abs=1e-6)


def test_f1_is_dice(photographs: list) -> None:
    counts = counts_of(photographs)
    expected = [[total_scores(row)["dice"] for row in rows] for rows in counts]
    np.testing.assert_allclose(f1(counts), expected, atol=1e-15)
