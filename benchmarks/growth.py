"""How cost grows with the number of photographs and with their pixels, start-up subtracted."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.inputs import Inputs
from benchmarks.measurement import Piece, slope
from benchmarks.photograph import predict
from benchmarks.process import PieceError, run_piece

# Enough that start-up, which varies by half a second, is a small share.
_FEWEST = 16
# Sides of 3:2 photographs of 1, 6, 24 and 100 megapixels.
_SIDES = ((1225, 817), (3000, 2000), (6000, 4000), (12248, 8165))
_SMALLEST = (64, 64)


@dataclass(frozen=True)
class Point:
    """A cost.

    Attributes:
        amount: Number of photographs, or of megapixels.
        seconds: Seconds of whole processes, by turn.
    """

    amount: float
    seconds: tuple[float, ...]


@dataclass(frozen=True)
class Growth:
    """Cost against an amount.

    Attributes:
        what: What grows.
        start: Seconds of start-up: the median of processes with next to nothing to do.
        points: Costs, the smallest amount first.
    """

    what: str
    start: float
    points: tuple[Point, ...]

    @property
    def costs(self) -> list[float]:
        """Median seconds of every point, without start-up."""
        return [max(median(point.seconds) - self.start, 1e-3) for point in self.points]

    @property
    def slope(self) -> float:
        """Slope on log-log axes: 1 where cost is proportional to the amount."""
        return slope([point.amount for point in self.points], self.costs)


Shown = Callable[[list[tuple[str, float, Piece]]], Iterator[tuple[str, float, Piece]]]


def measure_growth(inputs: Inputs, turns: int, shown: Shown) -> list[Growth]:
    """Predicts more and more, all amounts by turns.

    Args:
        inputs: Files to work on.
        turns: Number of processes for every amount.
        shown: Function that shows progress over what it yields.

    Raises:
        PieceError: A prediction failed.
    """
    jobs = [("start", 0.0, _piece(inputs, inputs.photograph(*_SMALLEST)))]
    jobs += [(IMAGES, float(n), _piece(inputs, _folder(inputs, n))) for n in _counts()]
    for width, height in _SIDES:
        piece = _piece(inputs, inputs.photograph(width, height))
        jobs.append((PIXELS, width * height / 1e6, piece))
    seconds: dict[tuple[str, float], list[float]] = {(what, n): [] for what, n, _ in jobs}
    for what, amount, piece in shown(jobs * turns):
        seconds[what, amount].append(run_piece(piece)["seconds"])
    start = median(seconds.pop(("start", 0.0)))
    return [
        Growth(
            name,
            start,
            tuple(Point(n, tuple(s)) for (what, n), s in seconds.items() if what == name),
        )
        for name in (IMAGES, PIXELS)
    ]


IMAGES, PIXELS = "photographs of 1 megapixel", "megapixels of one photograph"


def _counts() -> tuple[int, ...]:
    return tuple(_FEWEST * factor for factor in (1, 4, 16))


def _piece(inputs: Inputs, path: Path) -> Piece:
    if inputs.model.missing:
        raise PieceError(inputs.model.missing)
    return Piece("crackseg", inputs.with_openvino, predict(inputs, inputs.model, str(path)))


def _folder(inputs: Inputs, count: int) -> Path:
    folder = inputs.folder / f"folder-{count}"
    folder.mkdir(exist_ok=True)
    photograph = inputs.photograph(*_SIDES[0])
    for number in range(count):
        shutil.copy(photograph, folder / f"{number:03d}.jpg")
    return folder
