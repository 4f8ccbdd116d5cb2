"""Series of images named by plain numbers, whose neighbours are crops of one photograph.

Such names do not say which photograph an image is from. By an explicit rule of the user, the series
is cut into runs of consecutive numbers, and each run stands for a photograph. Only a photograph
that a cut goes through lies in two runs. Where these go to different subsets, a guard band of
numbers around the cut is left out, so that this photograph is in neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crackseg.data.splits.manifest import Row
from crackseg.data.splits.name_rules import number
from crackseg.errors import DatasetError


@dataclass(frozen=True)
class Blocks:
    """Rule by which a series is cut into runs.

    Cuts go by the numbers in the names, so that gaps in a series do not shift them.

    Attributes:
        size: Number of images in a run; the first run begins at 1, and a 0 belongs to it.
        guard: Number of images that are left out between neighbouring runs in different subsets,
            half of them on each side of the cut. Of an odd guard the odd one lies before the cut.

    Raises:
        DatasetError: The size is less than 1, or the guard would take whole runs away.
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
        """Name of a run, such as ``CRACK500_1-64``; it stands for the photograph."""
        return f"{source}_{run * self.size + 1}-{(run + 1) * self.size}"

    def guarded_neighbour(self, number: int) -> int | None:
        """The neighbouring run in whose guard band a number lies; None for no band."""
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
    """Finds the rows that lie in the guard band of a neighbouring run.

    Args:
        rows: Rows of any sources.
        blocks: Rules by source.
        labels: Label of each row; rows of one run have the same label. There is no band between
            runs of the same label.
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
        # A missing run is a gap wider than any guard.
        and label_of_run.get((row.source, neighbour), label) != label
        for row, series, label in zip(rows, numbered, labels, strict=True)
    ]
