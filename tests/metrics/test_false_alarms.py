"""False alarms on crack-free photographs."""

import numpy as np
import pytest
from scipy import ndimage

from crackseg.metrics.false_alarms import LEAST, Alarm, alarm_scores, measure_alarm


def test_alarm_by_hand() -> None:
    prediction = np.zeros((20, 30), bool)
    prediction[2:5, 2:6] = True
    prediction[5, 6] = True
    prediction[10, 20:24] = True
    assert measure_alarm(prediction) == Alarm(pixels=17, largest=13)


@pytest.mark.parametrize(("value", "pixels"), [(False, 0), (True, 600)])
def test_an_alarm_of_no_pixel_and_of_every_pixel(value: bool, pixels: int) -> None:
    assert measure_alarm(np.full((20, 30), value)) == Alarm(pixels, pixels)


def test_patches_are_those_of_scipy() -> None:
    prediction = np.random.default_rng(0).random((80, 90)) < 0.3
    labels, _ = ndimage.label(prediction, np.ones((3, 3)))
    areas = np.bincount(labels.ravel())[1:]
    assert measure_alarm(prediction) == Alarm(int(prediction.sum()), int(areas.max()))


def test_scores_by_hand() -> None:
    alarms = [Alarm(0, 0), Alarm(24, 24), Alarm(60, 25), Alarm(48, 12), Alarm(500, 300)]
    scores = alarm_scores(alarms)
    assert (scores.images, scores.least) == (5, LEAST) == (5, 25)
    assert scores.share == 2 / 5
    assert scores.mean_pixels == (24 + 60 + 48 + 500) / 5
    # Between the fourth, 60, and the fifth, 500, at .9 x 4 = 3.6.
    assert scores.high_pixels == pytest.approx(60 + 0.6 * 440)
