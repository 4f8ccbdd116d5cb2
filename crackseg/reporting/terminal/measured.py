"""Prints what was measured on many photographs together."""

from collections.abc import Iterable

from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Measured, width_digits
from crackseg.reporting.formatting import counted
from crackseg.reporting.inspection.wording import metres
from crackseg.reporting.terminal.measured_totals import Totals, totals_of

_NOT_RESOLVED = "not resolved: a guess with bounds"


def print_measured(
    photographs: Iterable[MeasuredPhotograph], limits: ClassLimits | None = None
) -> None:
    """Prints the totals of photographs, those in millimetres and those in pixels apart.

    Args:
        photographs: Measured photographs, of which one at a time is kept.
        limits: Limits of classes of width; None for no classes.
    """
    for totals in totals_of(photographs, limits).values():
        print("\n".join(_lines(totals, limits)))


def _lines(totals: Totals, limits: ClassLimits | None) -> Iterable[str]:
    yield (
        f"{counted(totals.photographs, 'photograph')} in {_UNITS[totals.unit]}: "
        f"{totals.with_cracks} with cracks, {counted(totals.cracks, 'crack')}, {_length(totals)} "
        "long together"
    )
    if not totals.cracks:
        return
    blind = totals.cracks - totals.resolved - totals.unmeasured
    yield (
        f"  widths: {counted(totals.resolved, 'crack')} resolved, {blind} not, "
        f"{totals.unmeasured} too short to have one"
    )
    if totals.widest is not None:
        widest, (x, y) = totals.widest, totals.widest.at
        yield (
            f"  widest: crack {widest.crack} of {widest.photograph}, 95 % of it up to "
            f"{_width(widest.width, totals.unit)}; its largest width, at x {x:.0f}, y {y:.0f}, is "
            f"{_width(widest.largest, totals.unit)}"
        )
    if limits is not None:
        yield _classes(totals, limits)


def _classes(totals: Totals, limits: ClassLimits) -> str:
    """Line of the classes of width, which say where widths lie and are no verdict."""
    if totals.unit != "mm":
        return "  classes: none without millimetres; --mm-per-pixel says them"
    order = [*limits.labels, *(set(totals.classes) - set(limits.labels))]
    counts = ", ".join(f"{label}: {totals.classes[label]}" for label in order)
    return f"  classes ({limits.name}), of cracks by that width: {counts}"


def _length(totals: Totals) -> str:
    if totals.unit == "px":
        return f"{totals.length:,.0f} px"
    return metres(totals.length)


def _width(width: Measured, unit: str) -> str:
    ends = f"{width_digits(width.low)} to {width_digits(width.high)} {unit}"
    word = "" if width.resolved else f", {_NOT_RESOLVED}"
    return f"{width_digits(width.value)} {unit} ({ends}{word})"


_UNITS = {"mm": "millimetres", "px": "pixels"}
