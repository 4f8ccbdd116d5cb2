"""Prints and writes the figures of an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.evaluation.results import (
    Alarms,
    Assessment,
    Bounds,
    Part,
)
from crackseg.metrics.curves import Best
from crackseg.reporting.formatting import count_of_pixels, rounded_count, short_score
from crackseg.reporting.terminal.scores import PIPE_WIDTH, SCORE_LABELS
from crackseg.system.console import Terminal
from crackseg.system.files import write_table

_THIN = {
    "cldice": "clDice",
    "centreline_iou": "centreline IoU (4 px)",
    "tolerant_f1": "F1 (2 px tolerance)",
    "boundary_f1": "boundary F1 (1 px)",
}
# Figures that exist for images without crack.
_WITHOUT_CRACK = ("accuracy", "false_positives")
_OF_PARTS: dict[str, Callable[[Part], float]] = {
    "precision": lambda part: part.totals["precision"],
    "recall": lambda part: part.totals["recall"],
    "clDice": lambda part: part.thin_totals["cldice"],
    "F1 2 px": lambda part: part.thin_totals["tolerant_f1"],
}


def print_assessment(title: str, found: Assessment, protocol: str) -> None:
    """Prints all tables, and under them how the figures were measured.

    Args:
        title: Title of the tables: what was judged.
        found: Figures that are printed.
        protocol: Lines that belong to every figure.
    """
    console = Terminal()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(Text(f"\n{title}", "bold"), soft_wrap=True)
    console.print("95 % intervals in brackets")
    tables = [_overlap("dataset totals", found, "totals")]
    tables += [_overlap("means over images", found, "means")]
    if found.has_crack:
        tables += [_thin(found), _without_threshold(found)]
    if found.alarms:
        tables += [_alarms(found.alarms)]
    if found.has_crack:
        tables += [_parts("by source", found.by.source)]
        tables += [_parts("by median crack width", found.by.width)]
    for table in tables:
        console.print(table)
    console.print(Text(protocol), soft_wrap=True)


def write_images(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes a CSV file with a row for every image."""
    write_table(path, list(rows[0]), (row.values() for row in rows))


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="",
        box=box.SIMPLE,
        show_edge=False,
        show_header=any(columns),
        padding=(0, 1, 0, 0),
    )
    for place, column in enumerate(columns):
        # Names may be broken over several lines where the window is narrow, figures may not.
        table.add_column(Text(column), overflow="fold", no_wrap=place > 0)
    return table


def _overlap(title: str, assessment: Assessment, kind: Literal["totals", "means"]) -> Table:
    columns = {
        "0.50": assessment.half,
        f"{assessment.stored.threshold:.2f}, stored": assessment.stored,
    }
    if assessment.has_crack:
        # No threshold is the best where there is no crack to find.
        best = assessment.own_best
        columns[f"{best.threshold:.2f}, best here\n(optimistic)"] = best
    table = _table(title, "threshold", *columns)
    for name, heading in SCORE_LABELS.items():
        show = _pixels if name.startswith("false") else _figure
        if assessment.has_crack or name in _WITHOUT_CRACK:
            cells = (
                show(getattr(column, kind)[name], getattr(column.intervals, kind)[name])
                for column in columns.values()
            )
            table.add_row(heading, *cells)
    return table


def _thin(assessment: Assessment) -> Table:
    title = "thin structures, at the stored threshold"
    table = _table(title, "", "total", "mean over images")
    thin, intervals = assessment.thin, assessment.thin.intervals
    for name, heading in _THIN.items():
        total = _figure(thin.totals[name], intervals.totals[name])
        table.add_row(heading, total, _figure(thin.means[name], intervals.means[name]))
    return table


def _without_threshold(assessment: Assessment) -> Table:
    curves, calibration = assessment.curves, assessment.calibration
    table = _table("over all thresholds", "", "")
    for heading, value, name in (
        ("average precision", curves.average_precision, "average_precision"),
        (f"ODS, the best F1 (at {curves.ods.threshold:.2f})", curves.ods.value, "ods"),
        ("OIS, the mean of each image's best F1", curves.ois, "ois"),
    ):
        table.add_row(heading, _figure(value, curves.intervals[name]))
    error = _figure(calibration.error, calibration.intervals["error"])
    table.add_row("expected calibration error", error)
    return table


def _alarms(alarms: Alarms) -> Table:
    count = f"crack-free images ({alarms.images:,})"
    table = _table(f"{count}, at the stored threshold", "", "")
    share = f"share with a false alarm of {alarms.least} px or more"
    intervals = alarms.intervals
    table.add_row(share, _figure(alarms.share, intervals["share"]))
    mean = _pixels(alarms.mean_pixels, intervals["mean_pixels"])
    table.add_row("false alarm, mean (px)", mean)
    high = _pixels(alarms.high_pixels, intervals["high_pixels"])
    table.add_row("false alarm, 90th percentile (px)", high)
    return table


def _parts(title: str, parts: Mapping[str, Part]) -> Table:
    heading = f"{title}, totals at the stored threshold (below: IoU at its own best, optimistic)"
    table = _table(heading, "", "images", "IoU", *_OF_PARTS)
    for name, part in parts.items():
        cells = []
        if part.has_crack:
            bounds = part.intervals.totals["crack_iou"]
            cells.append(_figure(part.totals["crack_iou"], bounds) + _best(part.own_best))
            cells += [short_score(figure(part)) for figure in _OF_PARTS.values()]
        table.add_row(Text(name), f"{part.images:,}", *cells)
    return table


def _best(best: Best | None) -> str:
    """A figure and its threshold on a line of their own; the table has no room for a column."""
    return f"\nbest {short_score(best.value)} at {best.threshold:.2f}" if best else ""


def _figure(value: float, bounds: Bounds) -> str:
    """A figure with three digits and its interval; the interval justifies no more digits."""
    return short_score(value) + _interval(bounds, " ", short_score)


def _pixels(value: float, bounds: Bounds) -> str:
    """A count with its interval on a line of its own; side by side three would be too wide."""
    return count_of_pixels(value) + _interval(bounds, "\n", rounded_count)


def _interval(bounds: Bounds, before: str, show: Callable[[float], str]) -> str:
    low, high = bounds
    return "" if low is None or high is None else f"{before}({show(low)}-{show(high)})"
