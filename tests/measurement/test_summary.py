"""Summaries of the widths along a crack."""

import numpy as np
import pytest

from crackseg.measurement.slits.along import TOGETHER
from crackseg.measurement.summary import summary
from crackseg.measurement.width import Widths


def widths(
    value: list[float], low: list[float], high: list[float], resolved: bool | list[bool]
) -> Widths:
    count = len(value)
    nothing = np.zeros(count)
    return Widths(
        value=np.array(value),
        noise=np.full(count, 0.05),
        by_blur=nothing,
        by_contrast=nothing,
        low=np.array(low),
        high=np.array(high),
        integral=np.array(value),
        resolved=np.broadcast_to(np.array(resolved), (count,)),
    )


def test_the_largest_width_reaches_at_least_what_most_of_the_crack_does() -> None:
    """Where nothing is resolved, the place of the best guess may have the narrowest bounds."""
    value, low, high = [2.0] * 39 + [2.1], [1.0] * 39 + [0.2], [6.0] * 39 + [3.0]
    found = summary(widths(value, low, high, resolved=False), np.zeros((40, 2)))
    assert found is not None
    assert found.largest.value == 2.1
    assert (found.percentile95.low, found.percentile95.high) == (1.0, 6.0)
    assert (found.largest.low, found.largest.high) == (1.0, 6.0)


def test_a_largest_width_that_stands_out_keeps_its_own_interval() -> None:
    value, low, high = [2.0] * 39 + [4.0], [1.9] * 39 + [3.8], [2.1] * 39 + [4.2]
    found = summary(widths(value, low, high, resolved=True), np.zeros((40, 2)))
    assert found is not None
    assert (found.largest.value, found.largest.low, found.largest.high) == (4.0, 3.8, 4.2)
    assert found.percentile95.high < 2.5


def test_the_mean_is_that_of_the_whole_crack_and_narrow_places_widen_its_interval() -> None:
    """A crack that tapers has one mean from near and far, where a half of it is not resolved."""
    each = 4 * TOGETHER
    resolved = [True] * each + [False] * each
    value, low, high = ([a] * each + [b] * each for a, b in ((3.0, 1.5), (2.9, 1.0), (3.1, 2.6)))
    found = summary(widths(value, low, high, resolved), np.zeros((2 * each, 2)))
    assert found is not None
    assert found.resolved_share == 0.5
    assert found.mean.resolved
    assert found.mean.value == found.median.value == pytest.approx(2.25)
    # Of the sure half, what averages out; of the other one, its bounds.
    half = 1.96 * 0.05 / np.sqrt(4)
    assert found.mean.low == pytest.approx((3.0 - half + 1.0) / 2)
    assert found.mean.high == pytest.approx((3.0 + half + 2.6) / 2)
    # The widest ones are of the sure half alone.
    assert found.percentile95.value == found.largest.value == 3.0


def test_what_seems_wider_than_any_resolved_place_is_no_part_of_the_mean() -> None:
    """Such as a shadow beside the crack."""
    resolved = [True] * 30 + [False] * 10
    value, low, high = [3.0] * 30 + [14.0] * 10, [2.9] * 30 + [1.0] * 10, [3.1] * 30 + [20.0] * 10
    found = summary(widths(value, low, high, resolved), np.zeros((40, 2)))
    assert found is not None
    assert found.mean.value == found.largest.value == 3.0
    assert found.mean.high < 3.2


def test_bounds_of_what_is_not_resolved_are_no_interval_of_the_mean() -> None:
    resolved = [True] * 10 + [False] * 30
    value, low, high = [3.0] * 10 + [1.5] * 30, [2.9] * 10 + [1.0] * 30, [3.1] * 10 + [2.6] * 30
    found = summary(widths(value, low, high, resolved), np.zeros((40, 2)))
    assert found is not None
    assert not found.mean.resolved
    assert (found.mean.low, found.mean.high) == pytest.approx((1.475, 2.725))
