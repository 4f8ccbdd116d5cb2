"""Measured photographs for the tests of formats."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.cracks import Measurement
from crackseg.measurement.measuring import measure
from crackseg.measurement.photograph import Georeference, Location, MeasuredPhotograph, Method
from crackseg.measurement.scale import Scale
from tests.measurement.drawn import drawn_arc, drawn_line, photographed

METHOD = Method("model: research (for research only)", 0.5, "0.5, 1", "0.1.0")
MAP = Georeference((0.002, 0.0, 500000.0, 0.0, -0.002, 5400000.0), "EPSG:25832")


def coverage() -> npt.NDArray[np.float32]:
    """A ring of a crack, a wide line and a hairline, on 240 x 300 pixels; longest first."""
    drawn = np.zeros((240, 300), np.float32)
    drawn[10:160, 20:170] = drawn_line(6.0, 30.0, 150, 120.0)
    drawn[100:240, 160:300] = drawn_arc(4.0, 50.0, 140)
    drawn[150:230, 10:90] = np.maximum(drawn[150:230, 10:90], drawn_line(1.2, 100.0, 80, 60.0))
    return drawn


@lru_cache(maxsize=1)
def measured() -> Measurement:
    """What is measured of them."""
    drawn = coverage()
    return measure(photographed(drawn), drawn, METHOD.threshold)


def result(
    name: str = "walls/one.jpg",
    scale: Scale | None = None,
    georeference: Georeference | None = None,
    location: Location | None = None,
    shares: npt.NDArray[np.float32] | None = None,
) -> Result:
    """What was found on a drawn photograph."""
    drawn = coverage() if shares is None else shares
    image = cv2.cvtColor(photographed(drawn), cv2.COLOR_GRAY2RGB).astype(np.uint8)
    measurement = measured() if shares is None else measure(image, drawn, METHOD.threshold)
    measurement = replace(measurement, scale=scale)
    photograph = MeasuredPhotograph(name, measurement, METHOD, georeference, location)
    mask = drawn > METHOD.threshold
    return Result(photograph, Path("/photographs") / name, lambda: image, lambda: mask)


def blank(name: str = "walls/none.jpg") -> Result:
    """What was found on a photograph without cracks."""
    return result(name, shares=np.zeros((20, 30), np.float32))


def write_folder(
    name: str, results: list[Result], output: Path, limits: ClassLimits | None = None
) -> tuple[Path, ...]:
    """Writes photographs in a format of all, and gives its files."""
    chosen = FORMATS[name]
    assert isinstance(chosen, FolderFormat)
    paths = chosen.paths(output)
    chosen.write(iter(results), paths, limits)
    return paths


def write_photograph(
    name: str, one: Result, output: Path, limits: ClassLimits | None = None
) -> tuple[Path, ...]:
    """Writes a photograph in a format of its own files, and gives them."""
    chosen = FORMATS[name]
    assert isinstance(chosen, PhotographFormat)
    target = Path(one.photograph.name).with_suffix("")
    paths = chosen.paths(output, target)
    chosen.write(one, paths, limits)
    return paths
