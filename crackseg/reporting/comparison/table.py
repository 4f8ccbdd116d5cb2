"""Columns and cells of the table of runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from crackseg.reporting.comparison.entries import RunResult
from crackseg.reporting.comparison.evaluations import StoredEvaluation
from crackseg.reporting.formatting import duration, interval, score


@dataclass(frozen=True)
class Cell:
    """Text of a cell, and a smaller note below it."""

    text: str
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes:
        group: Subset above the column (val or the report's); empty for what belongs to the run as a
            whole.
        heading: Name of the column.
        cell: Function that makes the cell of a run.
    """

    group: str
    heading: str
    cell: Callable[[RunResult], Cell]


def columns(subset: str) -> list[Column]:
    """Columns of the table after the run's name."""
    judged = {"val": _val, subset: _test}
    others = ("mean_iou", "mean IoU"), ("dice", "Dice"), ("precision",) * 2, ("recall",) * 2
    return [
        *(_total(group, "crack IoU", of, "crack_iou") for group, of in judged.items()),
        *(_total(subset, heading, _test, name) for name, heading in others),
        Column(subset, "clDice", _cldice),
        Column(subset, "ODS", _ods),
        Column("", "threshold, epoch", _chosen),
        Column("", "training, weights", _cost),
    ]


def groups(found: Sequence[Column]) -> list[tuple[str, int]]:
    """Headings above the columns, each with the number of columns below it."""
    return [(group, len(list(members))) for group, members in groupby(c.group for c in found)]


def _val(entry: RunResult) -> StoredEvaluation:
    return entry.val


def _test(entry: RunResult) -> StoredEvaluation:
    return entry.test


def _total(
    group: str, heading: str, of: Callable[[RunResult], StoredEvaluation], name: str
) -> Column:
    def cell(entry: RunResult) -> Cell:
        stored = of(entry).metrics.stored
        return Cell(score(stored.totals[name]), interval(stored.intervals.totals[name]))

    return Column(group, heading, cell)


def _cldice(entry: RunResult) -> Cell:
    thin = entry.test.metrics.thin
    return Cell(score(thin.totals["cldice"]), interval(thin.intervals.totals["cldice"]))


def _ods(entry: RunResult) -> Cell:
    curves = entry.test.metrics.curves
    return Cell(score(curves.ods.value), interval(curves.intervals["ods"]))


def _chosen(entry: RunResult) -> Cell:
    best, last = (entry.run.figure(name) for name in ("best_epoch", "epochs"))
    known = best is not None and last is not None
    return Cell(
        f"{entry.parameters.threshold:.2f}", f"epoch {best:.0f}/{last:.0f}" if known else ""
    )


def _cost(entry: RunResult) -> Cell:
    return Cell(duration(entry.run.figure("training_seconds")), f"{entry.weights:,}")
