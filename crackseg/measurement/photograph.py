"""A measured photograph: its cracks, how they were found, and where on a map they are."""

from dataclasses import dataclass
from datetime import datetime

from crackseg.measurement.cracks import Measurement
from crackseg.measurement.graph import FloatArray


@dataclass(frozen=True)
class Georeference:
    """Affine map from pixels to a coordinate reference system.

    A pixel position ``(x, y)``, whole numbers at the middles of pixels, lies at
    ``(a x + b y + c, d x + e y + f)``.

    Attributes:
        affine: The numbers a, b, c, d, e, f.
        crs: Name of the system, such as ``EPSG:25832``, or its WKT; None where no file names it.
    """

    affine: tuple[float, float, float, float, float, float]
    crs: str | None

    def to_map(self, points: FloatArray) -> FloatArray:
        """Positions on the map (N, 2) of positions in the photograph (N, 2).

        Example:
            >>> import numpy as np
            >>> reference = Georeference((0.5, 0.0, 100.0, 0.0, -0.5, 200.0), "EPSG:25832")
            >>> reference.to_map(np.array([[0.0, 0.0], [10.0, 20.0]])).tolist()
            [[100.0, 200.0], [105.0, 190.0]]
        """
        a, b, c, d, e, f = self.affine
        x, y = points.T
        mapped: FloatArray = x[:, None] * [a, d] + y[:, None] * [b, e] + [c, f]
        return mapped


@dataclass(frozen=True)
class Location:
    """Where and when a photograph was taken, from its EXIF data.

    Attributes:
        latitude: Degrees north in WGS 84; None where the file says none.
        longitude: Degrees east; None where the file says none.
        time: Time of the camera's clock, which names no zone; None where the file says none.
    """

    latitude: float | None
    longitude: float | None
    time: datetime | None


@dataclass(frozen=True)
class Method:
    """How cracks were found.

    Attributes:
        model: Line that names the network and its licence.
        threshold: Probability above which a pixel is crack.
        scales: Training pixels per photograph pixel that the network looked at, as text.
        version: Version of crackseg.
    """

    model: str
    threshold: float
    scales: str
    version: str


@dataclass(frozen=True, eq=False)
class MeasuredPhotograph:
    """What was measured on one photograph: what every format writes and every page shows.

    Attributes:
        name: Path below the folder of all photographs, with forward slashes.
        measurement: Its cracks.
        method: How they were found.
        georeference: Where its pixels are on a map; None where no file says it.
        location: Where and when it was taken; None where it was not asked for.
    """

    name: str
    measurement: Measurement
    method: Method
    georeference: Georeference | None = None
    location: Location | None = None
