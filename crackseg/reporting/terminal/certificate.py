"""Prints how well widths were measured on drawn cracks and on real profiles."""

import math
from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.evaluation.certificate import Certificate, CertificateRow
from crackseg.evaluation.width_profiles import ProfileRow
from crackseg.system.console import Terminal

_COLUMNS = ("cracks", "places", "resolved", "bias", "error", "covered", "by crack", "bounds")
_PROFILE_COLUMNS = (
    "profiles",
    "error px",
    "constant",
    "resolved",
    "within .5",
    "but rounding",
    "held",
    "below high",
)
_METHOD = (
    "bias, error: in pixels, the mean and the mean absolute one of the places that are resolved. "
    "covered: share of them whose interval of 95 % holds the true width; by crack: of the cracks "
    "whose mean is resolved, those whose interval holds the true mean, and the interval of 95 % of "
    "that share. Below each, +-: half of the width of those intervals, the median in pixels. "
    "bounds: share of the other places whose bounds hold it.",
)
_PROFILE_METHOD = (
    "error: mean absolute error of all profiles, resolved or not; constant: that of always saying "
    "the median width. Widths on the structure were read to .05 mm: within .5 px as they stand, "
    "and but for that rounding. held: intervals and bounds that hold the width.",
)


def print_certificate(found: Certificate, masks: str) -> None:
    """Prints the tables of drawn cracks.

    Args:
        found: What was found.
        masks: Where the masks came from.
    """
    console = Terminal()
    console.print(Text(f"{masks}; blur .5 to 1.5 px, contrast .3 to .95, uneven light"))
    tables = {
        "by width (even, noise up to 2 %)": found.widths,
        "by width (textured, noise up to 2 %)": found.textured,
        "by noise (even)": found.noises,
        "by surface (noise up to 2 %)": found.surfaces,
        "all": (found.total,),
    }
    for title, rows in tables.items():
        console.print()
        console.print(_table(title, rows))
    for line in _lines(found):
        console.print(Text(line), soft_wrap=True)


def print_profiles(rows: Sequence[ProfileRow]) -> None:
    """Prints the table of real profiles."""
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("true width", no_wrap=True)
    for name in _PROFILE_COLUMNS:
        table.add_column(name, justify="right")
    for row in rows:
        shares = (row.close, row.close_but_for_rounding, row.held, row.below_high)
        table.add_row(
            row.label,
            str(row.count),
            f"{row.error:.3f}",
            f"{row.constant:.3f}",
            *map(_share, (row.resolved, *shares)),
        )
    console = Terminal()
    console.print(table)
    console.print(Text(*_PROFILE_METHOD), soft_wrap=True)


def _table(title: str, rows: Sequence[CertificateRow]) -> Table:
    # Narrow enough for a terminal of 80 columns, and for what is piped.
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE,
        show_edge=False,
        pad_edge=False,
        collapse_padding=True,
    )
    table.add_column("", no_wrap=True)
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.label,
            str(row.cracks),
            str(row.places),
            _share(row.resolved),
            _pixels(row.bias, "+.3f"),
            _pixels(row.error, ".3f"),
            _covered(row),
            _by_crack(row),
            _share(row.bounds),
        )
    return table


def _covered(row: CertificateRow) -> str:
    """Share of the places whose interval holds, above the reach of these intervals."""
    return "-" if math.isnan(row.covered) else f"{row.covered:.1%}\n+-{row.reach:.3f}"


def _by_crack(row: CertificateRow) -> str:
    """Cracks whose interval holds, the interval of their share, and the reach of theirs."""
    count, held = row.covered_cracks
    if not count:
        return "-"
    low, high = row.crack_interval
    return f"{held}/{count}\n{100 * low:.0f}-{high:.0%}\n+-{row.reach_cracks:.3f}"


def _lines(found: Certificate) -> Sequence[str]:
    lengths = [
        f"length, {one.shape}: {one.count} cracks, bias {one.bias:+.2%}, largest error "
        f"{one.largest:.2%}"
        for one in found.lengths
    ]
    count, agree = found.distances
    pairs = f"two distances: {count} cracks resolved in both photographs, {agree} widths agree"
    return (*lengths, *([pairs] if count else []), *_METHOD)


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1%}"


def _pixels(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)
