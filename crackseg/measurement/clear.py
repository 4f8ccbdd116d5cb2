"""Where along a crack a width means something: clear of its ends and of other branches."""

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import maximum_filter1d

from crackseg.measurement.centreline import Centreline, pixels_at
from crackseg.measurement.graph import BoolArray, FloatArray
from crackseg.measurement.profiles import ALONG, Stations

# No width is taken so close to a free end or a junction: half widths of the mask, and pixels.
_NEAR_END, _NEAR_JUNCTION = (1.0, 4.0), (1.5, 8.0)
# A crack reaches across to here, in half widths and pixels, where another branch runs into it.
_BESIDE = (1.5, 1.5)


def clear_of_others(where: Stations, lines: Sequence[Centreline], mask: BoolArray) -> BoolArray:
    """Stations (N,) that are so far from ends and junctions that a width means something.

    Branches that part at an acute angle stay one in the mask for long: there, what lies across one
    of them is both. Below some 25 degrees thinning makes a single line of the two, which is
    measured as the one crack that mask and photograph show.

    Args:
        where: Stations.
        lines: Their centrelines.
        mask: Whether a pixel is crack, bool (H, W).
    """
    clear = np.ones(len(where.points), np.bool_)
    merged = _merged(where, mask)
    for line, branch in zip(lines, where.branches, strict=True):
        if line.closed:
            continue
        for way, is_free in zip((1, -1), line.free, strict=True):
            half, others = where.half_width[branch][::way], merged[branch][::way]
            clear[branch][::way][: _not_clear(half, others, is_free)] = False
    return clear


def _merged(where: Stations, mask: BoolArray) -> BoolArray:
    """Stations (N,) where the crack goes on beside its own rim, on either side."""
    factor, pixels = _BESIDE
    rim = where.half_width
    beyond = factor * rim + pixels
    sides = [
        pixels_at(mask, where.points + sign * one[:, None] * where.normals)
        for sign in (1, -1)
        for one in (rim + pixels / 2, (rim + beyond) / 2, beyond)
    ]
    return np.asarray(np.all(sides[:3], axis=0) | np.all(sides[3:], axis=0))


def _not_clear(half_width: FloatArray, merged: BoolArray, is_free: bool) -> int:
    """Number of stations from one end of a branch that no width is taken at.

    Args:
        half_width: Half widths from that end on, (N,).
        merged: Whether another branch runs into the crack there, (N,).
        is_free: Whether the crack ends there; else it meets others.
    """
    factor, pixels = _NEAR_END if is_free else _NEAR_JUNCTION
    near = int(np.ceil(factor * half_width[:ALONG].max() + pixels))
    if is_free or near >= len(merged):
        return near
    # A profile is a mean of several stations, none of which another branch may run into.
    touched = maximum_filter1d(merged, ALONG, mode="constant")[near:]
    return len(merged) if touched.all() else near + int(np.argmin(touched))
