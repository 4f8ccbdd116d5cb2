"""Figures of measured widths: bias, error, and whether the intervals hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from crackseg.data.synthetic.known_cracks import EVEN
from crackseg.evaluation.known_widths import NOISES, WIDTHS, FloatArray, JudgedCrack
from crackseg.measurement.scale import COVERAGE

# Lengths are compared of cracks that are at least so long and so wide, in pixels.
_LONG, _WIDE = 200.0, 2.0


@dataclass(frozen=True)
class CertificateRow:
    """Figures of some drawn cracks.

    Attributes:
        label: What they have in common.
        cracks: Number of cracks.
        places: Number of places with a width.
        resolved: Share of the places whose width is resolved.
        bias: Mean of measured less true width of those, in pixels.
        error: Mean of its absolute value, in pixels.
        covered: Share of those whose interval holds the true width.
        reach: Median of half of the width of those intervals, in pixels.
        covered_cracks: Number of cracks whose mean is resolved, and of those whose interval holds
            the true mean.
        reach_cracks: Median of half of the width of the intervals of those means, in pixels.
        bounds: Share of the places that are not resolved whose bounds hold the true width.
    """

    label: str
    cracks: int
    places: int
    resolved: float
    bias: float
    error: float
    covered: float
    reach: float
    covered_cracks: tuple[int, int]
    reach_cracks: float
    bounds: float

    @property
    def crack_interval(self) -> tuple[float, float]:
        """Interval of 95 % of the share of cracks whose interval holds the true mean."""
        count, held = self.covered_cracks
        return binomial_interval(held, count)


@dataclass(frozen=True)
class LengthError:
    """Error of lengths, as a share of the true length.

    Attributes:
        shape: Shape of the cracks.
        count: Number of them.
        bias: Mean of measured less true length.
        largest: Largest absolute error.
    """

    shape: str
    count: int
    bias: float
    largest: float


@dataclass(frozen=True)
class Certificate:
    """What was found on drawn cracks.

    Attributes:
        widths: Rows by width, at noise up to 2 % on even surfaces.
        textured: Rows by width, at noise up to 2 % on all other surfaces.
        noises: Rows by noise, on even surfaces.
        surfaces: Rows by surface, at noise up to 2 %.
        total: The row of all cracks.
        lengths: Errors of lengths by shape.
        distances: Number of cracks that were measured from two distances, and of those whose
            intervals meet.
    """

    widths: tuple[CertificateRow, ...]
    textured: tuple[CertificateRow, ...]
    noises: tuple[CertificateRow, ...]
    surfaces: tuple[CertificateRow, ...]
    total: CertificateRow
    lengths: tuple[LengthError, ...]
    distances: tuple[int, int]


def certificate(cracks: Sequence[JudgedCrack], distances: tuple[int, int] = (0, 0)) -> Certificate:
    """Puts figures of drawn cracks together.

    Args:
        cracks: Cracks that were measured.
        distances: Number of cracks from two distances, and of those that agree.
    """
    quiet = [one for one in cracks if one.conditions.noise <= NOISES[-2]]
    even = [one for one in cracks if one.conditions.surface == EVEN]
    surfaces = sorted({one.conditions.surface for one in quiet})
    return Certificate(
        widths=tuple(by_width([one for one in quiet if one.conditions.surface == EVEN])),
        textured=tuple(by_width([one for one in quiet if one.conditions.surface != EVEN])),
        noises=tuple(
            row_of(f"{noise:.1%}", [one for one in even if one.conditions.noise == noise])
            for noise in NOISES
        ),
        surfaces=tuple(
            row_of(name, [one for one in quiet if one.conditions.surface == name])
            for name in surfaces
        ),
        total=row_of("all", cracks),
        lengths=tuple(_lengths(cracks)),
        distances=distances,
    )


def _lengths(cracks: Sequence[JudgedCrack]) -> list[LengthError]:
    """Errors of the lengths of cracks that are found whole."""
    rows = []
    for shape in sorted({one.conditions.shape for one in cracks}):
        off = np.array(
            [
                one.length / one.true_length - 1
                for one in cracks
                if one.conditions.shape == shape
                and one.conditions.width >= _WIDE
                and one.true_length >= _LONG
                and one.mean is not None
            ]
        )
        if len(off):
            rows.append(LengthError(shape, len(off), float(off.mean()), float(np.abs(off).max())))
    return rows


def by_width(cracks: Sequence[JudgedCrack]) -> list[CertificateRow]:
    """A row for each range of widths, place by place."""
    rows = []
    for low, high in pairwise(WIDTHS):
        of_width = [one for one in cracks if low <= one.true_mean < high]
        places = [(one, (one.truth >= low) & (one.truth < high)) for one in cracks]
        rows.append(row(f"{low:g} to {high:g} px", of_width, places))
    return rows


def row_of(label: str, cracks: Sequence[JudgedCrack]) -> CertificateRow:
    """The row of some cracks with all their places."""
    return row(label, cracks, [(one, np.ones(len(one.truth), np.bool_)) for one in cracks])


def row(
    label: str,
    cracks: Sequence[JudgedCrack],
    places: Sequence[tuple[JudgedCrack, npt.NDArray[np.bool_]]],
) -> CertificateRow:
    """Figures of cracks, and of places chosen on cracks."""
    off = _joined((one.value - one.truth)[chosen] for one, chosen in places)
    holds = _joined(one.holds[chosen] for one, chosen in places)
    resolved = _joined(one.resolved[chosen] for one, chosen in places)
    sure = resolved == 1
    reach = _joined(((one.high - one.low) / 2)[chosen] for one, chosen in places)
    means = [
        (one.mean, one.true_mean) for one in cracks if one.mean is not None and one.mean.resolved
    ]
    held = sum(mean.low <= truth <= mean.high for mean, truth in means)
    return CertificateRow(
        label=label,
        cracks=len(cracks),
        places=len(off),
        resolved=_mean(resolved),
        bias=_mean(off[sure]),
        error=_mean(np.abs(off[sure])),
        covered=_mean(holds[sure]),
        reach=_median(reach[sure]),
        covered_cracks=(len(means), held),
        reach_cracks=_median(np.array([(mean.high - mean.low) / 2 for mean, _ in means])),
        bounds=_mean(holds[~sure]),
    )


def binomial_interval(held: int, count: int) -> tuple[float, float]:
    """Interval of 95 % of a share: Wilson's.

    Example:
        >>> tuple(round(end, 3) for end in binomial_interval(95, 100))
        (0.888, 0.978)
    """
    if not count:
        return 0.0, 1.0
    share, squared = held / count, COVERAGE**2
    middle = (share + squared / (2 * count)) / (1 + squared / count)
    half = np.sqrt(share * (1 - share) / count + squared / (4 * count**2))
    half *= COVERAGE / (1 + squared / count)
    return max(middle - float(half), 0.0), min(middle + float(half), 1.0)


def _joined(parts: Iterable[npt.NDArray[Any]]) -> FloatArray:
    return np.concatenate([np.zeros(0), *parts])


def _mean(values: FloatArray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _median(values: FloatArray) -> float:
    return float(np.median(values)) if len(values) else float("nan")
