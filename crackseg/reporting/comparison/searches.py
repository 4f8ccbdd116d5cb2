"""What a page says of a search: its trials, and plots of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from matplotlib.figure import Figure

from crackseg.reporting.comparison import search_plots
from crackseg.reporting.comparison.media import MediaWriter
from crackseg.reporting.html.data_uris import EmbeddedPicture
from crackseg.reporting.html.theme import Theme
from crackseg.runs.search_record import SearchRecord

# With fewer values a plot would say nothing.
_FEWEST = 2
_WORDS = {"done": "done", "pruned": "ended early", "failed": "failed", "running": "running"}


_CAPTIONS = {
    "history": "trials in turn",
    "epochs": "where trials were ended; the lighter a line, the better its figure at the end",
    "importances": "what the figures differ by (PED-ANOVA)",
    "settings": "trials through their settings; the lighter a line, the better",
}


class _Plot(NamedTuple):
    """A plot: key of its file and caption, function that draws it, alternative text."""

    key: str
    draw: Callable[[SearchRecord, Theme], Figure]
    alt: str


@dataclass(frozen=True, eq=False)
class ShownSearch:
    """A search on a page.

    Attributes:
        name: Name of its folder.
        record: The search.
        counts: How many trials ended in which way, in words.
        plots: Plots with their captions.
    """

    name: str
    record: SearchRecord
    counts: str
    plots: Sequence[EmbeddedPicture]


def shown_search(number: int, name: str, record: SearchRecord, album: MediaWriter) -> ShownSearch:
    """Draws the plots of a search.

    Args:
        number: Its number on the page.
        name: Name of its folder.
        record: The search.
        album: Where plots are stored.
    """
    plots = [
        _Plot("history", search_plots.history, f"Dots: {record.objective} of each trial in turn")
    ]
    if any(trial.curve for trial in record.trials):
        plots.append(_Plot("epochs", search_plots.epochs, f"Lines: {record.by_epoch} by epoch"))
    if record.importances:
        plots.append(
            _Plot("importances", search_plots.importance_bars, "Bars: share of each setting")
        )
    if sum(trial.state == "done" for trial in record.trials) >= _FEWEST:
        plots.append(
            _Plot("settings", search_plots.parallel_coordinates, "Lines: settings of trials")
        )
    drawn = [
        album.plot(
            f"search-{number}-{one.key}", partial(one.draw, record), one.alt, _CAPTIONS[one.key]
        )
        for one in plots
    ]
    return ShownSearch(name, record, counted(record), drawn)


def counted(record: SearchRecord) -> str:
    """How many trials ended in which way, and what that saved, in words."""
    states, count = [trial.state for trial in record.trials], began(record)
    parts = [f"{states.count(state)} {word}" for state, word in _WORDS.items() if state in states]
    return (
        f"{count} trial{'s' if count != 1 else ''}: {', '.join(parts)}; {record.epochs_trained:,} "
        f"epochs, of {count * record.epochs:,} if all went to their end"
    )


def began(record: SearchRecord) -> int:
    """Number of trials, each once."""
    return sum(trial.state in _WORDS for trial in record.trials)
