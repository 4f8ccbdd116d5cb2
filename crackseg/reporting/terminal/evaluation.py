"""Prints and writes the figures of an evaluation."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.evaluation.assessment import has_crack
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
_OF_PARTS: dict[str, Callable[[Mapping[str, Any]], float]] = {
    "precision": lambda part: part["totals"]["precision"],
    "recall": lambda part: part["totals"]["recall"],
    "clDice": lambda part: part["thin_totals"]["cldice"],
    "F1 2 px": lambda part: part["thin_totals"]["tolerant_f1"],
}


def print_assessment(title: str, found: Mapping[str, Any], protocol: str) -> None:
    """Prints all tables, and under them how the figures were measured.

    Args:
        title: Title of the tables: what was judged.
        found: Figures of :func:`crackseg.evaluation.assessment.assess`.
        protocol: Lines that belong to every figure.
    """
    console = Terminal()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    console.print(Text(f"\n{title}", "bold"), soft_wrap=True)
    console.print("95 % intervals in brackets")
    tables = [_overlap("dataset totals", found, "totals")]
    tables += [_overlap("means over images", found, "means")]
    if has_crack(found):
        tables += [_thin(found), _without_threshold(found)]
    if found["alarms"]:
        tables += [_alarms(found["alarms"])]
    if has_crack(found):
        tables += [_parts("by source", found["by"]["source"])]
        tables += [_parts("by median crack width", found["by"]["width"])]
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


def _overlap(title: str, assessment: Mapping[str, Any], kind: str) -> Table:
    labels = {
        "half": "0.50",
        "stored": f"{assessment['stored']['threshold']:.2f}, stored",
        "own_best": f"{assessment['own_best']['threshold']:.2f}, best here\n(optimistic)",
    }
    if not has_crack(assessment):
        # No threshold is the best where there is no crack to find.
        del labels["own_best"]
    table = _table(title, "threshold", *labels.values())
    for name, heading in SCORE_LABELS.items():
        show = _pixels if name.startswith("false") else _figure
        if has_crack(assessment) or name in _WITHOUT_CRACK:
            at = (assessment[one] for one in labels)
            cells = (show(one[kind][name], one["intervals"][kind][name]) for one in at)
            table.add_row(heading, *cells)
    return table


def _thin(assessment: Mapping[str, Any]) -> Table:
    title = "thin structures, at the stored threshold"
    table = _table(title, "", "total", "mean over images")
    thin = assessment["thin"]
    for name, heading in _THIN.items():
        kinds = ("totals", "means")
        cells = (_figure(thin[kind][name], thin["intervals"][kind][name]) for kind in kinds)
        table.add_row(heading, *cells)
    return table


def _without_threshold(assessment: Mapping[str, Any]) -> Table:
    curves, calibration = assessment["curves"], assessment["calibration"]
    table = _table("over all thresholds", "", "")
    for heading, value, name in (
        ("average precision", curves["average_precision"], "average_precision"),
        (f"ODS, the best F1 (at {curves['ods']['threshold']:.2f})", curves["ods"]["value"], "ods"),
        ("OIS, the mean of each image's best F1", curves["ois"], "ois"),
    ):
        table.add_row(heading, _figure(value, curves["intervals"][name]))
    error = _figure(calibration["error"], calibration["intervals"]["error"])
    table.add_row("expected calibration error", error)
    return table


def _alarms(alarms: Mapping[str, Any]) -> Table:
    count = f"crack-free images ({alarms['images']:,})"
    table = _table(f"{count}, at the stored threshold", "", "")
    share = f"share with a false alarm of {alarms['least']} px or more"
    intervals = alarms["intervals"]
    table.add_row(share, _figure(alarms["share"], intervals["share"]))
    for name, heading in (("mean_pixels", "mean"), ("high_pixels", "90th percentile")):
        pixels = _pixels(alarms[name], intervals[name])
        table.add_row(f"false alarm, {heading} (px)", pixels)
    return table


def _parts(title: str, parts: Mapping[str, Mapping[str, Any]]) -> Table:
    heading = f"{title}, totals at the stored threshold"
    table = _table(heading, "", "images", "IoU", *_OF_PARTS)
    for name, part in parts.items():
        cells = []
        if has_crack(part):
            totals, intervals = part["totals"], part["intervals"]["totals"]
            cells.append(_figure(totals["crack_iou"], intervals["crack_iou"]))
            cells += [short_score(figure(part)) for figure in _OF_PARTS.values()]
        table.add_row(Text(name), f"{part['images']:,}", *cells)
    return table


def _figure(value: float, bounds: Sequence[float | None]) -> str:
    """A figure with three digits and its interval; the interval justifies no more digits."""
    return short_score(value) + _interval(bounds, " ", short_score)


def _pixels(value: float, bounds: Sequence[float | None]) -> str:
    """A count with its interval on a line of its own; side by side three would be too wide."""
    return count_of_pixels(value) + _interval(bounds, "\n", rounded_count)


def _interval(bounds: Sequence[float | None], before: str, show: Callable[[float], str]) -> str:
    low, high = bounds
    return "" if low is None or high is None else f"{before}({show(low)}-{show(high)})"
