"""Figures and names as plots, tables and texts say them."""

from collections.abc import Sequence

from crackseg.data.analysis.explore import Exploration, Measured

ALL = "all"
UNKNOWN = "(unknown)"


def percent(share: float | None) -> str:
    r"""A share with two digits that count.

    >>> percent(0.0123), percent(0.00001), percent(0), percent(None)
    ('1.2\xa0%', '0.001\xa0%', '0\xa0%', '-')
    """
    if share is None:
        return "-"
    digits = f"{100 * share:.2g}"
    return f"{float(digits):f}".rstrip("0").rstrip(".") + "\N{NO-BREAK SPACE}%"


def pixels(length: float) -> str:
    """A length in whole pixels, or with a digit behind the point where it is small.

    >>> pixels(19.6), pixels(2.52), pixels(3.0)
    ('20', '2.5', '3')
    """
    return f"{length:.0f}" if length >= 10 else f"{round(length, 1):g}"


def weight(of_class: float) -> str:
    """A class weight with three digits that count.

    >>> weight(0.5351), weight(7.6277), weight(98304.0)
    ('0.535', '7.63', '98,304')
    """
    return f"{of_class:.3g}" if of_class < 1000 else f"{of_class:,.0f}"


def size(height_and_width: tuple[int, int]) -> str:
    """Width and height, as people name sizes."""
    height, width = height_and_width
    return f"{width} \N{MULTIPLICATION SIGN} {height}"


def by_source(exploration: Exploration) -> dict[str, Sequence[Measured]]:
    """The rows of a plot or a table: all pairs where there are several sources, then each."""
    sources: dict[str, Sequence[Measured]] = {
        source or UNKNOWN: measured for source, measured in exploration.sources.items()
    }
    return {ALL: exploration.measured, **sources} if len(sources) > 1 else sources
