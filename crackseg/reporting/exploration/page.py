"""Writes the page about a data set, and its pictures beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib.figure import Figure

from crackseg import __version__
from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.statistics import balance, profile
from crackseg.reporting.exploration import plots, statements
from crackseg.reporting.exploration.sections import draw_cuts, draw_findings, draw_sheets
from crackseg.reporting.exploration.wording import by_source
from crackseg.reporting.formatting import percent, pixels, weight
from crackseg.reporting.html.data_uris import EmbeddedPicture, embed_plot, nothing
from crackseg.reporting.html.rendering import render
from crackseg.reporting.html.theme import DARK, LIGHT, PAPER, Theme
from crackseg.system.files import write_text
from crackseg.visualization.plots import save_figure

PAGE = "index.html"

_DPI = 160


class _Plot(NamedTuple):
    """A plot: what it shows, the function that draws it, and the function that explains it."""

    shows: str
    draw: Callable[[Exploration, Theme], Figure | None]
    say: Callable[[Exploration], str]


_PLOTS = {
    "sources": _Plot("Bars: pairs by source", plots.source_counts, statements.of_sources),
    "crack-share": _Plot(
        "Histograms: photographs by their share of crack, for each source",
        plots.share_histograms,
        statements.of_shares,
    ),
    "crack-width": _Plot(
        "Histograms: the length of cracks by their width, for each source",
        plots.width_histograms,
        statements.of_widths,
    ),
    "balance": _Plot(
        "Marks: the share of crack that each cut leaves, for each source",
        plots.crack_shares,
        statements.of_balance,
    ),
    "mask-values": _Plot(
        "Histogram: pixels of all masks by their grey, with the cuts",
        plots.mask_values,
        statements.of_mask_values,
    ),
}


def write_page(exploration: Exploration, folder: Path) -> Path:
    """Writes ``index.html``, which needs no other file, and its pictures as PNG files.

    Args:
        exploration: Data set's figures to show.
        folder: Folder to write to; other files in it stay.

    Returns:
        Path of the page.
    """
    filters = {"percent": percent, "pixels": pixels, "weight": weight}
    page = folder / PAGE
    write_text(page, render("exploration/page.html", _content(exploration, folder), filters))
    return page


def _content(exploration: Exploration, folder: Path) -> dict[str, Any]:
    rows = by_source(exploration)
    return {
        "version": __version__,
        "title": exploration.root.resolve().name,
        "exploration": exploration,
        "found": exploration.verification,
        "training_size": statements.training_size(exploration),
        "profiles": {
            name: profile(ones, exploration.mask_threshold) for name, ones in rows.items()
        },
        "balances": [balance(exploration.measured, cut) for cut in exploration.mask_thresholds],
        "chosen": balance(exploration.measured, exploration.mask_threshold),
        "plots": _draw_plots(exploration, folder),
        "sheets": draw_sheets(exploration, folder),
        "cut_examples": draw_cuts(exploration, folder),
        "findings": draw_findings(exploration, folder),
    }


def _draw_plots(exploration: Exploration, folder: Path) -> dict[str, EmbeddedPicture]:
    return {name: _draw_plot(exploration, name, folder) for name in _PLOTS}


def _draw_plot(exploration: Exploration, name: str, folder: Path) -> EmbeddedPicture:
    shows, draw, say = _PLOTS[name]
    says = say(exploration)
    paper, light, dark = (draw(exploration, theme) for theme in (PAPER, LIGHT, DARK))
    if paper is None or light is None or dark is None:
        return nothing(says)
    save_figure(paper, folder / f"{name}.png", _DPI)
    return embed_plot(light, dark, f"{shows}. {says}", says)
