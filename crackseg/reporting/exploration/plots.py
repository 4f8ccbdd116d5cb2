"""Plots of a data set's figures, for paper and screen, light and dark."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.statistics import balance, profile
from crackseg.data.analysis.verify import BINS
from crackseg.reporting.exploration.wording import ALL, UNKNOWN, by_source
from crackseg.reporting.formatting import percent, pixels
from crackseg.reporting.html.theme import Theme, dress

# Steps that about double, since values range from very small to large.
SHARE_EDGES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
WIDTH_EDGES = (1.5, 2.5, 3.5, 4.5, 6.5, 8.5, 12.5, 16.5, 24.5, 32.5, 48.5, 64.5, 96.5, 128.5)


_WIDTH = 5.6
_PERCENTS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
_CUT_MARKS = ("o", "D", "s", "^")


def source_counts(exploration: Exploration, theme: Theme) -> Figure:
    """Draws how many pairs each source has, and how many of them show no crack."""
    sources = {name or UNKNOWN: ones for name, ones in exploration.sources.items()}
    figure, axes = _canvas(theme, 0.34 * len(sources) + 0.9)
    counts = [len(measured) for measured in sources.values()]
    free = [profile(ones, exploration.mask_threshold).crack_free for ones in sources.values()]
    axes.barh(list(sources), counts, 0.7, color=theme.fill)
    axes.barh(list(sources), free, 0.7, color=theme.ink, label="without any crack")
    for place, (count, none) in enumerate(zip(counts, free, strict=True)):
        text = f"{count:,}" + (f" ({none:,} without)" if none else "")
        axes.annotate(
            text, (count, place), (5, 0), textcoords="offset points", va="center", color=theme.ink
        )
    axes.invert_yaxis()
    axes.set(xlabel="pairs", xlim=(0, 1.3 * max(counts)))
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.grid(axis="x", color=theme.faint)
    axes.tick_params(axis="y", length=0)
    if any(free):
        _legend(axes, theme)
    return figure


def share_histograms(exploration: Exploration, theme: Theme) -> Figure:
    """Draws a histogram of the share of crack in a photograph, for each source."""
    rows = {
        name: np.array([one.crack_share(exploration.mask_threshold) for one in measured])
        for name, measured in by_source(exploration).items()
    }
    percents = [f"{100 * edge:g}" for edge in SHARE_EDGES]
    between = [f"{low}\u2013{high}" for low, high in pairwise(percents)]
    names = ["none", f"<{percents[0]}", *between, f">{percents[-1]}"]
    # Photographs without crack have a step of their own, below all others.
    steps = {name: np.digitize(shares, (1e-12, *SHARE_EDGES)) for name, shares in rows.items()}
    middles = {
        name: percent(profile(measured, exploration.mask_threshold).crack_share)
        for name, measured in by_source(exploration).items()
    }
    return _ridges(theme, steps, names, middles, "crack in % of the photograph")


def width_histograms(exploration: Exploration, theme: Theme) -> Figure | None:
    """Draws a histogram of crack width along the cracks, for each source; None without crack."""
    rows = {
        name: np.concatenate([one.widths for one in measured])
        for name, measured in by_source(exploration).items()
    }
    if not any(widths.size for widths in rows.values()):
        return None
    whole = [(round(low + 0.5), round(high - 0.5)) for low, high in pairwise((0.5, *WIDTH_EDGES))]
    names = [f"{low}" if low == high else f"{low}\u2013{high}" for low, high in whole]
    names.append(f">{whole[-1][1]}")
    steps = {name: np.digitize(widths, WIDTH_EDGES) for name, widths in rows.items()}
    middles = {
        name: f"{pixels(np.median(widths))} px" if widths.size else "-"
        for name, widths in rows.items()
    }
    return _ridges(theme, steps, names, middles, "width of cracks in pixels of the photograph")


def crack_shares(exploration: Exploration, theme: Theme) -> Figure | None:
    """Draws the share of crack at each mask threshold, at training size; None without crack."""
    rows = by_source(exploration)
    kept = [
        [100 * balance(ones, cut).small.share for cut in exploration.mask_thresholds]
        for ones in rows.values()
    ]
    if not np.any(kept):
        return None
    shares = np.maximum(kept, _PERCENTS[0])
    figure, axes = _canvas(theme, 0.34 * len(rows) + 1.3)
    axes.hlines(range(len(rows)), shares.min(axis=1), shares.max(axis=1), color=theme.fill, lw=2)
    for column, cut in enumerate(exploration.mask_thresholds):
        chosen = cut == exploration.mask_threshold
        axes.scatter(
            shares[:, column],
            range(len(rows)),
            s=44 if chosen else 30,
            marker=_CUT_MARKS[column],
            color=theme.accent if chosen else theme.fill,
            edgecolor=theme.ink,
            linewidth=0.6,
            label=f"> {cut}" + (" (chosen)" if chosen else ""),
            zorder=3,
        )
    axes.set_yticks(range(len(rows)), list(rows))
    axes.set(xlabel="crack in % of all pixels at training size", xscale="log")
    axes.set_ylim(len(rows) - 0.5, -0.5)
    first, last = np.searchsorted(_PERCENTS, (shares.min() * 0.999, shares.max()))
    axes.set_xticks(_PERCENTS, [f"{percents:g}" for percents in _PERCENTS])
    axes.set_xlim(0.95 * _PERCENTS[max(first - 1, 0)], 1.05 * _PERCENTS[last])
    axes.minorticks_off()
    axes.grid(axis="x", color=theme.faint)
    axes.tick_params(axis="y", length=0)
    _legend(axes, theme, columns=len(exploration.mask_thresholds))
    return figure


def mask_values(exploration: Exploration, theme: Theme) -> Figure | None:
    """Draws how often each grey value occurs in the masks; None where all are black."""
    counts = np.array(exploration.verification.overall.histogram)
    if not counts[1:].any():
        return None
    figure, axes = _canvas(theme, 2.7)
    starts, width = np.arange(BINS) * 256 / BINS, 256 / BINS
    axes.bar(starts, 100 * counts / max(counts.sum(), 1), width, align="edge", color=theme.fill)
    axes.set(yscale="log", xlim=(0, 256), xlabel="grey of the mask", ylabel="% of all pixels")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xticks([0, 64, 128, 192, 255])
    for cut in exploration.mask_thresholds:
        axes.axvline(
            cut + 0.5, color=theme.accent, ls="-" if cut == exploration.mask_threshold else ":"
        )
        axes.annotate(
            f"> {cut}",
            (cut + 0.5, 1),
            (0, 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            color=theme.accent,
        )
    axes.grid(axis="y", color=theme.faint)
    return figure


def _ridges(
    theme: Theme,
    steps: Mapping[str, npt.NDArray[np.int64]],
    names: Sequence[str],
    middles: Mapping[str, str],
    label: str,
) -> Figure:
    """Draws a small histogram for each row, one below the other, over the same steps.

    Args:
        theme: Colours.
        steps: Step that each item falls into, for each row.
        names: Names of the steps.
        middles: Text beside each row.
        label: Label below the steps.
    """
    figure = Figure((_WIDTH, 0.5 * len(steps) + 1), layout="constrained", facecolor=theme.ground)
    panels = figure.subplots(len(steps), sharex=True, squeeze=False)[:, 0]
    used = np.unique(np.concatenate(list(steps.values())))
    shown = range(used[0], used[-1] + 1)
    for axes, (row, places) in zip(panels, steps.items(), strict=True):
        dress(axes, theme)
        counts = np.bincount(places, minlength=len(names))[shown]
        colour = theme.ink if row == ALL else theme.fill
        axes.bar(shown, counts / max(counts.max(), 1), 0.92, color=colour)
        axes.set_ylim(0, 1.05)
        axes.set_yticks([0.3], [row])
        axes.tick_params(length=0)
        axes.spines["left"].set_visible(False)
        _write_beside(axes, theme, middles[row], 0.3)
    _write_beside(panels[0], theme, "median", 1.1)
    ticks = [names[step] for step in shown]
    panels[-1].set_xticks(shown, ticks, rotation=45, ha="right", rotation_mode="anchor")
    panels[-1].set_xlabel(label)
    return figure


def _write_beside(axes: Axes, theme: Theme, text: str, height: float) -> None:
    """Writes a text to the right of a plot, at a height in shares of the plot's height."""
    axes.annotate(
        text,
        (1, height),
        (6, 0),
        xycoords="axes fraction",
        textcoords="offset points",
        va="center",
        color=theme.accent,
    )


def _canvas(theme: Theme, height: float) -> tuple[Figure, Axes]:
    figure = Figure((_WIDTH, height), layout="constrained", facecolor=theme.ground)
    axes = figure.subplots()
    dress(axes, theme)
    return figure, axes


def _legend(axes: Axes, theme: Theme, columns: int = 1) -> None:
    """Puts the legend above the plot, where it hides nothing."""
    axes.legend(
        frameon=False,
        labelcolor=theme.ink,
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
    )
