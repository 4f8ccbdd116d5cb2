"""Missed crack length, and the threshold at which a promise about it holds."""

import numpy as np
import pytest

from crackseg.metrics.risk_control import (
    highest_mean,
    least_photographs,
    missed_length,
    promised_place,
)

THRESHOLDS = [0.1, 0.3, 0.5, 0.7]


def test_missed_length_is_the_share_of_the_middle_line_far_from_the_mask() -> None:
    truth = np.zeros((40, 100), np.bool_)
    truth[18:21] = True
    probability = np.zeros((40, 100), np.float32)
    # Two pixels beside the line is found, three is missed.
    probability[21, :50] = 0.6
    probability[22, 50:] = 0.4
    assert missed_length(probability, truth, THRESHOLDS) == pytest.approx(
        [0.5, 0.5, 0.5, 1.0], abs=0.03
    )


def test_missed_length_never_falls_as_the_threshold_rises() -> None:
    random = np.random.default_rng(0)
    truth = np.zeros((60, 60), np.bool_)
    np.fill_diagonal(truth, True)
    probability = random.random((60, 60), np.float32)
    shares = missed_length(probability, truth, np.arange(0, 1, 0.01).tolist())
    assert (np.diff(shares) >= 0).all()
    assert shares[0] == 0
    assert shares[-1] > 0.5


def test_a_photograph_without_a_crack_has_no_length_to_miss() -> None:
    empty = np.zeros((8, 8), np.bool_)
    with pytest.raises(ValueError, match="without a crack"):
        missed_length(np.zeros((8, 8), np.float32), empty, THRESHOLDS)


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_bound_holds_as_often_as_it_says(confidence: float) -> None:
    random = np.random.default_rng(0)
    # Most photographs lose nothing, few nearly all: the hardest kind of losses.
    drawn = np.where(random.random((2000, 60)) < 0.8, 0.0, random.beta(2, 1, (2000, 60)))
    mean = 0.2 * 2 / 3
    held = np.mean([highest_mean(losses, confidence) >= mean for losses in drawn])
    assert held >= confidence - 0.02


def test_bound_comes_down_to_the_mean_of_many_losses() -> None:
    losses = np.tile([0.0, 0.2], 5000)
    assert 0.1 < highest_mean(losses, 0.9) < 0.103


def test_bound_says_nothing_of_too_few_losses() -> None:
    assert highest_mean(np.zeros(0), 0.9) == 1.0
    assert highest_mean(np.zeros(1), 0.9) == 1.0
    assert highest_mean(np.ones(50), 0.9) == 1.0


@pytest.mark.parametrize(("miss", "confidence"), [(0.1, 0.9), (0.05, 0.95), (0.2, 0.8)])
def test_least_number_of_photographs_is_where_a_promise_begins(
    miss: float, confidence: float
) -> None:
    least = least_photographs(miss, confidence)
    assert highest_mean(np.zeros(least), confidence) <= miss
    assert highest_mean(np.zeros(least - 1), confidence) > miss


def test_the_highest_threshold_below_the_first_that_fails_is_promised() -> None:
    losses = np.tile([0.0, 0.01, 0.5, 0.0], (60, 1))
    assert promised_place(losses, 0.1, 0.9) == 1


def test_nothing_is_promised_where_even_the_lowest_threshold_misses_too_much() -> None:
    assert promised_place(np.full((60, 4), 0.3), 0.1, 0.9) is None


def test_promises_are_broken_as_seldom_as_they_say() -> None:
    random = np.random.default_rng(1)
    grid = np.linspace(0, 1, 40)
    broken = []
    for _ in range(300):
        ease = random.beta(4, 2, (50, 1))
        # A photograph whose cracks are faint loses them at a lower threshold than others.
        place = promised_place(np.clip((grid - ease) / 0.3, 0, 1), 0.1, 0.9)
        assert place is not None
        everybody = np.random.default_rng(2).beta(4, 2, (20_000, 1))
        broken.append(np.mean(np.clip((grid[place] - everybody) / 0.3, 0, 1)) > 0.1)
    assert np.mean(broken) <= 0.1 + 0.035
