"""Form of a file of measured cracks, as it stands in JSON."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Literal, get_args

import numpy as np

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.cracks import Branch, Crack, Measurement, WidthSummary
from crackseg.measurement.graph import FloatArray
from crackseg.measurement.photograph import Georeference, Location, MeasuredPhotograph, Method
from crackseg.measurement.scale import Measured, Scale
from crackseg.measurement.width import Widths

Format = Literal["crackseg cracks"]
FORMAT: Format = get_args(Format)[0]
# Raised with each change after which an older program would read a file wrongly.
FORMAT_VERSION = 1
# Of a pixel: far below what anything here is known to.
_DECIMALS = 4

Column = list[float | None]


@dataclass(frozen=True)
class StoredWidths:
    """Widths in pixels at the points of a branch, each list as long as the branch has points.

    Where no width was measured, all are null.

    Attributes:
        value: Width, or the best guess where it is not resolved.
        noise: Standard deviation that differs from place to place.
        by_blur: Change by the uncertainty of the photograph's blur.
        by_contrast: Change by the uncertainty of the crack's contrast.
        low: Lower end of the interval of 95 %, or of the bounds where it is not resolved.
        high: Upper end of it.
        integral: Integral of the probability across the crack.
        resolved: Whether the width is resolved.
    """

    value: Column
    noise: Column
    by_blur: Column
    by_contrast: Column
    low: Column
    high: Column
    integral: Column
    resolved: list[bool]

    @classmethod
    def of(cls, widths: Widths) -> "StoredWidths":
        """The columns of measured widths."""
        columns = {
            one.name: _column(np.where(widths.measured, getattr(widths, one.name), np.nan))
            for one in fields(widths)
            if one.name != "resolved"
        }
        return cls(**columns, resolved=(widths.resolved & widths.measured).tolist())

    def restored(self) -> Widths:
        """The widths of the columns."""
        columns = {
            one.name: np.array(getattr(self, one.name), np.float64)
            for one in fields(self)
            if one.name != "resolved"
        }
        return Widths(**columns, resolved=np.array(self.resolved, np.bool_))


@dataclass(frozen=True)
class StoredBranch:
    """One branch of a crack.

    Attributes:
        x: Positions of the points of its centreline, from left to right.
        y: Positions of them, from top to bottom.
        free: Whether its beginning and its end are free, and not at a junction.
        closed: Whether it is a ring.
        length: Length in pixels.
        widths: Width at each of its points.
    """

    x: list[float]
    y: list[float]
    free: tuple[bool, bool]
    closed: bool
    length: float
    widths: StoredWidths

    def __post_init__(self) -> None:
        columns = (self.y, *(getattr(self.widths, one.name) for one in fields(self.widths)))
        if len(self.x) < 2 or any(len(column) != len(self.x) for column in columns):
            raise ValueError("a branch has two points or more, and a number for each in all lists")

    @classmethod
    def of(cls, branch: Branch) -> "StoredBranch":
        """The columns of a branch."""
        line = branch.line
        x, y = np.round(line.points.T, _DECIMALS).tolist()
        length = round(line.length, _DECIMALS)
        return cls(x, y, line.free, line.closed, length, StoredWidths.of(branch.widths))

    def restored(self, crack: int) -> Branch:
        """The branch of the crack with this number."""
        points = np.array([self.x, self.y], np.float64).T.copy()
        line = Centreline(points, self.free, self.closed, crack, self.length)
        return Branch(line, self.widths.restored())


@dataclass(frozen=True)
class StoredCrack:
    """One connected crack, in pixels.

    Attributes:
        number: Number in the photograph, from 1, the longest crack first.
        length: Length of all branches together.
        orientation: Direction of the crack as a whole: degrees in [0, 180), from right
            counter-clockwise.
        tortuosity: Length over the straight distance of the ends; 1 is straight.
        area: Area of its mask, in square pixels.
        widths: Its widths; null where it is too short to have any measured.
        branches: Branches between ends and junctions.
    """

    number: int
    length: Measured
    orientation: float
    tortuosity: float
    area: float
    widths: WidthSummary | None
    branches: list[StoredBranch]

    @classmethod
    def of(cls, crack: Crack) -> "StoredCrack":
        """The form of a crack."""
        return cls(
            number=crack.number,
            length=_rounded(crack.length),
            orientation=round(crack.orientation, _DECIMALS),
            tortuosity=round(crack.tortuosity, _DECIMALS),
            area=crack.area,
            widths=None if crack.widths is None else _rounded_summary(crack.widths),
            branches=[StoredBranch.of(branch) for branch in crack.branches],
        )

    def restored(self) -> Crack:
        """The crack."""
        branches = tuple(branch.restored(self.number) for branch in self.branches)
        return Crack(self.number, branches, self.area, self.widths)


@dataclass(frozen=True)
class Record:
    """What was measured on one photograph.

    Attributes:
        format: Name of this format.
        format_version: Version of this format.
        name: Path of the photograph below the folder of all photographs, with forward slashes.
        height: Height of the photograph in pixels.
        width: Width of the photograph in pixels.
        scale: Millimetres for each pixel; null where it is not known.
        blur: Blur of the photograph: a standard deviation in pixels; null where no width was
            measured.
        method: How the cracks were found.
        georeference: Where the pixels are on a map; null where no file says it.
        location: Where and when the photograph was taken; null where it was not asked for.
        cracks: Cracks, the longest first.
    """

    format: Format
    format_version: int
    name: str
    height: int
    width: int
    scale: Scale | None
    blur: float | None
    method: Method
    georeference: Georeference | None
    location: Location | None
    cracks: list[StoredCrack]

    def __post_init__(self) -> None:
        path = PurePosixPath(self.name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("the name leads out of the folder of all photographs")

    @classmethod
    def of(cls, photograph: MeasuredPhotograph) -> "Record":
        """The form of a measured photograph."""
        found = photograph.measurement
        return cls(
            format=FORMAT,
            format_version=FORMAT_VERSION,
            name=photograph.name,
            height=found.size[0],
            width=found.size[1],
            scale=found.scale,
            blur=_column([found.blur])[0],
            method=photograph.method,
            georeference=photograph.georeference,
            location=photograph.location,
            cracks=[StoredCrack.of(crack) for crack in found.cracks],
        )

    def restored(self) -> MeasuredPhotograph:
        """The measured photograph."""
        cracks = tuple(crack.restored() for crack in self.cracks)
        blur = math.nan if self.blur is None else self.blur
        found = Measurement(cracks, (self.height, self.width), self.scale, blur)
        return MeasuredPhotograph(self.name, found, self.method, self.georeference, self.location)


def _column(values: FloatArray | Iterable[float]) -> Column:
    """Rounded numbers; None where there is none."""
    rounded = np.round(np.asarray(values, np.float64), _DECIMALS).tolist()
    return [value if math.isfinite(value) else None for value in rounded]


def _rounded(one: Measured) -> Measured:
    value, low, high = (round(end, _DECIMALS) for end in (one.value, one.low, one.high))
    return Measured(value, low, high, one.resolved)


def _rounded_summary(widths: WidthSummary) -> WidthSummary:
    x, y = (round(position, _DECIMALS) for position in widths.largest_at)
    return WidthSummary(
        mean=_rounded(widths.mean),
        median=_rounded(widths.median),
        percentile95=_rounded(widths.percentile95),
        largest=_rounded(widths.largest),
        largest_at=(x, y),
        resolved_share=round(widths.resolved_share, _DECIMALS),
    )
