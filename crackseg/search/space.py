"""What a search draws its settings from: ranges, choices, and conditions between them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Protocol

from crackseg.errors import ConfigError

# Settings as they are typed, by key; those whose conditions do not hold are missing.
Point = dict[str, str]


def as_typed(point: Mapping[str, str]) -> list[str]:
    """The settings of a point as they are typed."""
    return [f"{key}={value}" for key, value in point.items()]


class Draws(Protocol):
    """What draws values: a trial of Optuna."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None, log: bool
    ) -> float:
        """A number of a range."""

    def suggest_int(self, name: str, low: int, high: int, *, step: int, log: bool) -> int:
        """A whole number of a range."""

    def suggest_categorical(self, name: str, choices: Sequence[str]) -> str:
        """One of several values."""


@dataclass(frozen=True)
class Choice:
    """Some values.

    Attributes:
        values: The values as typed.
    """

    values: tuple[str, ...]

    def draw(self, key: str, trial: Draws) -> str:
        """Draws one of them."""
        return trial.suggest_categorical(key, self.values)

    def drawn(self, value: str) -> str:
        """What is drawn where a value is given."""
        return value

    @property
    def ends(self) -> tuple[str, ...]:
        """Values to check, of which none can be left out."""
        return self.values

    @property
    def every(self) -> tuple[str, ...] | None:
        """All values."""
        return self.values


@dataclass(frozen=True)
class Range:
    """Numbers between two.

    Attributes:
        low: Smallest value.
        high: Largest value.
        step: Distance of neighbours; None for any number between, 1 of whole numbers.
        log: Whether as many are drawn between 1 and 10 as between 10 and 100.
        whole: Whether the numbers are whole.
    """

    low: float
    high: float
    step: float | None
    log: bool
    whole: bool

    def draw(self, key: str, trial: Draws) -> str:
        """Draws a number."""
        if self.whole:
            low, high, step = int(self.low), int(self.high), int(self.step or 1)
            return str(trial.suggest_int(key, low, high, step=step, log=self.log))
        value = trial.suggest_float(key, self.low, self.high, step=self.step, log=self.log)
        # Nobody can tell more than four digits apart, and they stay within the range.
        return _shown(min(max(float(f"{value:.4g}"), self.low), self.high), whole=False)

    def drawn(self, value: str) -> float:
        """What is drawn where a value is given."""
        return float(value)

    @property
    def ends(self) -> tuple[str, ...]:
        """Values to check: what holds at both ends holds between them."""
        return tuple(_shown(value, self.whole) for value in (self.low, self.high))

    @property
    def every(self) -> tuple[str, ...] | None:
        """All values; None where there are too many to count."""
        step = 1.0 if self.whole and self.step is None else self.step
        if step is None or (self.log and not self.whole):
            return None
        count = math.floor((self.high - self.low) / step + 1e-9) + 1
        return tuple(_shown(self.low + index * step, self.whole) for index in range(count))


@dataclass(frozen=True)
class Dimension:
    """A setting that is searched.

    Attributes:
        key: The setting, or the name of a config group.
        values: What it is drawn from.
        when: Values that settings above it must have, by key; empty where it is always drawn.
    """

    key: str
    values: Choice | Range
    when: Mapping[str, tuple[str, ...]]

    def holds(self, point: Point) -> bool:
        """Whether it is drawn beside these values."""
        return all(point.get(key) in values for key, values in self.when.items())


@dataclass(frozen=True)
class Space:
    """All settings that are searched, each behind those that its condition names."""

    dimensions: tuple[Dimension, ...]

    def draw(self, trial: Draws) -> Point:
        """Draws a value of each setting whose condition holds."""
        point: Point = {}
        for one in self.dimensions:
            if one.holds(point):
                point[one.key] = one.values.draw(one.key, trial)
        return point

    def corners(self) -> Iterator[Point]:
        """Points to check a space by: each value and both ends of each range, all else as usual."""
        for one in self.dimensions:
            for value in one.values.ends:
                yield self._around(one, value)

    @property
    def most_points(self) -> float:
        """Number of combinations, conditions aside; infinite where a range has no step."""
        counts = [len(one.values.every or ()) or math.inf for one in self.dimensions]
        return math.prod(counts)

    def grid(self) -> list[Point]:
        """Every combination, once.

        Raises:
            ConfigError: A range has any number of values.
        """
        endless = [one.key for one in self.dimensions if one.values.every is None]
        if endless:
            raise ConfigError(
                f"search.sampler=grid: {', '.join(endless)} can have any value of a range; give it "
                "a step, or a list of values, or search with tpe or random"
            )
        points = []
        for values in product(*(one.values.every or () for one in self.dimensions)):
            point: Point = {}
            for one, value in zip(self.dimensions, values, strict=True):
                if one.holds(point):
                    point[one.key] = value
            points.append(point)
        return [dict(items) for items in dict.fromkeys(tuple(point.items()) for point in points)]

    def _around(self, wanted: Dimension, value: str) -> Point:
        """A point with one value, and what its condition asks for."""
        by_key = {one.key: one for one in self.dimensions}
        needed = {wanted.key: value}
        above = [wanted]
        while above:
            for key, values in above.pop().when.items():
                needed.setdefault(key, values[0])
                above.append(by_key[key])
        point: Point = {}
        for one in self.dimensions:
            if one.holds(point):
                point[one.key] = needed.get(one.key, one.values.ends[0])
        return point


def _shown(value: float, whole: bool) -> str:
    """A number of a range as it is typed."""
    # Steps add up to .30000000000000004.
    return str(round(value)) if whole else repr(float(f"{value:.12g}"))
