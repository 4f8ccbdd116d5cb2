"""Prints what a network lost when it was brought to 8 bits."""

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.inference.model_file import ModelInfo
from crackseg.system.console import Terminal


def print_quantization(info: ModelInfo) -> None:
    """Prints the crack IoU by source of both networks, and how it was measured.

    Args:
        info: What goes with a network of 8 bits.
    """
    made = info.quantization
    assert made is not None
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("crack IoU on val", no_wrap=True)
    for label in (
        f"float, > {made.float_threshold:.2f}",
        f"int8, > {info.threshold:.2f}",
        "difference",
    ):
        table.add_column(label, justify="right", no_wrap=True)
    for source, before in made.float_iou.items():
        after = made.int8_iou[source]
        table.add_row(Text(source), f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}")
    lines = (
        *info.protocol,
        f"ranges of values from {made.calibration}",
        f"layers in float: {', '.join(made.float_layers)}",
    )
    console = Terminal()
    for part in (table, *map(Text, lines)):
        console.print(part, soft_wrap=isinstance(part, Text))
