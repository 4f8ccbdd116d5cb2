"""False alarms on crack-free photographs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from crackseg.metrics.histogram import Counts, Mask

# 5 x 5 pixels of the evaluated resolution: anything smaller is speckle that nobody would inspect.
LEAST = 25


class Alarm(NamedTuple):
    """Pixels called crack in a photograph that has no crack.

    Attributes:
        pixels: Number of all such pixels.
        largest: Number of pixels in the largest connected patch (eight neighbours), 0 without any.
    """

    pixels: int
    largest: int


@dataclass(frozen=True)
class AlarmScores:
    """False alarms on the crack-free photographs of a data set.

    Attributes:
        images: Number of crack-free photographs.
        share: Share of them with a connected false alarm of at least ``least`` pixels, in [0, 1].
        least: Smallest patch that counts for ``share``, in pixels.
        mean_pixels: Mean number of false alarm pixels in a photograph, whatever the size of the
            patches.
        high_pixels: 90th percentile of the same number, linear between photographs.
    """

    images: int
    share: float
    least: int
    mean_pixels: float
    high_pixels: float


def measure_alarm(prediction: Mask) -> Alarm:
    """Measures the pixels called crack in a crack-free photograph.

    Args:
        prediction: Whether a pixel is called crack, bool (H, W).
    """
    _, _, patches, _ = cv2.connectedComponentsWithStats(prediction.astype(np.uint8))
    areas = patches[1:, cv2.CC_STAT_AREA]
    return Alarm(int(areas.sum()), int(areas.max(initial=0)))


def alarm_scores(alarms: Sequence[Alarm] | Counts) -> AlarmScores:
    """Sums up all crack-free photographs of a data set, at least one.

    Args:
        alarms: One alarm for each photograph, or the same as int64 (photographs, 2).
    """
    pixels, largest = np.asarray(alarms, np.int64).T
    return AlarmScores(
        images=len(pixels),
        share=float(np.mean(largest >= LEAST)),
        least=LEAST,
        mean_pixels=float(np.mean(pixels)),
        high_pixels=float(np.percentile(pixels, 90)),
    )
