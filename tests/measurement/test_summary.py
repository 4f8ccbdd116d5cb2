"""Summaries of the widths along a crack."""

import numpy as np

from crackseg.measurement.summary import summary
from crackseg.measurement.width import Widths


def widths(value: list[float], low: list[float], high: list[float], resolved: bool) -> Widths:
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
        resolved=np.full(count, resolved),
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
