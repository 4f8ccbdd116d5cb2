"""What drawings share: the class of each branch, its colour, and what it says of itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps

from crackseg.formats.columns import branch_widths
from crackseg.measurement.classes import CANNOT_TELL, ClassLimits, crack_class
from crackseg.measurement.cracks import Branch, Measurement, WidthSummary
from crackseg.measurement.scale import width_digits
from crackseg.visualization.overlays import CRACK_COLOUR

Colour = tuple[int, int, int]
NOT_MEASURED = "not measured"
_GREY: Colour = (200, 200, 200)


@dataclass(frozen=True, eq=False)
class DrawnBranch:
    """A branch as drawings have it.

    Attributes:
        crack: Number of its crack.
        number: Number of the branch in the crack, from 1.
        branch: Branch.
        widths: Summary of its widths; None where it is too short to have any measured.
        group: Class of its width, :data:`NOT_MEASURED`, or empty where there are no classes.
    """

    crack: int
    number: int
    branch: Branch
    widths: WidthSummary | None
    group: str


def drawn_branches(measurement: Measurement, limits: ClassLimits | None) -> Iterator[DrawnBranch]:
    """The branches of all cracks, the longest crack first."""
    classes = None if measurement.scale is None else limits
    for crack in measurement.cracks:
        for number, branch in enumerate(crack.branches, 1):
            widths = branch_widths(branch)
            found = crack_class(widths.percentile95 if widths else None, measurement.scale, classes)
            label = NOT_MEASURED if found is None else found.label
            yield DrawnBranch(crack.number, number, branch, widths, label if classes else "")


def group_colours(measurement: Measurement, limits: ClassLimits | None) -> dict[str, Colour]:
    """All that a branch's group may be, each with its colour; grey where the class is not known."""
    if limits is None or measurement.scale is None:
        return {"": CRACK_COLOUR}
    classes = dict(zip(limits.labels, shades(len(limits.labels)), strict=True))
    return classes | {CANNOT_TELL: _GREY, NOT_MEASURED: _GREY}


def shades(count: int) -> tuple[Colour, ...]:
    """Colours from the narrowest to the widest, the brighter the wider.

    They are those of viridis, which people see in one order whatever colours they can tell apart,
    and none of which is grey.
    """
    coloured = colormaps["viridis"](np.linspace(0.15, 1, count))[:, :3]
    return tuple((r, g, b) for r, g, b in (255 * coloured).round().astype(int).tolist())


def title(drawn: DrawnBranch, measurement: Measurement) -> str:
    """What a branch says of itself: ``crack 3, branch 1: 0.42 mm (0.38 to 0.46)``."""
    name = f"crack {drawn.crack}, branch {drawn.number}"
    if drawn.widths is None:
        return f"{name}: width not measured"
    width, unit = measurement.in_unit(drawn.widths.percentile95), measurement.unit
    interval = f"{width_digits(width.low)} to {width_digits(width.high)}"
    if not width.resolved:
        return f"{name}: width not resolved, {interval} {unit}"
    class_ = f", {drawn.group}" if drawn.group else ""
    return f"{name}: {width_digits(width.value)} {unit} ({interval}){class_}"
