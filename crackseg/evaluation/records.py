"""Record of an image that a network has been judged on."""

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
    """Counts of one image; a few kilobytes, so that they can be kept for every image.

    Attributes:
        stem: Name of the image without its suffix.
        image: Path of the image relative to the data set's root.
        source: Sub-dataset; empty where the name does not say it.
        photograph: Photograph that the image was cut from; empty where the name does not say it.
        group: Photograph with its near duplicates, which are drawn together.
        counts: True and false positives, false and true negatives at each threshold of the sweep,
            int64 (100, 4).
        thin: Counts of thin structures at the evaluation's one threshold for masks.
        calibration: Counts of :func:`crackseg.metrics.calibration.binned`.
        width: Median width of the true cracks in pixels, 0 without any.
        vanished: Whether the mask file marks crack of which resizing and cutting left nothing.
        strays: False positives by where they lie, at the threshold for masks.
        alarm: False alarm at the threshold for masks; None where there is a crack, even one that
            vanished.
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
        """Width class, one of :data:`crackseg.metrics.width_classes.CLASSES`."""
        return VANISHED if self.vanished else width_class(self.width)

    @property
    def unit(self) -> str:
        """Name of what the bootstrap draws as one: the group, or else the photograph or image."""
        return self.group or self.photograph or self.image


def measure_image(
    row: Row,
    probability: Probability,
    truth: Mask,
    threshold: float,
    marked: bool,
) -> tuple[ImageRecord, ProbabilityHistogram]:
    """Counts everything in one image; may be called in any process.

    Args:
        row: Row of the image in the data set.
        probability: Probability of crack, float32 (H, W) in [0, 1].
        truth: Whether a pixel is crack, bool (H, W).
        threshold: Threshold of the mask that thin structures and false alarms are judged on.
        marked: Whether the mask file marks any crack.

    Returns:
        The record, and the histogram, which is large and should be added up at once.
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
