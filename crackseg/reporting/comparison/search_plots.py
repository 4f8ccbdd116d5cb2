"""Plots of a search: its trials in turn, its settings, and what the figures differ by."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crackseg.reporting.comparison.plots import new_figure, prepare
from crackseg.reporting.html.theme import DARK, Theme, dress
from crackseg.runs.search_record import SearchRecord, TrialRecord

Colour = tuple[float, float, float, float]

_WIDTH = 8.8
# Also told apart by those who see no red and green, and in grey.
_COLOURS = colormaps["viridis"]
# The ends of the colours have too little contrast on a light and on a dark ground.
_ON_LIGHT, _ON_DARK = (0.0, 0.85), (0.35, 1.0)
# Two powers of ten and more are drawn by their logarithm.
_WIDE = 100
_LABEL = 14
_BESIDE = 0.035


def history(record: SearchRecord, theme: Theme) -> Figure:
    """Draws the figure of every trial, and the best one so far as a line."""
    figure = new_figure(theme, (_WIDTH, 2.9))
    axes = figure.subplots()
    prepare(axes, theme)
    done = [trial for trial in record.trials if trial.state in ("done", "same")]
    pruned = [trial for trial in record.trials if trial.state == "pruned" and trial.curve]
    figures = [(trial.number, trial.figure) for trial in done if trial.figure is not None]
    if figures:
        numbers, values = map(list, zip(*figures, strict=True))
        best = (
            np.maximum.accumulate(values) if record.largest_first else np.minimum.accumulate(values)
        )
        axes.step(
            numbers, best, where="post", color=theme.accent, linewidth=1.5, label="best so far"
        )
        axes.plot(numbers, values, "o", color=theme.ink, markersize=5, label="trained to its end")
    if pruned:
        ends = [list(trial.curve.values())[-1] for trial in pruned]
        numbers = [trial.number for trial in pruned]
        axes.plot(
            numbers, ends, "v", color=theme.fill, fillstyle="none", label="ended early, last epoch"
        )
    axes.set(xlabel="trial", ylabel=record.objective)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if figures or pruned:
        axes.legend(frameon=False, labelcolor=theme.ink, fontsize=8, loc="best")
    return figure


def epochs(record: SearchRecord, theme: Theme) -> Figure:
    """Draws the figure of each trial over the epochs; those that were ended early as thin lines."""
    figure = new_figure(theme, (_WIDTH, 2.9))
    axes = figure.subplots()
    prepare(axes, theme)
    shade = _shades(record, theme)
    for trial in record.trials:
        if trial.state not in ("done", "pruned") or not trial.curve:
            continue
        done = trial.state == "done"
        epochs, values = [epoch + 1 for epoch in trial.curve], list(trial.curve.values())
        look: dict[str, Any] = {"color": shade(trial), "linewidth": 1.5} if done else _faint(theme)
        axes.plot(epochs, values, **look)
        if not done:
            axes.plot(epochs[-1], values[-1], "v", color=theme.fill, markersize=5, fillstyle="none")
    axes.set(xlabel="epoch", ylabel=record.by_epoch)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure


def importance_bars(record: SearchRecord, theme: Theme) -> Figure:
    """Draws the share of each setting in what the figures differ by."""
    shares = record.importances
    figure = new_figure(theme, (_WIDTH, 0.3 * len(shares) + 0.8))
    axes = figure.subplots()
    prepare(axes, theme, "x")
    axes.barh(list(shares), list(shares.values()), 0.6, color=theme.fill)
    for place, share in enumerate(shares.values()):
        axes.text(share, place, f" {share:.0%}", va="center", color=theme.ink, fontsize=9)
    axes.invert_yaxis()
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, 1.08), xlabel="share of what the figures differ by")
    return figure


def parallel_coordinates(record: SearchRecord, theme: Theme) -> Figure:
    """Draws each trial as a line through its settings, and at the right its figure."""
    keys = list(dict.fromkeys(key for trial in record.trials for key in trial.settings))
    shown = [trial for trial in record.trials if trial.state in ("done", "pruned")]
    figure = new_figure(theme, (_WIDTH, 3.9))
    axes = figure.subplots()
    dress(axes, theme)
    scales = [
        _Scale([trial.settings[key] for trial in shown if key in trial.settings]) for key in keys
    ]
    figures = [trial.figure for trial in shown if trial.figure is not None]
    low, high = (min(figures), max(figures)) if figures else (0.0, 1.0)
    shade = _shades(record, theme)
    # The better ones on top.
    for trial in sorted(shown, key=lambda one: _share(one, low, high, record.largest_first)):
        places = {
            index: scale.place(trial.settings[key])
            for index, (key, scale) in enumerate(zip(keys, scales, strict=True))
            if key in trial.settings
        }
        look = _faint(theme)
        if trial.figure is not None:
            places[len(keys)] = (trial.figure - low) / ((high - low) or 1.0)
            look = {"color": shade(trial), "linewidth": 1.6}
        axes.plot(list(places), list(places.values()), **look)
    for index, scale in enumerate([*scales, _Scale([f"{low:.4f}", f"{high:.4f}"])]):
        axes.axvline(index, color=theme.faint, linewidth=1, zorder=0)
        for place, text in scale.labels:
            # Beside the ends of lines, not under them.
            beside = place + (_BESIDE if place >= 0.5 else -_BESIDE)
            look = {"color": theme.ink, "fontsize": 7.5, "ha": "center", "va": "center"}
            axes.text(index, beside, text, **look)
    names = [key.replace(".", ".\n") for key in [*keys, record.objective]]
    axes.set_xticks(range(len(names)), names, fontsize=8)
    axes.set_xlim(-0.4, len(names) - 0.6)
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


class _Scale:
    """Where values of a setting stand on an axis from 0 to 1.

    Args:
        values: Values as typed.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self._numbers = [number for number in map(_number, values) if number is not None]
        self._is_number = len(self._numbers) == len(values) and bool(values)
        self._values = sorted(set(values), key=lambda one: (_number(one) or 0.0, one))
        low, high = (min(self._numbers), max(self._numbers)) if self._is_number else (0.0, 0.0)
        self._log = low > 0 and high / low >= _WIDE
        # A list of few values has equal distances, whatever they are.
        self._spread = self._is_number and len(self._values) > 5

    def place(self, value: str) -> float:
        """Where a value stands."""
        if not self._spread:
            return self._values.index(value) / max(len(self._values) - 1, 1)
        low, high, number = min(self._numbers), max(self._numbers), float(value)
        if self._log:
            low, high, number = math.log(low), math.log(high), math.log(number)
        return (number - low) / ((high - low) or 1.0)

    @property
    def labels(self) -> list[tuple[float, str]]:
        """Places and texts of some values."""
        if not self._spread:
            return [(self.place(value), value[:_LABEL]) for value in self._values]
        ends = sorted(self._values, key=float)
        return [(self.place(value), f"{float(value):.3g}") for value in (ends[0], ends[-1])]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _share(trial: TrialRecord, low: float, high: float, largest_first: bool) -> float:
    """How good a trial is among all, from 0 to 1; below all for one without a figure."""
    if trial.figure is None:
        return -1.0
    share = (trial.figure - low) / ((high - low) or 1.0)
    return share if largest_first else 1.0 - share


def _shades(record: SearchRecord, theme: Theme) -> Callable[[TrialRecord], Colour]:
    """Colours of trials by their figures, the best the lightest."""
    figures = [trial.figure for trial in record.trials if trial.figure is not None]
    low, high = (min(figures), max(figures)) if figures else (0.0, 1.0)
    weakest, strongest = _ON_DARK if theme is DARK else _ON_LIGHT

    def shade(trial: TrialRecord) -> Colour:
        share = max(_share(trial, low, high, record.largest_first), 0.0)
        return _COLOURS(weakest + share * (strongest - weakest))

    return shade


def _faint(theme: Theme) -> dict[str, Any]:
    return {"color": theme.fill, "linewidth": 0.7, "alpha": 0.6}
