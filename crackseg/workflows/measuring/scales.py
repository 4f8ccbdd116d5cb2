"""Millimetres for each pixel of a photograph that lies on a map."""

import math

from crackseg.images.georeference import Placement
from crackseg.measurement.scale import Scale

_MM = 1000.0
# Share by which the sides of a pixel may differ on the ground.
_MOST_UNEQUAL = 0.01


def scale_of_map(placement: Placement) -> Scale | None:
    """The scale of a map; its uncertainty is half of the difference between a pixel's sides.

    Returns:
        The scale; None where it is not known, see :func:`why_no_scale`.
    """
    across, down = _sides(placement)
    if placement.metres_per_unit is None or _are_unequal(across, down):
        return None
    mm = _MM * placement.metres_per_unit
    return Scale(mm * (across + down) / 2, mm * abs(across - down) / 2)


def why_no_scale(placement: Placement) -> str:
    """Reason in words why a map has no scale; empty where it has one."""
    if not placement.why_not and _are_unequal(*_sides(placement)):
        return "its pixels are no squares on the map"
    return placement.why_not


def _sides(placement: Placement) -> tuple[float, float]:
    """Sides of a pixel in units of the map."""
    a, b, _, d, e, _ = placement.georeference.affine
    return math.hypot(a, d), math.hypot(b, e)


def _are_unequal(across: float, down: float) -> bool:
    return abs(across - down) > _MOST_UNEQUAL * max(across, down)
