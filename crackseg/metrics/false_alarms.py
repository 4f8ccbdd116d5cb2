"""False alarms on crack-free photographs."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from crackseg.metrics.histogram import Counts, Mask

# 5 x 5 pixels of the evaluated resolution: what is smaller is speckle that nobody would go to see.
LEAST = 25


class Alarm(NamedTuple):
    """What is called crack in a photograph that has none.

    Attributes:
        pixels: all of them.
        largest: those of the largest connected patch (of eight neighbours), 0 without any.
    """

    pixels: int
    largest: int


class AlarmScores(NamedTuple):
    """Of crack-free photographs.

    Attributes:
        images: How many.
        share: of them with a connected false alarm of at least ``least`` pixels, in [0, 1].
        least: in pixels.
        mean_pixels: of false alarm in a photograph, whatever its patches' size.
        high_pixels: 90th percentile of them, linear between photographs.
    """

    images: int
    share: float
    least: int
    mean_pixels: float
    high_pixels: float


def measure_alarm(prediction: Mask) -> Alarm:
    """Measures what is called crack in a crack-free photograph, bool (H, W)."""
    _, _, patches, _ = cv2.connectedComponentsWithStats(prediction.astype(np.uint8))
    areas = patches[1:, cv2.CC_STAT_AREA]
    return Alarm(int(areas.sum()), int(areas.max(initial=0)))


def alarm_scores(alarms: Sequence[Alarm] | Counts) -> AlarmScores:
    """Sums up all crack-free photographs of a data set, at least one.

    Args:
        alarms: one a photograph, or int64 (photographs, 2) of the same.
    """
    pixels, largest = np.asarray(alarms, np.int64).T
    return AlarmScores(
        images=len(pixels),
        share=float(np.mean(largest >= LEAST)),
        least=LEAST,
        mean_pixels=float(np.mean(pixels)),
        high_pixels=float(np.percentile(pixels, 90)),
    )
