"""Features: a line for each branch of each crack, with its columns as attributes.

A photograph without a place on a map has coordinates in pixels, x to the right and y upwards from
the upper left corner, so that y is negative: where such programs show a picture without a place.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from pyproj import CRS
from pyproj.exceptions import CRSError

from crackseg.formats.columns import Columns, branch_columns
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import Georeference, MeasuredPhotograph

log = logging.getLogger(__name__)

PIXELS = (
    "Coordinates are pixels of each photograph, x to the right and y upwards from its upper left "
    "corner, so that y is negative; they are on no map"
)
UNNAMED = "Coordinates are of a map whose reference system no file names, or none that is known"
# A system of its own, without which programs take the numbers for degrees.
NO_MAP = (
    'LOCAL_CS["on no known map",UNIT["pixel or unit of a world file",1],'
    'AXIS["x",EAST],AXIS["y",NORTH]]'
)


@dataclass(frozen=True, eq=False)
class Feature:
    """A line with attributes.

    Attributes:
        points: Coordinates x and y, float64 (N, 2), on the map or in pixels.
        attributes: Attributes.
    """

    points: FloatArray
    attributes: Columns


def features(photograph: MeasuredPhotograph, limits: ClassLimits | None) -> Iterator[Feature]:
    """The branches of a photograph's cracks."""
    for crack in photograph.measurement.cracks:
        for number, branch in enumerate(crack.branches, 1):
            points = coordinates(branch.line.points, photograph.georeference)
            yield Feature(points, branch_columns(photograph, crack, number, limits))


def coordinates(points: FloatArray, georeference: Georeference | None) -> FloatArray:
    """Coordinates on the map; in pixels where there is none."""
    if georeference is not None:
        return georeference.to_map(points)
    return np.asarray((points + 0.5) * (1, -1))


@lru_cache(maxsize=256)
def reference_system(name: str | None) -> CRS | None:
    """The coordinate reference system of a name or its WKT; None where it is not known."""
    try:
        return None if name is None else CRS.from_user_input(name)
    except CRSError:
        log.warning(
            "%s: no reference system that is known; its coordinates stand as they are", name
        )
        return None


def system_of(photograph: MeasuredPhotograph) -> CRS | None:
    """The reference system of a photograph's coordinates; None where it is not known."""
    return (
        None if photograph.georeference is None else reference_system(photograph.georeference.crs)
    )


def where(photograph: MeasuredPhotograph) -> str:
    """Sentence about the axes of a photograph whose reference system is not known."""
    return PIXELS if photograph.georeference is None else UNNAMED
