"""Prints what an adaptation gained."""

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.adaptation.choosing import Adapted
from crackseg.system.console import Terminal

_METHOD = (
    "crack IoU: mean over photographs, each by a network that was adapted with the others; "
    "difference with its interval of 95 %. The better way was taken by the same photographs, so "
    "expect a little less."
)


def print_adapted(adapted: Adapted) -> None:
    """Prints crack IoU before and after by what was changed, and the threshold.

    Args:
        adapted: What was tried and taken.
    """
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("changed", no_wrap=True)
    for label in ("before", "after", "difference", "interval"):
        table.add_column(label, justify="right", no_wrap=True)
    for way, left_out in adapted.ways.items():
        low, high = left_out.interval
        table.add_row(
            way,
            f"{left_out.before.mean():.3f}",
            f"{left_out.after.mean():.3f}",
            f"{left_out.gain:+.3f}",
            f"{low:+.3f} to {high:+.3f}",
        )
    console = Terminal()
    console.print(table)
    count = len(adapted.photographs)
    lines = (
        f"taken: {adapted.chosen}; {count} photographs; threshold {adapted.former:.2f} before, "
        f"{adapted.threshold:.2f} now",
        _METHOD,
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)
