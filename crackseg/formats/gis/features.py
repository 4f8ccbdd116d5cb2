"""Features: a line for each branch of each crack, with its columns as attributes.

A photograph without a place on a map has coordinates in pixels, x to the right and y upwards from
the upper left corner, so that y is negative: where such programs show a picture without a place.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crackseg.formats.columns import Columns, branch_columns
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import Georeference, MeasuredPhotograph

PIXELS = (
    "The coordinates are pixels of each photograph, x to the right and y upwards from its upper "
    "left corner, so that y is negative; they are on no map"
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
