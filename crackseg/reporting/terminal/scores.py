"""Prints tables of figures."""

from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.metrics.scores import SCORES
from crackseg.system.console import Terminal

SCORE_LABELS = {name: name.replace("_", " ") for name in SCORES} | {
    "crack_iou": "crack IoU",
    "mean_iou": "mean IoU",
    "dice": "Dice",
    "false_positives": "false positives (px)",
    "false_negatives": "false negatives (px)",
}


# Wider than any table: a program that reads a pipe must not get names broken over several lines.
PIPE_WIDTH = 1000


def print_scores(
    title: str, rows: Sequence[tuple[str, Mapping[str, float]]], protocol: str
) -> None:
    """Prints a column of figures for each threshold, and under them the protocol.

    Args:
        title: Title of the table.
        rows: Label and figures of each threshold; see :func:`crackseg.metrics.scores.scores`.
        protocol: Line that says how the figures were measured.
    """
    # A row for each figure and a column for each threshold: it fits into any window.
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("threshold", no_wrap=True)
    for label, _ in rows:
        table.add_column(Text(label), justify="right", no_wrap=True)
    for name, heading in SCORE_LABELS.items():
        table.add_row(heading, *(_number(name, figures[name]) for _, figures in rows))
    console = Terminal()
    # Paths and settings may hold brackets, which rich would take for its markup.
    for part in (Text(f"\n{title}", "bold"), table, Text(protocol)):
        console.print(part, soft_wrap=isinstance(part, Text))


def rows_of(
    figures: Mapping[str, Mapping[str, float]], threshold: float
) -> list[tuple[str, Mapping[str, float]]]:
    """Labels the two rows of :func:`crackseg.metrics.thresholds.scores_at_half_and_stored`."""
    return [
        ("0.50", figures["half"]),
        (f"{threshold:.2f} (best on val)", figures["stored"]),
    ]


def _number(name: str, value: float) -> str:
    return f"{value:,.0f}" if name.startswith("false") else f"{value:.6f}"
