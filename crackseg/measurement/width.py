"""Widths at the stations of cracks, each with an interval or, where it is not resolved, a bound.

A width is not resolved below :data:`NARROWEST` pixels, where the crack's contrast is not known,
where its interval is wide, and where photograph and probability disagree beyond their noise.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from crackseg.measurement.graph import BoolArray, FloatArray, IntArray
from crackseg.measurement.profiles import ALONG, EVERY, Profiles, Stations, profiles
from crackseg.measurement.scale import COVERAGE
from crackseg.measurement.slits.along import Places, scatter, together
from crackseg.measurement.slits.blur import Blur, WeakFit, find_blur, fit_slits, weakly_fitted
from crackseg.measurement.slits.contrast import SURELY, Contrasts, find_contrasts

# Profiles that the blur of a photograph is found on.
_FOR_BLUR = 80
# What the model is off by, in pixels and as a share of the width.
_MODEL, _MODEL_SHARE = 0.015, 0.003
# Width below which none is resolved: cracks are less dark there than where they are wide.
NARROWEST = 2.0
# Half of an interval above which a width is not resolved: in pixels, and as a share of the width.
_WIDEST_INTERVAL, _WIDEST_SHARE = 0.75, 0.25
# Uncertainty of where a mask ends: in pixels, as a share of the width, and of its soft rims.
_MASK, _MASK_SHARE, _MASK_SOFTNESS = 0.5, 0.15, 0.5
# Width in blurs that does not hide.
_SHOWS = 2.2
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

    @classmethod
    def joined(cls, some: Sequence["Widths"]) -> "Widths":
        """Those of several branches as one."""
        names = (one.name for one in fields(cls))
        return cls(**{name: np.concatenate([getattr(one, name) for one in some]) for name in names})

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
) -> tuple[Widths, Blur]:
    """Measures widths.

    Args:
        where: Stations.
        grey: Photograph, uint8 (H, W).
        probability: Probability of crack, float32 (H, W).
        threshold: Probability above which there is crack.
        wanted: Stations that are measured, bool (N,).

    Returns:
        The widths, and the blur of the photograph.
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
    weak, disagreement = _with_neighbours(weak, where)
    blur = replace(blur, spread=blur.spread * disagreement)
    contrasts = find_contrasts(weak, where, blur)
    widths = _along(weak, where, blur, contrasts)
    return _of_nearest(widths, where, wanted), blur


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


def _with_neighbours(weak: Sequence[WeakFit], where: Stations) -> tuple[list[WeakFit], float]:
    """The fits with widths that neighbouring places make surer, and their usual scatter."""
    if not weak:
        return [], 1.0
    order, places = _in_order(weak, where)
    width, error = (
        np.concatenate([getattr(one, name) for one in weak])[order] for name in ("width", "error")
    )
    factors = scatter(places, width, error)
    joined = together(places, width, error * factors)
    back = np.argsort(order)
    ends = np.cumsum([len(one.width) for one in weak])[:-1]
    widths, errors = (np.split(one[back], ends) for one in joined)
    better = [
        replace(one, width=width, error=error)
        for one, width, error in zip(weak, widths, errors, strict=True)
    ]
    return better, float(np.median(factors))


def _in_order(weak: Sequence[WeakFit], where: Stations) -> tuple[IntArray, Places]:
    """Order of all fits along the cracks, and their places."""
    station = np.concatenate([one.profiles.station for one in weak])
    order = np.argsort(station)
    return order, Places.of(station[order], where)


def _along(weak: Sequence[WeakFit], where: Stations, blur: Blur, contrasts: Contrasts) -> Widths:
    """The widths of all stations, from those of some thousand at a time."""
    whole = Widths.unmeasured(len(where.branch))
    if not weak:
        return replace(whole, resolved=whole.resolved == 1)
    fitted = [
        fitted_widths(one, where.crack[one.profiles.station], blur, contrasts) for one in weak
    ]
    order, places = _in_order(weak, where)
    joined = FittedWidths.joined(fitted).only(order)
    noise = joined.noise * scatter(places, joined.value, joined.noise)
    value, noise = together(places, joined.value, noise)
    part = judged_widths(replace(joined, value=value, noise=noise), blur)
    for field in fields(part):
        getattr(whole, field.name)[places.station] = getattr(part, field.name)
    return replace(whole, resolved=whole.resolved == 1)


