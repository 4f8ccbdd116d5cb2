"""What is measured, and the arithmetic on what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

import numpy as np

Environment = Literal["crackseg", "peers"]
Precision = Literal["float32", "bfloat16", "int8"]


@dataclass(frozen=True)
class Figure:
    """A number that every process of a work gives.

    Attributes:
        name: Name, as the processes say it.
        unit: Unit in the table.
        factor: Factor from what processes give to the unit.
        more_is_better: Whether a larger number is a faster one.
        compared: Whether contenders are compared by it.
        images: Number of images that a time is about; 0 where work in GFLOP says nothing of it.
    """

    name: str
    unit: str
    factor: float = 1.0
    more_is_better: bool = False
    compared: bool = True
    images: int = 0


IMAGES_PER_SECOND = Figure("images/s", "images/s", more_is_better=True, images=1)
SECONDS = Figure("seconds", "s")
MEMORY = Figure("memory", "MB", compared=False)


@dataclass(frozen=True)
class Piece:
    """One contender at one work: a process of its own in every round.

    Attributes:
        contender: Name in the table.
        environment: Environment whose interpreter runs it.
        arguments: Arguments of that interpreter.
        precision: Precision of its matrix products.
        gflop: Work of one image in GFLOP; None where it is not counted.
        missing: Reason why it cannot run; empty where it can.
    """

    contender: str
    environment: Environment
    arguments: tuple[str, ...]
    precision: Precision = "float32"
    gflop: float | None = None
    missing: str = ""


@dataclass(frozen=True)
class Work:
    """Work that several contenders do by turns.

    Attributes:
        name: Name in the table.
        figures: Figures of each contender.
        pieces: Contenders in the order of the table.
        baseline: Contender whose speed is 1.
        every: Number of rounds from one turn to the next; long works are not done in all rounds.
    """

    name: str
    figures: tuple[Figure, ...]
    pieces: tuple[Piece, ...]
    baseline: str
    every: int = 1


@dataclass
class Outcome:
    """What the processes of one piece gave.

    Attributes:
        readings: Figures by round; a round that failed is missing.
        failure: Reason of the last failure; empty where there was none.
    """

    readings: dict[int, Mapping[str, float]] = field(default_factory=dict)
    failure: str = ""

    def values(self, figure: str) -> list[float]:
        """The values of a figure, by round."""
        return [one[figure] for one in self.readings.values() if figure in one]


Outcomes = dict[tuple[str, str], Outcome]
"""Outcomes by name of the work and of the contender."""


@dataclass(frozen=True)
class Spread:
    """Median and range of several values."""

    median: float
    least: float
    most: float
    count: int


def spread(values: Sequence[float]) -> Spread | None:
    """Median and range; None of nothing."""
    if not values:
        return None
    return Spread(median(values), min(values), max(values), len(values))


def times_faster(figure: Figure, one: Outcome, other: Outcome) -> float | None:
    """How many times faster one is than another: the median over the rounds that both ran in.

    Within a round they ran one after the other, so that a machine that was slow for a while was so
    for both.
    """
    rounds = [number for number in one.readings if number in other.readings]
    pairs = [(one.readings[n][figure.name], other.readings[n][figure.name]) for n in rounds]
    if not pairs:
        return None
    return median(a / b if figure.more_is_better else b / a for a, b in pairs)


def gflops(figure: Figure, piece: Piece, value: float) -> float | None:
    """GFLOP/s of a piece with this value of a figure; None where its work is not counted."""
    if piece.gflop is None or not figure.images:
        return None
    return piece.gflop * (value if figure.more_is_better else figure.images / value)


def slope(amounts: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of a line through points on log-log axes: 1 where cost is proportional to amount."""
    return float(np.polyfit(np.log(amounts), np.log(seconds), 1)[0])
