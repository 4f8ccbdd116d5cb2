"""What is kept of an image when a network has been judged on it."""

from dataclasses import dataclass

import numpy as np

from crackseg.data.splits.manifest import Row
from crackseg.metrics.calibration import binned
from crackseg.metrics.false_alarms import Alarm, measure_alarm
from crackseg.metrics.false_positives import Strays, measure_strays
from crackseg.metrics.histogram import (
    Counts,
    Mask,
    Probability,
    ProbabilityHistogram,
    count_probabilities,
)
from crackseg.metrics.thin_structures import ThinCounts, measure_thin
from crackseg.metrics.width_classes import VANISHED, median_width, width_class


@dataclass(frozen=True, eq=False)
class ImageRecord:
    """An image and what was counted in it; a few kilobytes, to be kept for every image.

    Attributes:
        stem: the image's name without its suffix.
        image: its path relative to the data set's root.
        source: the sub-dataset, empty where the name does not tell.
        photograph: what the image was cut from, empty where the name does not tell.
        group: the photograph with its near duplicates, which are drawn together.
        counts: int64 (100, 4), true and false positives, false and true negatives at each
            threshold of the sweep.
        thin: at the evaluation's one threshold for masks.
        calibration: see :func:`crackseg.metrics.calibration.binned`.
        width: median width of the true cracks in pixels, 0 without any.
        vanished: whether the mask file marks crack of which resizing and cutting left nothing.
        strays: where the false positives lie, at the same threshold.
        alarm: at the same threshold, None where there is a crack, be it one that vanished.
    """

    stem: str
    image: str
    source: str
    photograph: str
    group: str
    counts: Counts
    thin: ThinCounts
    calibration: Counts
    width: float
    vanished: bool
    strays: Strays
    alarm: Alarm | None

    @property
    def width_class(self) -> str:
        """One of :data:`crackseg.metrics.width_classes.CLASSES`."""
        return VANISHED if self.vanished else width_class(self.width)

    @property
    def unit(self) -> str:
        """What is drawn as one: the group; without one, the photograph or else the image."""
        return self.group or self.photograph or self.image


def measure_image(
    row: Row,
    probability: Probability,
    truth: Mask,
    threshold: float,
    marked: bool,
) -> tuple[ImageRecord, ProbabilityHistogram]:
    """Counts everything in one image; to be called in whatever process.

    Args:
        row: the image's place in the data set.
        probability: float32 (H, W) in [0, 1].
        truth: bool (H, W).
        threshold: for the mask that thin structures and false alarms are judged on.
        marked: whether the mask file marks any crack.

    Returns:
        The record, and the histogram, which is large and meant to be added up at once.
    """
    counted = count_probabilities(probability, truth)
    prediction = probability.astype(np.float32) > np.float32(threshold)
    record = ImageRecord(
        stem=row.stem,
        image=row.image,
        source=row.source,
        photograph=row.photograph,
        group=row.group,
        counts=counted.counts,
        thin=measure_thin(prediction, truth),
        calibration=binned(counted),
        width=median_width(truth),
        vanished=marked and not truth.any(),
        strays=measure_strays(prediction, truth),
        alarm=None if marked or truth.any() else measure_alarm(prediction),
    )
    return record, counted
