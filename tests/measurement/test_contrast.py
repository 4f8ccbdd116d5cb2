"""Contrasts are tried from a first guess on, as far as they are likely."""

import numpy as np
import numpy.typing as npt
import pytest

from crackseg.measurement.slits.contrast import TRIED, walked_costs

FloatArray = npt.NDArray[np.float64]

BEST = np.array([0.2, 0.9, 0.07])


def misfit(contrast: float) -> FloatArray:
    """Of three cracks, whose contrasts are known to a tenth."""
    return np.asarray(((contrast - BEST) / (0.1 * BEST)) ** 2, np.float64)


@pytest.mark.parametrize("start", [[0, 0, 0], [4, 10, 1], [11, 5, 11]])
def test_the_likely_contrasts_are_tried_from_any_start(start: list[int]) -> None:
    fitted = np.zeros(3, np.int64)

    def cost_at(contrast: float, wanted: npt.NDArray[np.bool_]) -> FloatArray:
        fitted[wanted] += 1
        return np.where(wanted, misfit(contrast), np.inf)

    costs = walked_costs(cost_at, np.array(start))
    every = np.array([misfit(one) for one in TRIED.tolist()])
    likely = every < every.min(axis=0) + 25
    np.testing.assert_array_equal(costs[likely], every[likely])
    assert (costs[~likely] > every.min(axis=0).max() + 25).all()
    assert fitted.sum() < every.size


def test_few_are_fitted_where_the_guess_is_good() -> None:
    fitted: list[int] = []

    def cost_at(contrast: float, wanted: npt.NDArray[np.bool_]) -> FloatArray:
        fitted.append(int(wanted.sum()))
        return np.where(wanted, misfit(contrast), np.inf)

    start = np.abs(TRIED[:, None] - BEST).argmin(axis=0)
    walked_costs(cost_at, np.asarray(start, np.int64))
    assert sum(fitted) <= 3 * len(TRIED) / 2
