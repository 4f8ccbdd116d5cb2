"""Prints and writes what an evaluation found."""

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from crackseg.files import replacing
from crackseg.reporting.tables import FIGURES

_THIN = {
    "cldice": "clDice",
    "centreline_iou": "centreline IoU (4 px)",
    "tolerant_f1": "F1 (2 px tolerance)",
    "boundary_f1": "boundary F1 (1 px)",
}
_OF_PARTS: dict[str, Callable[[Mapping[str, Any]], float]] = {
    "IoU": lambda part: part["totals"]["crack_iou"],
    "Dice": lambda part: part["totals"]["dice"],
    "precision": lambda part: part["totals"]["precision"],
    "recall": lambda part: part["totals"]["recall"],
    "clDice": lambda part: part["thin_totals"]["cldice"],
    "F1 2 px": lambda part: part["thin_totals"]["tolerant_f1"],
}


def print_assessment(title: str, found: Mapping[str, Any], protocol: str) -> None:
    """Prints all tables, and under them how the figures were measured.

    Args:
        title: what was judged.
        found: see :func:`crackseg.evaluation.assessment.assess`.
        protocol: lines that belong to every figure.
    """
    console = Console()
    console.print(Text(f"\n{title}", "bold"), soft_wrap=True)
    for table in (
        _overlap("dataset totals", found, "totals"),
        _overlap("means over images", found, "means"),
        _thin(found),
        _without_threshold(found),
        *([_alarms(found["alarms"])] if found["alarms"] else []),
        _parts("by source", found["by"]["source"]),
        _parts("by median crack width", found["by"]["width"]),
    ):
        console.print(table)
    console.print(Text(protocol), soft_wrap=True)


def write_images(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes a CSV file with a row for every image."""
    with replacing(path) as name, name.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="", box=box.SIMPLE, show_edge=False
    )
    for place, column in enumerate(columns):
        table.add_column(Text(column), justify="right" if place else "left", no_wrap=True)
    return table


def _overlap(title: str, found: Mapping[str, Any], kind: str) -> Table:
    at = [found[name] for name in ("half", "stored", "own_best")]
    table = _table(
        title,
        "threshold",
        "0.50",
        f"{at[1]['threshold']:.2f}\nstored",
        "95 %\ninterval",
        f"{at[2]['threshold']:.2f}, best here\n(optimistic)",
    )
    intervals = found["intervals"][kind]
    for name, heading in FIGURES.items():
        half, stored, own = (_number(name, one[kind][name]) for one in at)
        table.add_row(heading, half, stored, _interval(intervals.get(name)), own)
    return table


def _thin(found: Mapping[str, Any]) -> Table:
    table = _table("thin structures, at the stored threshold", "", "total", "95 % interval", "mean")
    for name, heading in _THIN.items():
        total, mean = (found["thin"][kind][name] for kind in ("totals", "means"))
        interval = _interval(found["intervals"]["thin"].get(name))
        table.add_row(heading, f"{total:.4f}", interval, f"{mean:.4f}")
    return table


def _without_threshold(found: Mapping[str, Any]) -> Table:
    curves = found["curves"]
    best = curves["ods"]
    table = _table("over all thresholds", "", "", "95 % interval")
    table.add_row("average precision", f"{curves['average_precision']:.4f}", "")
    ods = f"ODS, the best F1 (at {best['threshold']:.2f})"
    table.add_row(ods, f"{best['value']:.4f}", _interval(found["intervals"]["curves"]["ods"]))
    table.add_row("OIS, the mean of each image's best F1", f"{curves['ois']:.4f}", "")
    table.add_row("expected calibration error", f"{found['calibration']['error']:.4f}", "")
    return table


def _alarms(alarms: Mapping[str, Any]) -> Table:
    table = _table(f"{alarms['photographs']} crack-free images, at the stored threshold", "", "")
    share = f"share with a false alarm of {alarms['least']} px or more"
    table.add_row(share, f"{alarms['share']:.1%}")
    table.add_row("false alarm, mean (px)", f"{alarms['mean_pixels']:,.1f}")
    table.add_row("false alarm, 90th percentile (px)", f"{alarms['high_pixels']:,.1f}")
    return table


def _parts(title: str, parts: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table(f"{title}, totals at the stored threshold", "", "images", *_OF_PARTS)
    for name, part in parts.items():
        # What has no crack has no overlap either, only false alarms.
        some = part["images"] > part["crack_free"]
        cells = [f"{figure(part):.4f}" if some else "" for figure in _OF_PARTS.values()]
        table.add_row(Text(name), f"{part['images']:,}", *cells)
    return table


def _number(name: str, value: float) -> str:
    return f"{value:,.0f}" if name.startswith("false") else f"{value:.4f}"


def _interval(bounds: Sequence[float | None] | None) -> str:
    if bounds is None or None in bounds:
        return ""
    low, high = bounds
    return f"{low:.4f}-{high:.4f}"
