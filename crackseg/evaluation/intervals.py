"""95 % intervals over photographs of all figures of an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from crackseg.evaluation.records import ImageRecord
from crackseg.evaluation.results import BoundsByScore
from crackseg.metrics.bootstrap import bootstrap, bootstrap_images, mean_statistic, mean_sums
from crackseg.metrics.calibration import calibration_error, reliability
from crackseg.metrics.curves import image_bests, ods, swept_average_precision
from crackseg.metrics.false_alarms import alarm_scores
from crackseg.metrics.histogram import Counts
from crackseg.metrics.overlap import image_scores, total_scores
from crackseg.metrics.thin_structures import image_thin_scores, thin_scores


class Intervals:
    """Intervals of figures over the same images.

    Args:
        records: Records of the images, at least one.
        seed: Seed of the draws.
    """

    def __init__(self, records: Sequence[ImageRecord], seed: int = 0) -> None:
        self._records = records
        self._seed = seed
        self._units = [record.unit for record in records]
        self._counts = np.stack([record.counts for record in records])

    def totals(self, place: int) -> BoundsByScore:
        """Intervals of dataset totals at a threshold of the sweep."""
        return self._of_sums(self._counts[:, place], total_scores)

    def means(self, place: int) -> BoundsByScore:
        """Intervals of means over images at a threshold of the sweep."""
        return self._of_means([image_scores(record.counts[place]) for record in self._records])

    def thin_totals(self) -> BoundsByScore:
        """Intervals of the dataset totals of thin structures."""
        sums = np.stack([np.asarray(record.thin).ravel() for record in self._records])
        return self._of_sums(sums, lambda summed: thin_scores(summed.reshape(4, 4)))

    def thin_means(self) -> BoundsByScore:
        """Intervals of the means over images of thin structures."""
        return self._of_means([image_thin_scores(record.thin) for record in self._records])

    def curves(self, average_precision: float) -> BoundsByScore:
        """Intervals of the figures over all thresholds.

        Args:
            average_precision: Average precision, around which its interval lies. How far it moves
                is seen from the 100 thresholds of the sweep.
        """
        counts = self._counts
        shape, flat = counts.shape[1:], counts.reshape(len(counts), -1)
        shift = average_precision - swept_average_precision(counts.sum(axis=0))

        def statistic(summed: Counts) -> dict[str, float]:
            swept = summed.reshape(shape)
            average = min(max(swept_average_precision(swept) + shift, 0.0), 1.0)
            return {"average_precision": average, "ods": ods(swept).value}

        bests = [{"ois": best} for best in image_bests(counts).tolist()]
        return {**self._of_sums(flat, statistic), **self._of_means(bests)}

    def calibration(self) -> BoundsByScore:
        """Interval of the expected calibration error."""
        sums = np.stack([record.calibration for record in self._records])
        return self._of_sums(
            sums.reshape(len(sums), -1),
            lambda summed: {"error": calibration_error(reliability(summed.reshape(3, -1)))},
        )

    def alarms(self) -> BoundsByScore:
        """Intervals of the false alarms on crack-free images; empty without such images."""
        free = [record for record in self._records if record.alarm is not None]
        if not free:
            return {}
        alarms = np.array([record.alarm for record in free])

        def statistic(times: Counts) -> dict[str, float]:
            drawn = alarm_scores(np.repeat(alarms, times, axis=0))
            return {name: getattr(drawn, name) for name in ("share", "mean_pixels", "high_pixels")}

        return _bounds(bootstrap_images([one.unit for one in free], statistic, self._seed))

    def _of_sums(
        self, sums: Counts, statistic: Callable[[Any], Mapping[str, float]]
    ) -> BoundsByScore:
        return _bounds(bootstrap(sums, self._units, statistic, self._seed))

    def _of_means(self, rows: Sequence[Mapping[str, float]]) -> BoundsByScore:
        statistic = mean_statistic(rows[0])
        return _bounds(bootstrap(mean_sums(rows), self._units, statistic, self._seed))


def _bounds(figures: Mapping[str, Any]) -> BoundsByScore:
    return {name: (figure.low, figure.high) for name, figure in figures.items()}
