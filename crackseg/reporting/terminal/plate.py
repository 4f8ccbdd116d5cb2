"""Prints what a photograph of the test plate says of a camera and its distance."""

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.evaluation.plate.reading import ReadLine, ReadPlate
from crackseg.system.console import Terminal

_METHOD = (
    "Printed: width on the sheet if it was printed at 100 %; check its bar with a ruler. Ink "
    "spreads, and a printer's dots are .02 to .04 mm: fine lines often come out that much wider. "
    "low, high: interval of 95 %, or bounds where the width is not resolved."
)


def print_plate(plate: ReadPlate) -> None:
    """Prints the table of lines, and what the camera resolves from there."""
    console = Terminal()
    console.print(
        Text(
            f"{plate.mm_per_pixel:.4f} mm per pixel in the middle of the sheet, blur "
            f"{plate.blur:.2f} px, markers {plate.misfit:.2f} px off a flat sheet"
        )
    )
    table = Table(box=box.SIMPLE, show_edge=False)
    for name in ("printed mm", "angle", "pixels", "measured mm", "low", "high", "error mm", ""):
        table.add_column(name, justify="right")
    for one in plate.lines:
        table.add_row(*_cells(one))
    console.print(table)
    console.print(Text(_verdict(plate)), soft_wrap=True)
    console.print(Text(_METHOD), soft_wrap=True)


def _cells(one: ReadLine) -> list[str]:
    printed = [f"{one.line.width:g}", f"{one.line.angle:g}°", f"{one.printed_pixels:.1f}"]
    if one.width is None:
        return [*printed, "-", "-", "-", "-", "not seen"]
    width = one.width
    measured = [f"{value:.3f}" for value in (width.value, width.low, width.high)]
    said = "" if width.resolved else "not resolved"
    return [*printed, *measured, f"{width.value - one.line.width:+.3f}", said]


def _verdict(plate: ReadPlate) -> str:
    narrowest = plate.narrowest
    if narrowest is None:
        return "not every line is resolved, even of 2 mm: go nearer, or light the sheet evenly"
    return (
        f"from {narrowest:g} mm on every line is resolved: that is the narrowest crack whose width "
        "this camera can tell from this distance"
    )
