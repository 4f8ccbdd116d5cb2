"""Judges widths on real grey-value profiles of cracks that were measured on the structure.

A file holds one profile across a crack: names of columns, their values, the word ``intensities``,
and the grey values, a pixel apart, with the crack near the middle. ``width_m`` is in millimetres,
in spite of its name, and ``mean_res`` millimetres for each pixel.

References:
    Benz and Rodehorst, "Model-based crack width estimation using rectangle transform", MVA 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackseg.errors import DatasetError, DatasetNotFoundError
from crackseg.measurement.profiles import FLANK, Profiles
from crackseg.measurement.scale import Measured
from crackseg.measurement.slits.blur import TRIED, blur_costs, likely_blur, weakly_fitted
from crackseg.measurement.slits.contrast import contrast_of_one
from crackseg.measurement.width import fitted_widths, judged_widths

FloatArray = npt.NDArray[np.float64]

WIDTHS = (0.0, 1.0, 2.0, 3.0, 6.0, 100.0)
# Coarser photographs show no crack; one file of the published ones claims 26.7.
_COARSEST = 1.0
# Pixels around the middle in which the crack is looked for, and beside it that are surface.
_MIDDLE, _SURFACE = 3, (6, 14)
# Values of a profile that has surface on both sides, wherever around its middle the crack is.
_LEAST = 2 * (_MIDDLE + _SURFACE[0]) + 1
# Samples on each side of the darkest, and how soft the rims of their masks are.
_REACH, _SOFTNESS = 18, 0.3
_BLURS = 14
# Share of the surface's light that a crack is darker by, at its rim.
_RIM = 0.04
# Widths on a structure are read to a twentieth of a millimetre.
_READ_TO_MM = 0.05


@dataclass(frozen=True, eq=False)
class WidthProfile:
    """A profile across a crack.

    Attributes:
        path: Its file.
        grey: Grey values, 0 to 255, a pixel apart, float64 (N,).
        width_mm: Width measured on the structure, in millimetres.
        mm_per_pixel: Millimetres for each pixel.
    """

    path: Path
    grey: FloatArray
    width_mm: float
    mm_per_pixel: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.width_mm / self.mm_per_pixel

    @property
    def rounding(self) -> float:
        """Half a step of the width as it was read, in pixels."""
        return _READ_TO_MM / 2 / self.mm_per_pixel


@dataclass(frozen=True)
class ProfileRow:
    """Figures of profiles of a range of widths.

    Attributes:
        label: The range.
        count: Number of profiles.
        error: Mean absolute error of all, resolved or not, in pixels.
        constant: That of always saying the median width of all profiles.
        resolved: Share whose width is resolved.
        close: Share whose error is at most half a pixel.
        close_but_for_rounding: The same, where the true width was read to a step only.
        held: Share of the intervals and bounds that hold the width, but for its rounding.
        below_high: Share of the widths that are not above the upper end.
    """

    label: str
    count: int
    error: float
    constant: float
    resolved: float
    close: float
    close_but_for_rounding: float
    held: float
    below_high: float


def read_profiles(folder: Path) -> list[WidthProfile]:
    """Reads all profiles at and below a folder, but those of photographs that show nothing.

    Raises:
        DatasetNotFoundError: There is none.
        DatasetError: A file is no profile.
    """
    files = sorted(folder.rglob("*.csv")) if folder.is_dir() else []
    found = [one for one in map(read_profile, files) if one.mm_per_pixel <= _COARSEST]
    if not found:
        raise DatasetNotFoundError(
            f"{folder}: no profile of a crack (*.csv); name the folder of width profiles"
        )
    return found


def read_profile(path: Path) -> WidthProfile:
    """Reads one profile.

    Raises:
        DatasetError: The file is no profile.
    """
    try:
        names, values, _, grey = path.read_text(encoding="utf-8").splitlines()[:4]
        columns = dict(
            zip(map(str.strip, names.split(",")), map(float, values.split(",")), strict=True)
        )
        numbers = np.array([float(one) for one in grey.strip(", ").split(",")])
        # The last value of each published file is none of the profile.
        found = WidthProfile(path, numbers[:-1], columns["width_m"], columns["mean_res"])
        _require_sound(found)
        return found
    except (ValueError, KeyError, OSError) as error:
        raise DatasetError(
            f"{path}: no profile of a crack: expected names with width_m and mean_res, their "
            f"values, above 0, the word intensities, and at least {_LEAST + 1} grey values, 0 to "
            "255, a line each"
        ) from error


def _require_sound(found: WidthProfile) -> None:
    """Refuses, by a ValueError, numbers that are none of a profile."""
    is_measured = all(0 < one < np.inf for one in (found.width_mm, found.mm_per_pixel))
    is_grey = ((found.grey >= 0) & (found.grey <= 255)).all()
    if not (is_measured and is_grey and len(found.grey) >= _LEAST):
        raise ValueError


def measure_profiles(profiles: Sequence[WidthProfile]) -> list[Measured]:
    """Measures the width of each profile by itself, in pixels."""
    found = _as_profiles(profiles)
    cracks = np.arange(len(profiles))
    # So fine that nothing is needed between: the profiles have blurs of their own.
    blurs = np.geomspace(TRIED[0], TRIED[-1], _BLURS)
    costs = blur_costs(found, cracks, len(profiles), 1, blurs)
    measured = []
    for one in cracks.tolist():
        alone, blur = found.only(np.array([one])), likely_blur(blurs, costs[:, one])
        weak = weakly_fitted(alone, blur)
        fitted = fitted_widths(weak, np.zeros(1, np.int64), blur, contrast_of_one(weak, blur))
        widths = judged_widths(fitted, blur)
        value, low, high = (float(ends[0]) for ends in (widths.value, widths.low, widths.high))
        measured.append(Measured(value, low, high, bool(widths.resolved[0])))
    return measured


def _as_profiles(profiles: Sequence[WidthProfile]) -> Profiles:
    """The profiles on even surfaces, each with its dark run as a mask."""
    rows = [_centred(one.grey) for one in profiles]
    names = ("grey", "weight", "integral", "centre")
    columns = {name: np.array([getattr(row, name) for row in rows], np.float64) for name in names}
    return Profiles(
        station=np.arange(len(rows)),
        offsets=np.arange(-_REACH, _REACH + 1, dtype=np.float64),
        softness=np.full(len(rows), _SOFTNESS),
        **columns,
    )


@dataclass(frozen=True, eq=False)
class _Centred:
    """One profile about its darkest value; the fields are those of :class:`Profiles`."""

    grey: FloatArray
    weight: FloatArray
    integral: float
    centre: float


def _centred(grey: FloatArray) -> _Centred:
    middle = len(grey) // 2
    darkest = middle - _MIDDLE + int(np.argmin(grey[middle - _MIDDLE : middle + _MIDDLE + 1]))
    places = darkest + np.arange(-_REACH, _REACH + 1)
    inside = (places >= 0) & (places < len(grey))
    offsets = np.arange(-_REACH, _REACH + 1, dtype=np.float64)
    values = grey[np.clip(places, 0, len(grey) - 1)]
    near, far = _SURFACE
    # A black surface would leave nothing to divide by.
    left = float(np.median(grey[max(darkest - far + 1, 0) : max(darkest - near + 1, 1)]))
    right = float(np.median(grey[darkest + near : darkest + far]))
    even = values / np.maximum(np.interp(offsets, [-near, near], [left, right]), 1.0)
    dark = np.where(inside, 1 - even, 0.0)
    low, high = _run(dark > _RIM, _REACH)
    half_low, half_high = _run(dark > dark[_REACH] / 2, _REACH)
    centre = (half_low + half_high) / 2 - _REACH
    reach = (half_high - half_low + 1) / 2 + FLANK
    return _Centred(
        grey=even,
        weight=(inside & (np.abs(offsets - centre) <= reach)).astype(np.float64),
        integral=max(float(dark[low : high + 1].sum()), 0.5),
        centre=centre,
    )


def _run(dark: npt.NDArray[np.bool_], middle: int) -> tuple[int, int]:
    """First and last of the dark samples around the middle."""
    lit = np.nonzero(~dark)[0]
    before, after = lit[lit < middle], lit[lit > middle]
    return (
        int(before[-1]) + 1 if len(before) else 0,
        int(after[0]) - 1 if len(after) else len(dark) - 1,
    )


def judge_profiles(profiles: Sequence[WidthProfile]) -> list[ProfileRow]:
    """Measures profiles and compares them with the structure, by width and all together."""
    truth = np.array([one.width for one in profiles])
    rounding = np.array([one.rounding for one in profiles])
    found = measure_profiles(profiles)
    median = float(np.median(truth))

    def row(label: str, chosen: npt.NDArray[np.bool_]) -> ProfileRow:
        some = [one for one, is_chosen in zip(found, chosen, strict=True) if is_chosen]
        true, step = truth[chosen], rounding[chosen]
        value, low, high = (
            np.array([getattr(one, name) for one in some]) for name in ("value", "low", "high")
        )
        off = np.abs(value - true)
        return ProfileRow(
            label=label,
            count=len(some),
            error=float(off.mean()),
            constant=float(np.abs(true - median).mean()),
            resolved=float(np.mean([one.resolved for one in some])),
            close=float((off <= 0.5).mean()),
            close_but_for_rounding=float((off - step <= 0.5).mean()),
            held=float(((low - step <= true) & (true <= high + step)).mean()),
            below_high=float((true <= high).mean()),
        )

    ranges = [(low, high, (truth >= low) & (truth < high)) for low, high in pairwise(WIDTHS)]
    rows = [
        row(f"{low:g} to {high:g} px" if high < WIDTHS[-1] else f"above {low:g} px", chosen)
        for low, high, chosen in ranges
        if chosen.any()
    ]
    return [*rows, row("all", np.ones(len(found), np.bool_))]
