"""Prints the leaks of a division."""

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.data.splits.leakage import find_leaks, find_leaks_by_source
from crackseg.data.splits.manifest import Manifest
from crackseg.system.console import Terminal

_COLUMNS = ("source", "val", "shared", "unknown", "test", "shared", "unknown")
_STYLES = {"LEAK": "bold red", "UNKNOWN": "bold yellow", "no leak": "bold green"}


def print_leaks(manifest: Manifest) -> None:
    """Prints the line about leaks, and under it a table by source of validation and test."""
    line = find_leaks(manifest).summary()
    console = Terminal()
    console.print(Text(line, _STYLES[line.partition(":")[0]]), soft_wrap=True)
    by_source = find_leaks_by_source(manifest)
    if not by_source:
        return
    table = Table(box=box.SIMPLE, show_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="left" if name == "source" else "right", no_wrap=True)
    for source, leaks in by_source.items():
        figures = [
            str(figure)
            for part in (leaks.val, leaks.test)
            for figure in (part.total, part.shared, part.unknown)
        ]
        table.add_row(Text(source or "(unknown)"), *figures)
    console.print(table)
