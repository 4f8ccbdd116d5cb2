"""Measures drawn cracks whose widths are known, and compares."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from crackseg.data.synthetic.known_cracks import EVEN, SHAPES, Conditions, KnownCrack, draw
from crackseg.data.synthetic.rendering import SURFACES
from crackseg.measurement.cracks import Crack, Measurement
from crackseg.measurement.measuring import measure
from crackseg.measurement.scale import Measured
from crackseg.measurement.summary import counted
from crackseg.measurement.width import Widths

FloatArray = npt.NDArray[np.float64]
# Gives the probability of crack, float32 (H, W), and its threshold, for a drawn crack.
Masks = Callable[[KnownCrack], tuple[npt.NDArray[np.float32], float]]

WIDTHS = (0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0)
NOISES = (0.005, 0.01, 0.02, 0.05)
_CONTRASTS, _BLURS = (0.3, 0.95), (0.5, 1.5)
# What is found farther than this many pixels from a drawn crack is another one.
_NEAR = 6.0
# Cracks narrower than a pixel fill no pixel: their masks begin at a share of their fullest one.
_THRESHOLD = 0.5
# A photograph from nearer by, of the same crack.
_NEARER = 1.6


@dataclass(frozen=True, eq=False)
class JudgedCrack:
    """One drawn crack, and what was measured of it.

    Attributes:
        conditions: What it is.
        mean: Its measured mean width; None where none was measured.
        true_mean: True mean width at the same places.
        length: Measured length in pixels.
        true_length: True length in pixels.
        truth: True width of the measured places, (N,).
        value: Measured width, (N,).
        low: Lower end of its interval, or lower bound, (N,).
        high: Upper end or bound, (N,).
        resolved: Whether the width is resolved, (N,).
    """

    conditions: Conditions
    mean: Measured | None
    true_mean: float
    length: float
    true_length: float
    truth: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    resolved: npt.NDArray[np.bool_]

    @property
    def holds(self) -> npt.NDArray[np.bool_]:
        """Whether the true width lies within the interval or the bounds, (N,)."""
        return (self.low <= self.truth) & (self.truth <= self.high)


def plan(count: int, seed: int) -> list[Conditions]:
    """Conditions of cracks: every width, shape, noise and surface, in every combination by chance.

    Half of the surfaces are even.
    """
    rng = np.random.default_rng(seed)
    shares = (np.arange(count) + rng.random(count)) / count
    widths = WIDTHS[0] * (WIDTHS[-1] / WIDTHS[0]) ** rng.permutation(shares)
    return [
        Conditions(
            seed=int(rng.integers(2**31)),
            width=float(width),
            shape=str(rng.choice(SHAPES)),
            surface=EVEN if rng.random() < 0.5 else str(rng.choice(SURFACES)),
            contrast=float(rng.uniform(*_CONTRASTS)),
            blur=float(rng.uniform(*_BLURS)),
            noise=float(rng.choice(NOISES)),
        )
        for width in widths
    ]


def exact_masks(known: KnownCrack) -> tuple[npt.NDArray[np.float32], float]:
    """The exact coverage as a probability, and half of its largest as the threshold."""
    return known.coverage, _THRESHOLD * min(float(known.coverage.max()), 1.0)


def judge(conditions: Iterable[Conditions], masks: Masks = exact_masks) -> Iterator[JudgedCrack]:
    """Draws cracks, measures them, and compares them with the truth."""
    for what in conditions:
        known = draw(what)
        probability, threshold = masks(known)
        yield judged(what, known, measure(known.image, probability, threshold))


def judged(what: Conditions, known: KnownCrack, found: Measurement) -> JudgedCrack:
    """Compares what was measured of a crack with the truth."""
    cracks = [one for one in found.cracks if _is_near(one, known)]
    branches = [branch for crack in cracks for branch in crack.branches]
    empty = np.zeros(0)
    points = np.concatenate([empty.reshape(0, 2), *(one.line.points for one in branches)])
    value, low, high, resolved = (
        np.concatenate([empty, *(getattr(one.widths, name) for one in branches)])
        for name in ("value", "low", "high", "resolved")
    )
    measured = np.isfinite(value)
    truth = known.width_at(points[measured]) if measured.any() else empty
    longest = next((one for one in cracks if one.widths is not None), None)
    return JudgedCrack(
        conditions=what,
        mean=None if longest is None or longest.widths is None else longest.widths.mean,
        true_mean=float("nan") if longest is None else _true_mean(longest, known),
        length=sum(one.length.value for one in cracks),
        true_length=known.length,
        truth=truth,
        value=value[measured],
        low=low[measured],
        high=high[measured],
        resolved=resolved[measured] == 1,
    )


def _is_near(crack: Crack, known: KnownCrack) -> bool:
    middle = crack.points[len(crack.points) // 2]
    away = np.hypot(*(known.points - middle).T)
    nearest = int(np.argmin(away))
    return bool(away[nearest] < _NEAR + known.widths[nearest] / 2)


def _true_mean(crack: Crack, known: KnownCrack) -> float:
    """Mean of the true widths at the places that the measured mean is of."""
    places = counted(Widths.joined([branch.widths for branch in crack.branches]))
    return float(known.width_at(crack.points[places]).mean())


def agree_from_two_distances(conditions: Iterable[Conditions]) -> tuple[int, int]:
    """Photographs cracks from two distances, and compares their millimetres.

    Returns:
        The number of cracks whose mean is resolved in both photographs, and of those whose
        intervals meet.
    """
    pairs = [(_mean_in(what, 1.0), _mean_in(what, _NEARER)) for what in conditions]
    both = [(far, near) for far, near in pairs if far is not None and near is not None]
    return len(both), sum(far.low <= near.high and near.low <= far.high for far, near in both)


def _mean_in(what: Conditions, zoom: float) -> Measured | None:
    """Mean width in pixels of the farther photograph; None where it is not resolved."""
    [found] = judge([replace(what, zoom=zoom)])
    if found.mean is None or not found.mean.resolved:
        return None
    mean = found.mean
    return Measured(mean.value / zoom, mean.low / zoom, mean.high / zoom)
