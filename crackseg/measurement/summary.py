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
    share = float(widths.resolved[measured].mean())
    is_resolved = share >= _RESOLVED_SHARE
    chosen = widths.resolved if is_resolved else measured
    along = _Along.of(widths, chosen, is_resolved)
    largest = int(np.argmax(np.where(chosen, widths.value, -np.inf)))
    value, low, high = (float(one[largest]) for one in (widths.value, widths.low, widths.high))
    x, y = points[largest].tolist()
    percentile95 = along.measured(_percentile95, _PERCENTILE)
    # The largest width is nowhere below what 95 % of the places are not wider than.
    low, high = max(low, percentile95.low), max(high, percentile95.high)
    return WidthSummary(
        mean=along.measured(np.mean, _MEAN),
        median=along.measured(np.median, _MEDIAN),
        percentile95=percentile95,
        largest=Measured(value, low, high, is_resolved),
        largest_at=(x, y),
        resolved_share=share,
    )


def _percentile95(values: FloatArray) -> np.float64:
    return np.float64(np.percentile(values, 95))


@dataclass(frozen=True, eq=False)
class _Along:
    """Widths of the places of a crack that count, and how sure they are together.

    Attributes:
        values: Widths, their lower and their upper ends, each (N,).
        independent: Standard deviation of a mean, of what averages out.
        common: Standard deviation of what does not: blur and contrast.
        is_resolved: Whether the widths are resolved.
    """

    values: tuple[FloatArray, FloatArray, FloatArray]
    independent: float
    common: float
    is_resolved: bool

    @classmethod
    def of(cls, widths: Widths, chosen: BoolArray, is_resolved: bool) -> "_Along":
        count = max(chosen.sum() * STEP / TOGETHER, 1.0)
        by_blur = float(np.mean(widths.by_blur[chosen]))
        by_contrast = float(np.mean(widths.by_contrast[chosen]))
        return cls(
            values=(widths.value[chosen], widths.low[chosen], widths.high[chosen]),
            independent=float(np.sqrt(np.mean(widths.noise[chosen] ** 2) / count)),
            common=float(np.hypot(by_blur, by_contrast)),
            is_resolved=is_resolved,
        )

    def measured(self, statistic: Callable[[FloatArray], np.float64], factor: float) -> Measured:
        """A statistic with its interval, or that of the bounds."""
        value, low, high = (float(statistic(one)) for one in self.values)
        if self.is_resolved:
            half = COVERAGE * float(np.hypot(factor * self.independent, self.common))
            low, high = max(value - half, 0.0), value + half
        return Measured(value, low, high, self.is_resolved)
