"""Summaries of the widths along a crack, with their intervals."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from crackseg.measurement.centreline import STEP
from crackseg.measurement.cracks import WidthSummary
from crackseg.measurement.graph import BoolArray, FloatArray
from crackseg.measurement.scale import COVERAGE, Measured
from crackseg.measurement.slits.along import TOGETHER
from crackseg.measurement.width import Widths

# What averages out over a crack does so less for a median, and still less for a percentile.
_MEAN, _MEDIAN, _PERCENTILE = 1.0, 1.25, 2.5
# Share of a crack's places that must be resolved before the crack is.
_RESOLVED_SHARE = 0.5


def summary(widths: Widths, points: FloatArray) -> WidthSummary | None:
    """Summarises the widths along a crack.

    Args:
        widths: Widths at its stations.
        points: Their positions, (N, 2).
    """
    measured = widths.measured
    if not measured.any():
        return None
    sure, telling = _sure(widths), _telling(widths)
    whole = _Along.of(widths, counted(widths), sure)
    percentile95 = _Along.of(widths, telling, sure).measured(_percentile95, _PERCENTILE)
    largest = int(np.argmax(np.where(telling, widths.value, -np.inf)))
    value, low, high = (float(one[largest]) for one in (widths.value, widths.low, widths.high))
    x, y = points[largest].tolist()
    # The largest width is nowhere below what 95 % of the places are not wider than.
    low, high = max(low, percentile95.low), max(high, percentile95.high)
    return WidthSummary(
        mean=whole.measured(np.mean, _MEAN),
        median=whole.measured(np.median, _MEDIAN),
        percentile95=percentile95,
        largest=Measured(value, low, high, bool(sure.any())),
        largest_at=(x, y),
        resolved_share=float(widths.resolved[measured].mean()),
    )


def counted(widths: Widths) -> BoolArray:
    """Places (N,) that the mean of a crack is of: those that say how wide the crack is.

    Of a resolved crack these are the resolved ones and others that are no wider than the widest of
    them: from farther away, less of a crack that tapers is resolved. What seems wider is a joint
    or a shadow. Of a crack that is not resolved all count.
    """
    widest = np.max(widths.value[_telling(widths)])
    return np.asarray(widths.measured & (widths.value <= widest))


def _sure(widths: Widths) -> BoolArray:
    """The resolved places (N,) of a crack that is resolved; none of another one."""
    is_resolved = widths.resolved[widths.measured].mean() >= _RESOLVED_SHARE
    return np.asarray(widths.resolved & is_resolved)


def _telling(widths: Widths) -> BoolArray:
    """Places (N,) that tell how wide the crack is: the sure ones, or else all."""
    sure = _sure(widths)
    return sure if sure.any() else widths.measured


def _percentile95(values: FloatArray) -> np.float64:
    return np.float64(np.percentile(values, 95))


@dataclass(frozen=True, eq=False)
class _Along:
    """Widths of the places of a crack that count, and how sure they are together.

    Attributes:
        value: Widths, (N,).
        low: Lower ends of each by itself, (N,).
        high: Upper ends, (N,).
        sure: Whether they are resolved, (N,); else their ends are bounds, which do not average out.
        independent: Standard deviation of a mean of the sure ones, of what averages out.
        common: Standard deviation of what does not: blur and contrast.
    """

    value: FloatArray
    low: FloatArray
    high: FloatArray
    sure: BoolArray
    independent: float
    common: float

    @classmethod
    def of(cls, widths: Widths, chosen: BoolArray, sure: BoolArray) -> "_Along":
        among = sure if sure.any() else chosen
        count = max(among.sum() * STEP / TOGETHER, 1.0)
        by_blur = float(np.mean(widths.by_blur[among]))
        by_contrast = float(np.mean(widths.by_contrast[among]))
        return cls(
            value=widths.value[chosen],
            low=widths.low[chosen],
            high=widths.high[chosen],
            sure=sure[chosen],
            independent=float(np.sqrt(np.mean(widths.noise[among] ** 2) / count)),
            common=float(np.hypot(by_blur, by_contrast)),
        )

    def measured(self, statistic: Callable[[FloatArray], np.float64], factor: float) -> Measured:
        """A statistic with its interval, or with bounds where nothing is sure.

        Where some are, the ends are those of the mean of intervals and bounds.
        """
        half = COVERAGE * float(np.hypot(factor * self.independent, self.common))
        low = statistic(np.where(self.sure, self.value - half, self.low))
        high = statistic(np.where(self.sure, self.value + half, self.high))
        is_resolved = bool(self.sure.any())
        return Measured(
            float(statistic(self.value)), max(float(low), 0.0), float(high), is_resolved
        )
