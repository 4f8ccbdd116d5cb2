"""Widths at the stations of cracks, each with an interval or, where it is not resolved, a bound.

A width is not resolved below :data:`NARROWEST` pixels, where the crack's contrast is not known,
where its interval is wide, and where photograph and probability disagree beyond their noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from crackseg.measurement.blur import Blur, WeakFit, find_blur, fit_slits, weakly_fitted
from crackseg.measurement.contrast import SHOWN_FROM, Contrasts, find_contrasts
from crackseg.measurement.graph import BoolArray, FloatArray
from crackseg.measurement.profiles import ALONG, Profiles, Stations, profiles
from crackseg.measurement.scale import COVERAGE

# Stations of which one is fitted: a pixel apart, they share most of their profiles.
EVERY = 3
# Profiles that the blur of a photograph is found on.
_FOR_BLUR = 80
# What the model is off by, in pixels and as a share of the width.
_MODEL, _MODEL_SHARE = 0.015, 0.003
# Width below which none is resolved: cracks are less dark there than where they are wide.
NARROWEST = 2.0
# Half of an interval above which a width is not resolved: in pixels, and as a share of the width.
_WIDEST_INTERVAL, _WIDEST_SHARE = 0.6, 0.2
# Uncertainty of where a mask ends: in pixels, as a share of the width, and of its soft rims.
_MASK, _MASK_SHARE, _MASK_SOFTNESS = 0.5, 0.15, 0.5
# Contrast above which no crack is, with what light may do.
_BLACKEST = 1.05


@dataclass(frozen=True, eq=False)
class Widths:
    """Widths in pixels at stations; NaN where none was measured.

    Attributes:
        value: Width, or the best guess where it is not resolved, (N,).
        noise: Standard deviation that differs from place to place, (N,).
        by_blur: Change by the uncertainty of the photograph's blur, (N,).
        by_contrast: Change by the uncertainty of the crack's contrast, (N,).
        low: Lower end of the interval of 95 %, or of the bounds where it is not resolved, (N,).
        high: Upper end of it, (N,).
        integral: Integral of the probability across the crack, (N,).
        resolved: Whether the width is resolved, (N,).
    """

    value: FloatArray
    noise: FloatArray
    by_blur: FloatArray
    by_contrast: FloatArray
    low: FloatArray
    high: FloatArray
    integral: FloatArray
    resolved: BoolArray

    @classmethod
    def unmeasured(cls, count: int) -> "Widths":
        """Widths of stations of which none is measured yet."""
        names = (one.name for one in fields(cls))
        return cls(**{name: np.full(count, np.nan) for name in names})

    def part(self, first: int, last: int) -> "Widths":
        """The widths of some stations that follow each other."""
        parts = {one.name: getattr(self, one.name)[first:last] for one in fields(self)}
        return Widths(**parts)

    @property
    def measured(self) -> BoolArray:
        """Stations that were measured, (N,)."""
        return np.isfinite(self.value)


def measure_widths(
    where: Stations,
    grey: npt.NDArray[np.uint8],
    probability: npt.NDArray[np.float32],
    threshold: float,
    wanted: BoolArray,
) -> tuple[Widths, Blur, Contrasts]:
    """Measures widths.

    Args:
        where: Stations.
        grey: Photograph, uint8 (H, W).
        probability: Probability of crack, float32 (H, W).
        threshold: Probability above which there is crack.
        wanted: Stations that are measured, bool (N,).

    Returns:
        The widths, the blur of the photograph, and the contrasts of its cracks.
    """
    apart = np.nonzero(wanted & (np.arange(len(wanted)) % ALONG == 0))[0]
    some = np.zeros(len(wanted), np.bool_)
    some[apart[:: max(len(apart) // _FOR_BLUR, 1)]] = True
    blur = find_blur(list(profiles(where, grey, probability, threshold, some)), where.crack)
    # Profiles are means along a crack: those between would say next to nothing new.
    fitted = wanted & (np.arange(len(wanted)) % EVERY == 0)
    weak = [
        weakly_fitted(found, blur)
        for found in profiles(where, grey, probability, threshold, fitted)
    ]
    contrasts = find_contrasts(weak, where, blur)
    widths = _together(weak, len(wanted), where, blur, contrasts)
    return _of_nearest(widths, where, wanted), blur, contrasts


def _of_nearest(widths: Widths, where: Stations, wanted: BoolArray) -> Widths:
    """Gives wanted stations (N,) the width of the nearest one on their branch that was fitted."""
    indices, reach = np.arange(len(wanted)), EVERY // 2
    source = np.where(wanted & widths.measured, indices, -1)
    for step in (one * sign for one in range(1, reach + 1) for sign in (-1, 1)):
        other = np.clip(indices + step, 0, len(wanted) - 1)
        takes = wanted & (source < 0) & widths.measured[other]
        takes &= where.branch[other] == where.branch
        source = np.where(takes, other, source)
    nearest = Widths(**{one.name: getattr(widths, one.name)[source] for one in fields(widths)})
    return replace(
        nearest,
        value=np.where(source >= 0, nearest.value, np.nan),
        resolved=nearest.resolved & (source >= 0),
    )


def _together(
    weak: Sequence[WeakFit], count: int, where: Stations, blur: Blur, contrasts: Contrasts
) -> Widths:
    """The widths of all stations, from those of some thousand at a time."""
    whole = Widths.unmeasured(count)
    for one in weak:
        station = one.profiles.station
        part = widths_of(one, where.crack[station], blur, contrasts)
        for field in fields(part):
            getattr(whole, field.name)[station] = getattr(part, field.name)
    return replace(whole, resolved=whole.resolved == 1)


def widths_of(
    weak: WeakFit, crack: npt.NDArray[np.int64], blur: Blur, contrasts: Contrasts
) -> Widths:
    """Widths of profiles.

    Args:
        weak: Profiles with their noise.
        crack: Number of the crack of each, (N,).
        blur: Blur of the photograph.
        contrasts: Contrasts of its cracks.
    """
    found, spread = weak.profiles, contrasts.spread[crack]
    slits = fit_slits(found, blur.value, contrasts.value[crack], spread, weak.noise)
    width = slits.width
    by_blur = slits.width_by_blur * blur.spread
    by_contrast = slits.width_by_contrast * spread
    noise = np.sqrt(np.maximum(slits.width_error**2 - by_contrast**2, 0.0))
    noise = np.hypot(noise, _MODEL + _MODEL_SHARE * width)
    half = COVERAGE * np.sqrt(noise**2 + by_blur**2 + by_contrast**2)
    agree = np.abs(width - found.integral) <= np.hypot(half, COVERAGE * mask_error(found))
    narrow = half <= np.maximum(_WIDEST_INTERVAL, _WIDEST_SHARE * width)
    resolved = contrasts.known[crack] & agree & narrow & (width >= NARROWEST)
    low, high = _bounds(width, slits.contrast, half, found.integral, agree, blur)
    return Widths(
        value=width,
        noise=noise,
        by_blur=by_blur,
        by_contrast=by_contrast,
        low=np.where(resolved, np.maximum(width - half, 0.0), low),
        high=np.where(resolved, width + half, high),
        integral=found.integral,
        resolved=resolved,
    )


def mask_error(found: Profiles) -> FloatArray:
    """Standard deviation (N,) of the probability's integral as a width, in pixels."""
    return _MASK + _MASK_SHARE * found.integral + _MASK_SOFTNESS * found.softness


def _bounds(
    width: FloatArray,
    contrast: FloatArray,
    half: FloatArray,
    integral: FloatArray,
    agree: BoolArray,
    blur: Blur,
) -> tuple[FloatArray, FloatArray]:
    """Bounds of widths that are not resolved: black at the least, and else too wide to hide."""
    low = np.minimum(np.maximum(contrast * width / _BLACKEST - half, 0.0), width)
    hidden = SHOWN_FROM * (blur.value + COVERAGE * blur.spread)
    high = np.maximum(width + half, hidden)
    low = np.where(agree, low, np.minimum(low, integral))
    return low, np.where(agree, high, np.maximum(high, integral))