@dataclass(frozen=True, eq=False)
class FittedWidths:
    """Widths before it is judged whether they are resolved.

    Attributes:
        value: Width in pixels, (N,).
        noise: Standard deviation that differs from place to place, (N,).
        by_blur: Change by the uncertainty of the photograph's blur, (N,).
        by_contrast: Change by the uncertainty of the crack's contrast, (N,).
        contrast: Contrast, as a share of the surface's light, (N,).
        known: Whether the contrast of its crack is known, (N,).
        weak_error: Standard deviation of the width without any knowledge of the contrast, (N,).
        integral: Integral of the probability across the crack, (N,).
        mask_error: Standard deviation of that as a width, (N,).
    """

    value: FloatArray
    noise: FloatArray
    by_blur: FloatArray
    by_contrast: FloatArray
    contrast: FloatArray
    known: BoolArray
    weak_error: FloatArray
    integral: FloatArray
    mask_error: FloatArray

    @classmethod
    def joined(cls, some: Sequence["FittedWidths"]) -> "FittedWidths":
        """Several as one."""
        names = (one.name for one in fields(cls))
        return cls(**{name: np.concatenate([getattr(one, name) for one in some]) for name in names})

    def only(self, some: IntArray) -> "FittedWidths":
        """Some of them, by index."""
        return FittedWidths(**{one.name: getattr(self, one.name)[some] for one in fields(self)})


def fitted_widths(weak: WeakFit, crack: IntArray, blur: Blur, contrasts: Contrasts) -> FittedWidths:
    """Fits the widths of profiles.

    Args:
        weak: Profiles with their noise.
        crack: Number of the crack of each, (N,).
        blur: Blur of the photograph.
        contrasts: Contrasts of its cracks.
    """
    found, spread = weak.profiles, contrasts.spread[crack]
    contrast = contrasts.value[crack]
    slits = fit_slits(found, blur.value, contrast, spread, weak.noise, weak.parameters)
    by_contrast = slits.width_by_contrast * spread
    noise = np.sqrt(np.maximum(slits.width_error**2 - by_contrast**2, 0.0))
    return FittedWidths(
        value=slits.width,
        noise=np.hypot(noise, _MODEL + _MODEL_SHARE * slits.width),
        by_blur=slits.width_by_blur * blur.spread,
        by_contrast=by_contrast,
        contrast=slits.contrast,
        known=contrasts.known[crack],
        weak_error=weak.error,
        integral=found.integral,
        mask_error=mask_error(found),
    )


def judged_widths(fitted: FittedWidths, blur: Blur) -> Widths:
    """Judges which widths are resolved, and gives them intervals or bounds."""
    width, integral = fitted.value, fitted.integral
    half = COVERAGE * np.sqrt(fitted.noise**2 + fitted.by_blur**2 + fitted.by_contrast**2)
    agree = np.abs(width - integral) <= np.hypot(half, COVERAGE * fitted.mask_error)
    narrow = half <= np.maximum(_WIDEST_INTERVAL, _WIDEST_SHARE * width)
    resolved = fitted.known & agree & narrow & (width >= NARROWEST)
    low, high = _bounds(fitted, half, agree, blur)
    return Widths(
        value=width,
        noise=fitted.noise,
        by_blur=fitted.by_blur,
        by_contrast=fitted.by_contrast,
        low=np.where(resolved, np.maximum(width - half, 0.0), low),
        high=np.where(resolved, width + half, high),
        integral=integral,
        resolved=resolved,
    )


def mask_error(found: Profiles) -> FloatArray:
    """Standard deviation (N,) of the probability's integral as a width, in pixels."""
    return _MASK + _MASK_SHARE * found.integral + _MASK_SOFTNESS * found.softness


def _bounds(
    fitted: FittedWidths, half: FloatArray, agree: BoolArray, blur: Blur
) -> tuple[FloatArray, FloatArray]:
    """Bounds of widths that are not resolved: black at the least, and else too wide to hide."""
    width, integral = fitted.value, fitted.integral
    low = np.minimum(np.maximum(fitted.contrast * width / _BLACKEST - half, 0.0), width)
    hidden = _SHOWS * (blur.value + COVERAGE * blur.spread) + SURELY * fitted.weak_error
    high = np.maximum(width + half, hidden)
    low = np.where(agree, low, np.minimum(low, integral))
    return low, np.where(agree, high, np.maximum(high, integral))
