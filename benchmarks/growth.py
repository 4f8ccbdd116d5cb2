"""How cost grows with the number of photographs and with their pixels, start-up subtracted."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.inputs import Inputs
from benchmarks.measurement import Piece, slope
from benchmarks.photograph import predict
from benchmarks.process import PieceError, run_piece

# Sides of 3:2 photographs of 1, 6, 24 and 100 megapixels, and how many of them are predicted:
# enough that start-up, which varies by half a second, is a small share.
_SIDES = {(1225, 817): 24, (3000, 2000): 8, (6000, 4000): 4, (12248, 8165): 2}
_COUNTS = (16, 64, 256)
_ONE_MEGAPIXEL = (1225, 817)
_SMALLEST = (64, 64)
Clock = Literal["seconds", "cpu"]


@dataclass(frozen=True)
class Point:
    """A cost.

    Attributes:
        amount: Number of photographs, or of megapixels.
        seconds: Seconds of whole processes, by turn.
        times: Number of times that each process worked through the amount.
    """

    amount: float
    seconds: tuple[float, ...]
    times: int = 1


@dataclass(frozen=True)
class Growth:
    """Cost against an amount.

    Attributes:
        what: What grows.
        start: Seconds of start-up: the median of processes with next to nothing to do.
        points: Costs, the smallest amount first.
        clock: Which seconds: ``seconds`` on the wall, or ``cpu`` for processor time.
    """

    what: str
    start: float
    points: tuple[Point, ...]
    clock: Clock = "seconds"

    def by_turn(self, point: Point) -> list[float]:
        """Seconds of an amount without start-up, by turn."""
        return [max(one - self.start, 1e-3) / point.times for one in point.seconds]

    @property
    def costs(self) -> list[float]:
        """Median seconds of every amount without start-up."""
        return [median(self.by_turn(point)) for point in self.points]

    @property
    def slope(self) -> float:
        """Slope on log-log axes: 1 where cost is proportional to the amount."""
        return slope([point.amount for point in self.points], self.costs)


@dataclass(frozen=True)
class _Job:
    """A process of a point, see :class:`Growth` and :class:`Point`."""

    what: str
    amount: float
    piece: Piece
    times: int = 1


Shown = Callable[[list[_Job]], Iterator[_Job]]


def measure_growth(
    inputs: Inputs, turns: int, shown: Shown, clock: Clock = "seconds"
) -> list[Growth]:
    """Predicts more and more, all amounts by turns.

    Args:
        inputs: Files to work on.
        turns: Number of processes for every amount.
        shown: Function that shows progress over what it yields.
        clock: Which seconds are counted.

    Raises:
        PieceError: A prediction failed.
    """
    start, jobs = _Job("start", 0.0, _piece(inputs, inputs.photograph(*_SMALLEST))), _jobs(inputs)
    seconds: dict[_Job, list[float]] = {job: [] for job in (start, *jobs)}
    for job in shown([start, *jobs] * turns):
        seconds[job].append(run_piece(job.piece)[clock])
    points = [(job.what, Point(job.amount, tuple(seconds[job]), job.times)) for job in jobs]
    return [
        Growth(
            what, median(seconds[start]), tuple(point for of, point in points if of == what), clock
        )
        for what in (IMAGES, PIXELS)
    ]


IMAGES, PIXELS = "photographs of 1 megapixel", "megapixels of a photograph"


def _jobs(inputs: Inputs) -> list[_Job]:
    jobs = [
        _Job(IMAGES, float(count), _piece(inputs, _folder(inputs, count, _ONE_MEGAPIXEL)))
        for count in _COUNTS
    ]
    for (width, height), count in _SIDES.items():
        piece = _piece(inputs, _folder(inputs, count, (width, height)))
        jobs.append(_Job(PIXELS, width * height / 1e6, piece, count))
    return jobs


def _piece(inputs: Inputs, path: Path) -> Piece:
    if inputs.model.missing:
        raise PieceError(inputs.model.missing)
    return Piece("crackseg", inputs.with_openvino, predict(inputs, inputs.model, str(path)))


def _folder(inputs: Inputs, count: int, sides: tuple[int, int]) -> Path:
    photograph = inputs.photograph(*sides)
    folder = inputs.folder / f"{count}-of-{photograph.stem}"
    folder.mkdir(exist_ok=True)
    for number in range(count):
        shutil.copy(photograph, folder / f"{number:03d}.jpg")
    return folder
