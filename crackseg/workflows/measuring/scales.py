"""Millimetres for each pixel: of a photograph that lies on a map, and of many at once."""

from collections.abc import Iterable, Iterator

import numpy as np

from crackseg.images.georeference import Placement
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Scale, said_of_sizes

_MM = 1000.0
# Share by which a pixel's longest and shortest extent may differ on the ground.
_MOST_UNEQUAL = 0.01


def scale_of_map(placement: Placement) -> Scale | None:
    """The scale of a map; its uncertainty is half of the difference between a pixel's extents.

    Returns:
        The scale; None where it is not known, see :func:`why_no_scale`.
    """
    longest, shortest = _extents(placement)
    if placement.metres_per_unit is None or _are_unequal(longest, shortest):
        return None
    mm = _MM * placement.metres_per_unit
    return Scale(mm * (longest + shortest) / 2, mm * (longest - shortest) / 2)


def why_no_scale(placement: Placement) -> str:
    """Reason in words why a map has no scale; empty where it has one."""
    if not placement.why_not and _are_unequal(*_extents(placement)):
        return "its pixels are no squares on the map"
    return placement.why_not


class NotedSizes:
    """The sizes of photographs that one scale was given for, noted while they are looked through.

    Args:
        photographs: Measured photographs, of which one at a time is kept.
    """

    def __init__(self, photographs: Iterable[MeasuredPhotograph]) -> None:
        self._photographs = photographs
        self._sizes: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[MeasuredPhotograph]:
        """The photographs."""
        for one in self._photographs:
            self._sizes.append(one.measurement.size)
            yield one

    @property
    def warning(self) -> str:
        """What is said where photographs are of several sizes; empty where they are of one."""
        return said_of_sizes(self._sizes)


def _extents(placement: Placement) -> tuple[float, float]:
    """The most and the least that a step of one pixel in any direction is, in units of the map.

    They are the sides of a rectangle; those of a sheared pixel differ though its sides do not.
    """
    a, b, _, d, e, _ = placement.georeference.affine
    longest, shortest = np.linalg.svd(np.array([[a, b], [d, e]]), compute_uv=False).tolist()
    return longest, shortest


def _are_unequal(longest: float, shortest: float) -> bool:
    return longest - shortest > _MOST_UNEQUAL * longest
