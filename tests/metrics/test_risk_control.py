"""Missed crack length, and the threshold at which a promise about it holds."""

import numpy as np
import pytest

from crackseg.metrics.risk_control import (
    _bets,
    false_pixels,
    least_photographs,
    mean_is_below,
    missed_length,
    promised_place,
)

THRESHOLDS = [0.1, 0.3, 0.5, 0.7]


def test_missed_length_counts_the_middle_line_far_from_the_mask() -> None:
    truth = np.zeros((40, 100), np.bool_)
    truth[18:21] = True
    probability = np.zeros((40, 100), np.float32)
    # Two pixels beside the line is found, three is missed.
    probability[21, :50] = 0.6
    probability[22, 50:] = 0.4
    missed, length = missed_length(probability, truth, THRESHOLDS)
    assert length == pytest.approx(100, abs=4)
    assert missed == pytest.approx([50, 50, 50, length], abs=3)


def test_a_probability_that_equals_the_threshold_is_no_crack() -> None:
    truth = np.zeros((9, 30), np.bool_)
    truth[4] = True
    missed, length = missed_length(np.full((9, 30), 0.5, np.float32), truth, THRESHOLDS)
    assert missed.tolist() == [0, 0, length, length]


def test_missed_length_never_falls_as_the_threshold_rises() -> None:
    random = np.random.default_rng(0)
    truth = np.zeros((60, 60), np.bool_)
    np.fill_diagonal(truth, True)
    probability = random.random((60, 60), np.float32)
    missed, length = missed_length(probability, truth, np.arange(0, 1, 0.01).tolist())
    assert (np.diff(missed) >= 0).all()
    assert missed[0] == 0
    assert missed[-1] > 0.5 * length


def test_false_pixels_are_called_crack_far_from_any() -> None:
    truth = np.zeros((20, 20), np.bool_)
    truth[:, 5] = True
    probability = np.zeros((20, 20), np.float32)
    probability[:, 7] = 0.9  # within 2 px
    probability[:4, 12] = 0.4
    probability[4:6, 12] = 0.5
    assert false_pixels(probability, truth, THRESHOLDS).tolist() == [6, 6, 0, 0]


def test_a_photograph_without_a_crack_has_no_length_to_miss() -> None:
    empty = np.zeros((8, 8), np.bool_)
    with pytest.raises(ValueError, match="without a crack"):
        missed_length(np.zeros((8, 8), np.float32), empty, THRESHOLDS)


@pytest.mark.parametrize("confidence", [0.8, 0.9])
def test_a_mean_is_said_to_be_below_as_seldom_as_promised_where_it_is_not(
    confidence: float,
) -> None:
    random = np.random.default_rng(0)
    # Most photographs lose nothing, few nearly all: the hardest kind of losses.
    drawn = np.where(random.random((600, 60)) < 0.8, 0.0, random.beta(2, 1, (600, 60)))
    mean = 0.2 * 2 / 3
    wrong = np.mean([mean_is_below(losses, mean, confidence) for losses in drawn])
    assert wrong <= 1 - confidence + 0.02


def test_many_losses_show_a_mean_little_below_the_limit() -> None:
    losses = np.tile([0.0, 0.2], 1000)
    assert mean_is_below(losses, 0.107, 0.9)
    assert not mean_is_below(losses, 0.1, 0.9)


def test_the_order_of_losses_counts_for_nothing() -> None:
    random = np.random.default_rng(3)
    losses = random.beta(1, 8, 101)
    limits = np.arange(0.05, 0.3, 0.005)
    found = [mean_is_below(losses, limit, 0.9) for limit in limits]
    assert found == sorted(found)
    assert 0 < sum(found) < len(found)
    for _ in range(5):
        shuffled = random.permutation(losses)
        assert [mean_is_below(shuffled, limit, 0.9) for limit in limits] == found


def test_a_bet_is_made_before_its_loss_is_known() -> None:
    losses = np.random.default_rng(0).random((2, 300))
    changed = losses.copy()
    changed[:, 10:] = 1 - changed[:, 10:]
    one, other = _bets(losses, 0.9), _bets(changed, 0.9)
    assert np.array_equal(one[:, :11], other[:, :11])
    assert not np.allclose(one[:, 11:], other[:, 11:])
    # Of Bates et al.: the first from a variance of a quarter.
    assert one[:, 0] == pytest.approx(np.sqrt(2 * np.log(10) / (300 * 0.25)))


def test_too_few_losses_show_nothing() -> None:
    assert not mean_is_below(np.zeros(0), 0.99, 0.9)
    assert not mean_is_below(np.zeros(1), 0.99, 0.9)
    assert not mean_is_below(np.ones(50), 0.99, 0.9)


@pytest.mark.parametrize(("miss", "confidence"), [(0.1, 0.9), (0.05, 0.95), (0.2, 0.8)])
def test_least_number_of_photographs_is_where_a_promise_begins(
    miss: float, confidence: float
) -> None:
    least = least_photographs(miss, confidence)
    assert mean_is_below(np.zeros(least), miss, confidence)
    assert not mean_is_below(np.zeros(least - 1), miss, confidence)


def test_the_highest_threshold_below_the_first_that_fails_is_promised() -> None:
    losses = np.tile([0.0, 0.01, 0.5, 0.0], (60, 1))
    assert promised_place(losses, 0.1, 0.9) == 1


def test_nothing_is_promised_where_even_the_lowest_threshold_misses_too_much() -> None:
    assert promised_place(np.full((60, 4), 0.3), 0.1, 0.9) is None


def test_promises_are_broken_as_seldom_as_they_say() -> None:
    random = np.random.default_rng(1)
    grid = np.linspace(0, 1, 40)
    broken = []
    for _ in range(150):
        ease = random.beta(4, 2, (50, 1))
        # A photograph whose cracks are faint loses them at a lower threshold than others.
        place = promised_place(np.clip((grid - ease) / 0.3, 0, 1), 0.1, 0.9)
        assert place is not None
        everybody = np.random.default_rng(2).beta(4, 2, (20_000, 1))
        broken.append(np.mean(np.clip((grid[place] - everybody) / 0.3, 0, 1)) > 0.1)
    assert np.mean(broken) <= 0.1 + 0.05
