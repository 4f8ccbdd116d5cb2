"""Tables of figures, as people read them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

# In a log or a pipe, where there is no window to fit into.
_WIDTH = 140
_COLUMNS = {
    "crack_iou": "crack IoU",
    "mean_iou": "mean IoU",
    "dice": "Dice",
    "precision": "precision",
    "recall": "recall",
    "accuracy": "accuracy",
    "false_positives": "false pos. (px)",
    "false_negatives": "false neg. (px)",
}


def print_scores(
    title: str, rows: Sequence[tuple[str, Mapping[str, float]]], protocol: str
) -> None:
    """Prints a row of figures for each threshold, and under them how they were measured.

    Args:
        title: of the table.
        rows: a label and the figures, as :func:`crackseg.metrics.scores` gives them.
        protocol: one line.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    table.add_column("threshold")
    for heading in _COLUMNS.values():
        table.add_column(heading, justify="right")
    for label, figures in rows:
        table.add_row(label, *(_number(name, figures[name]) for name in _COLUMNS))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(table)
    console.print(protocol, soft_wrap=True, highlight=False)


def rows_of(
    figures: Mapping[str, Mapping[str, float]], threshold: float
) -> list[tuple[str, Mapping[str, float]]]:
    """The two rows of :func:`crackseg.metrics.at_both_thresholds`, each with its label."""
    return [
        ("0.50", figures["half"]),
        (f"{threshold:.2f} (best on val)", figures["stored"]),
    ]


def write_json(figures: Mapping[str, Any], path: Path) -> None:
    """Writes figures under a temporary name first."""
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    temporary.replace(path)


def _number(name: str, value: float) -> str:
    return f"{value:,.0f}" if name.startswith("false") else f"{value:.6f}"
