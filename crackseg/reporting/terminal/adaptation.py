"""Prints what an adaptation gained."""

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.adaptation.choosing import Adapted
from crackseg.system.console import Terminal

_METHOD = (
    "crack IoU: mean over photographs, each by a network that was adapted with the others; "
    "difference with its interval of 95 %"
)


def print_adapted(adapted: Adapted) -> None:
    """Prints crack IoU before and after, and the threshold.

    Args:
        adapted: What was changed, and what that gains.
    """
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("changed", no_wrap=True)
    for label in ("before", "after", "difference", "interval"):
        table.add_column(label, justify="right", no_wrap=True)
    left_out = adapted.left_out
    low, high = left_out.interval
    table.add_row(
        adapted.changed,
        f"{left_out.before.mean():.3f}",
        f"{left_out.after.mean():.3f}",
        f"{left_out.gain:+.3f}",
        f"{low:+.3f} to {high:+.3f}",
    )
    console = Terminal()
    console.print(table)
    count = len(adapted.photographs)
    lines = (
        f"{count} photographs; threshold {adapted.former:.2f} before, {adapted.threshold:.2f} now",
        _METHOD,
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)
