"""Where false positives lie."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt

from crackseg.metrics.false_positives import NEAR, measure_strays


def test_false_positives_are_near_up_to_four_pixels() -> None:
    truth = np.zeros((20, 20), bool)
    truth[:, 5] = True
    for distance in range(1, 12):
        prediction = np.zeros_like(truth)
        prediction[3, 5 + distance] = prediction[8, 5] = True
        near, far = measure_strays(prediction, truth)
        assert (near, far) == ((1, 0) if distance <= NEAR else (0, 1))


def test_all_is_far_where_there_is_no_crack() -> None:
    truth = np.zeros((20, 20), bool)
    assert measure_strays(~truth, truth) == (0, 400)
    assert measure_strays(truth, truth) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_a_distance_map_counts_the_same(seed: int) -> None:
    generator = np.random.default_rng(seed)
    truth, prediction = generator.random((60, 70)) < 0.01, generator.random((60, 70)) < 0.3
    distance = distance_transform_edt(~truth)
    false = prediction & ~truth
    expected = ((false & (distance <= NEAR)).sum(), (false & (distance > NEAR)).sum())
    assert measure_strays(prediction, truth) == expected
