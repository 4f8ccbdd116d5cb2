"""Places along cracks as a page holds them: few enough for a browser, rounded once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

import numpy as np

from crackseg.measurement.cracks import Branch, Measurement
from crackseg.measurement.graph import BoolArray, FloatArray, IntArray
from crackseg.measurement.profiles import EVERY
from crackseg.measurement.scale import Measured

# Positions are rounded to tenths of a pixel, and widths to hundredths.
_POSITION, _WIDTH = 10, 100
# What stands for a width that was not measured.
_UNMEASURED = -1


class PackedBranch(TypedDict):
    """A branch in a page's JSON: whole numbers, of each position the change from the last."""

    crack: int
    length: float
    x: list[int]
    y: list[int]
    width: list[int]
    low: list[int]
    high: list[int]
    resolved: str


@dataclass(frozen=True, eq=False)
class SampledBranch:
    """Places of a branch at equal steps, its two ends among them.

    Attributes:
        crack: Number of its crack.
        points: Positions x and y, (N, 2).
        width: Widths in pixels, (N,); NaN where none was measured.
        low: Lower ends of their intervals or bounds, (N,).
        high: Upper ends, (N,).
        resolved: Whether the width is resolved, (N,).
        length: Length of the branch in pixels.
    """

    crack: int
    points: FloatArray
    width: FloatArray
    low: FloatArray
    high: FloatArray
    resolved: BoolArray
    length: float

    @property
    def step(self) -> float:
        """Length in pixels that each place stands for."""
        return self.length / len(self.width)

    def widths(self) -> Iterator[Measured | None]:
        """The width at each place; None where none was measured."""
        rows = zip(self.width, self.low, self.high, self.resolved, strict=True)
        for value, low, high, resolved in rows:
            known = np.isfinite(value)
            yield Measured(float(value), float(low), float(high), bool(resolved)) if known else None

    def packed(self) -> PackedBranch:
        """The branch in JSON."""
        x, y = np.diff(_whole(self.points, _POSITION), axis=0, prepend=0).T.tolist()
        return PackedBranch(
            crack=self.crack,
            length=round(self.length, 2),
            x=x,
            y=y,
            width=_whole(self.width, _WIDTH).tolist(),
            low=_whole(self.low, _WIDTH).tolist(),
            high=_whole(self.high, _WIDTH).tolist(),
            resolved="".join("01"[int(one)] for one in self.resolved),
        )


def sample(measurement: Measurement, most: int) -> tuple[SampledBranch, ...]:
    """Places of all branches: each that has a width of its own, or about ``most`` of them."""
    branches = [(crack.number, branch) for crack in measurement.cracks for branch in crack.branches]
    total = sum(len(branch.line.points) for _, branch in branches)
    every = max(EVERY, -(-total // most))
    return tuple(_sampled(number, branch, every) for number, branch in branches)


def _sampled(number: int, branch: Branch, every: int) -> SampledBranch:
    count = len(branch.line.points)
    places = np.unique(np.append(np.arange(0, count, every), count - 1))
    widths = branch.widths.value[places]
    return SampledBranch(
        crack=number,
        points=_rounded(branch.line.points[places], _POSITION),
        width=_rounded(widths, _WIDTH),
        low=_rounded(np.where(np.isnan(widths), np.nan, branch.widths.low[places]), _WIDTH),
        high=_rounded(np.where(np.isnan(widths), np.nan, branch.widths.high[places]), _WIDTH),
        resolved=branch.widths.resolved[places],
        length=round(branch.line.length, 2),
    )


def _rounded(values: FloatArray, parts: int) -> FloatArray:
    return np.asarray(np.round(values * parts) / parts)


def _whole(values: FloatArray, parts: int) -> IntArray:
    whole = np.round(np.nan_to_num(values, nan=_UNMEASURED / parts) * parts)
    return np.asarray(whole, np.int64)
