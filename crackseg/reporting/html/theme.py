"""Colours of plots, for paper and screen, light and dark."""

from dataclasses import dataclass, replace

from matplotlib.axes import Axes


@dataclass(frozen=True)
class Theme:
    """Colours of a plot: lines and letters, grids, quantities, highlights, background."""

    ink: str
    faint: str
    fill: str
    accent: str
    ground: str = "none"


LIGHT = Theme(ink="#22262b", faint="#d9d6cf", fill="#7f93a8", accent="#d4145a")
DARK = Theme(ink="#e4e2dc", faint="#3b4047", fill="#6d8299", accent="#ff5c8d")
PAPER = replace(LIGHT, ground="white")


def dress(axes: Axes, theme: Theme) -> None:
    """Gives axes a theme's colours, and keeps only the left and bottom spines."""
    axes.set_facecolor("none")
    axes.set_axisbelow(True)
    axes.tick_params(which="both", colors=theme.ink, labelcolor=theme.ink)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(theme.faint)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_color(theme.ink)
