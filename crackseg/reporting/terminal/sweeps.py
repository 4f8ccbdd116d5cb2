"""Tables of a sweep's jobs, the best first: as CSV, as Markdown and in the terminal."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich import box
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from crackseg.config.overrides import relative_to_cwd
from crackseg.metrics.scores import monitor_mode
from crackseg.reporting.formatting import literal
from crackseg.reporting.terminal.runs import state_text
from crackseg.reporting.terminal.scores import PIPE_WIDTH
from crackseg.runs.reader import Run, read_jobs
from crackseg.runs.record import BEST
from crackseg.system.console import Terminal
from crackseg.system.files import write_table, write_text

CSV, MARKDOWN = "sweep.csv", "sweep.md"

# Name, heading, digits after the decimal point.
_FIGURES = (
    ("val/crack_iou", "val crack IoU", 4),
    ("val/mean_iou", "val mean IoU", 4),
    ("val/dice", "val Dice", 4),
    ("val/precision", "val precision", 4),
    ("val/recall", "val recall", 4),
    ("threshold", "threshold", 2),
    ("val/crack_iou@0.5", "val crack IoU at .50", 4),
    ("test/crack_iou", "test crack IoU", 4),
    ("test/mean_iou", "test mean IoU", 4),
    ("test/dice", "test Dice", 4),
    ("test/precision", "test precision", 4),
    ("test/recall", "test recall", 4),
    ("best_epoch", "best epoch", 0),
    ("epochs", "epochs", 0),
    ("training_seconds", "training seconds", 0),
)
_IN_TERMINAL = ("val/crack_iou", "test/crack_iou", "threshold", "epochs", "training_seconds")


@dataclass(frozen=True)
class _Column:
    """A column of the tables.

    Attributes:
        name: Name for programs.
        heading: Heading for people.
        cell: Function that gives the value of a run.
        digits: Digits after the decimal point, where people read it.
    """

    name: str
    heading: str
    cell: Callable[[Run], str | float | None]
    digits: int = 4

    def shown(self, run: Run) -> str:
        """The value of a run as text, rounded."""
        cell = self.cell(run)
        if cell is None or isinstance(cell, str):
            return cell or ""
        return f"{cell:.{self.digits}f}"


def write_sweep_tables(folder: Path, objective: str) -> list[Run]:
    """Writes ``sweep.csv`` and ``sweep.md`` into a sweep's folder.

    Several jobs may write them at once: each file is complete at any moment.

    Args:
        folder: Folder of the sweep; each folder in it that holds a ``run.json`` is a job.
        objective: Figure to sort by, such as ``val/crack_iou``.

    Returns:
        The jobs in the order of the tables: the best first, those without that figure last.
    """
    runs = _ranked(read_jobs(folder), objective)
    columns = _columns(runs, folder, objective)
    cells = ([column.cell(run) for column in columns] for run in runs)
    write_table(folder / CSV, [column.name for column in columns], cells)
    write_text(folder / MARKDOWN, _as_markdown(runs, columns, objective))
    return runs


def print_sweep(folder: Path, runs: Sequence[Run], objective: str) -> None:
    """Prints the main figures of a sweep's jobs, and where to find the others.

    Args:
        folder: Folder of the sweep.
        runs: Jobs in the order of the table.
        objective: Figure that they are sorted by.
    """
    console = Terminal()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    title = Text(f"\n{relative_to_cwd(folder)}: the best {objective} first", "bold")
    console.print(title, soft_wrap=True)
    console.print(_table(runs, objective, console))
    console.print(Text(f"all figures: {relative_to_cwd(folder / MARKDOWN)}"), soft_wrap=True)
    for run in runs:
        if run.complaint:
            remark = f": {run.folder.name}: {run.complaint}"
            console.print(Text.assemble(state_text(run.state), remark), soft_wrap=True)


def _ranked(runs: Iterable[Run], objective: str) -> list[Run]:
    sign = 1 if monitor_mode(objective) == "min" else -1

    def place(run: Run) -> tuple[bool, float]:
        figure = run.figure(objective)
        return figure is None, sign * (figure or 0.0)

    return sorted(runs, key=place)


def _columns(runs: Sequence[Run], folder: Path, objective: str) -> list[_Column]:
    figures = [_figure(*column) for column in _FIGURES]
    return [
        *_varied(runs),
        _Column("state", "state", lambda run: run.state),
        *_sorted_by(objective, figures),
        *figures,
        _Column("checkpoint", "checkpoint", lambda run: _checkpoint(run, folder)),
        _Column("error", "error", lambda run: run.complaint),
    ]


def _varied(runs: Sequence[Run]) -> list[_Column]:
    keys = dict.fromkeys(key for run in runs for key in run.varied)

    def column(key: str) -> _Column:
        return _Column(key, key, lambda run: run.overrides.get(key))

    return [column(key) for key in keys]


def _figure(name: str, heading: str, digits: int) -> _Column:
    return _Column(name, heading, lambda run: run.figure(name), digits)


def _sorted_by(objective: str, columns: Iterable[_Column]) -> list[_Column]:
    """A column for the objective, unless the table has one."""
    if objective in {column.name for column in columns}:
        return []
    pixels = objective.endswith(("false_positives", "false_negatives"))
    return [_figure(objective, objective, 0 if pixels else 4)]


def _checkpoint(run: Run, folder: Path) -> str | None:
    path = run.folder / BEST
    return path.relative_to(folder).as_posix() if path.is_file() else None


def _as_markdown(runs: Iterable[Run], columns: Sequence[_Column], objective: str) -> str:
    headings = [
        f"**{literal(column.heading)}**" if column.name == objective else literal(column.heading)
        for column in columns
    ]
    rows = [[literal(column.shown(run)) for column in columns] for run in runs]
    lines = [f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(columns), *rows)]
    first = "smallest" if monitor_mode(objective) == "min" else "largest"
    protocol = (
        "dataset totals at the threshold chosen on validation, "
        f"sorted by {literal(objective)}, the {first} first"
    )
    return "\n".join([*lines, "", protocol, ""])


def _table(runs: Sequence[Run], objective: str, console: Terminal) -> Table:
    varied = _briefly(_varied(runs))
    by_name = {column[0]: _figure(*column) for column in _FIGURES}
    shown = [by_name[name] for name in _IN_TERMINAL]
    figures = [*_sorted_by(objective, shown), *shown]
    table = _filled(runs, varied, figures)
    endless = console.options.update(width=PIPE_WIDTH)
    if Measurement.get(console, endless, table).maximum <= console.width:
        return table
    return _filled(runs, [_joined(varied)], figures)


def _filled(runs: Iterable[Run], settings: Sequence[_Column], figures: Sequence[_Column]) -> Table:
    """A table whose settings may wrap in a narrow window and whose figures may not."""
    table = Table(box=box.SIMPLE, show_edge=False, padding=(0, 1, 0, 0))
    for column in settings:
        table.add_column(Text(column.heading), overflow="fold")
    table.add_column("state", no_wrap=True)
    for column in figures:
        words = re.split("[ /_]", column.heading)
        table.add_column("\n".join(words), justify="right", no_wrap=True)
    for run in runs:
        table.add_row(
            # Values may hold brackets, which rich would take for its markup.
            *(Text(column.shown(run)) for column in settings),
            state_text(run.state),
            *(column.shown(run) for column in figures),
        )
    return table


def _briefly(varied: Sequence[_Column]) -> list[_Column]:
    """Shortens headings to the last word of the key, unless another key ends in the same word."""
    words = [column.name.rpartition(".")[2] for column in varied]
    return [
        replace(column, heading=word if words.count(word) == 1 else column.name)
        for column, word in zip(varied, words, strict=True)
    ]


def _joined(varied: Sequence[_Column]) -> _Column:
    """Joins all settings in one column."""

    def cell(run: Run) -> str:
        return ", ".join(f"{column.heading}={column.shown(run)}" for column in varied)

    return _Column("settings", "settings", cell)
