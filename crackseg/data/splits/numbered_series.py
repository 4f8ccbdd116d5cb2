"""A series of plain numbers whose neighbours are crops of one photograph.

Such names tell no photograph. By an explicit rule of the user's the series is cut into runs of
consecutive numbers, which stand for photographs; only the photograph that a cut goes through lies
in two runs, and a guard band of numbers around the cut keeps it out of both where they go different
ways.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crackseg.data.splits.manifest import Row
from crackseg.data.splits.origin import number
from crackseg.errors import DatasetError


@dataclass(frozen=True)
class Blocks:
    """How a series is cut.

    Cuts go by the numbers in the names, so that gaps in a series shift none of them.

    Attributes:
        size: numbers in a run; the first run begins at 1, and a 0 counts with it.
        guard: numbers that are left out where neighbouring runs stand in different subsets, half
            of them on each side of the cut; of an odd guard the odd one before it.

    Raises:
        DatasetError: a run without a number, or a guard that would take whole runs away.
    """

    size: int
    guard: int

    def __post_init__(self) -> None:
        if self.size < 1 or not 0 <= self.guard < self.size:
            raise DatasetError(
                f"data.blocks: size {self.size} and guard {self.guard}; the size is 1 or more, and "
                "the guard 0 or more and less than the size, or whole runs would be left out"
            )

    def run(self, number: int) -> int:
        """The run that a number lies in, from 0."""
        return max(number - 1, 0) // self.size

    def name(self, source: str, run: int) -> str:
        """What stands for the photograph, as ``CRACK500_1-64``."""
        return f"{source}_{run * self.size + 1}-{(run + 1) * self.size}"

    def guarded_neighbour(self, number: int) -> int | None:
        """The neighbouring run whose guard band a number stands in; None for none."""
        run = self.run(number)
        place = number - run * self.size
        if place <= self.guard // 2:
            return run - 1
        if place > self.size - (self.guard - self.guard // 2):
            return run + 1
        return None


def in_guard_bands(
    rows: Sequence[Row], blocks: Mapping[str, Blocks], labels: Sequence[str]
) -> list[bool]:
    """Tells which rows stand in the guard band of a neighbouring run.

    Args:
        rows: of any sources.
        blocks: the rules by source.
        labels: of each row; rows of one run have the same one. Between runs of the same label there
            is no band.
    """
    rules = {source.lower(): rule for source, rule in blocks.items()}
    numbered = [
        (rules[row.source.lower()], place)
        if row.source.lower() in rules and (place := number(row.stem)) is not None
        else None
        for row in rows
    ]
    label_of_run = {
        (row.source, series[0].run(series[1])): label
        for row, series, label in zip(rows, numbered, labels, strict=True)
        if series
    }
    return [
        series is not None
        and (neighbour := series[0].guarded_neighbour(series[1])) is not None
        # A run that is not there is a gap wider than any guard.
        and label_of_run.get((row.source, neighbour), label) != label
        for row, series, label in zip(rows, numbered, labels, strict=True)
    ]
