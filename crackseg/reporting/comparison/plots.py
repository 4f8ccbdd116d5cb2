"""Plots that compare runs, for paper and screen, light and dark.

Each run has its own colour and number.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from crackseg.metrics import curves
from crackseg.metrics.bootstrap import Interval
from crackseg.reporting.comparison.differences import Comparison
from crackseg.reporting.comparison.entries import RunResult
from crackseg.reporting.html.theme import DARK, Theme, dress

# Ten colours that differ well on their ground; with more runs than that, the dashes differ.
ON_LIGHT = (
    "#1f6fb4", "#c94f0a", "#23803a", "#7343b0", "#a3161f",
    "#057f8f", "#b8358a", "#7d4f30", "#7f7600", "#56616a",
)  # fmt: skip
ON_DARK = (
    "#6db3f2", "#ff9a5c", "#6fcf7f", "#b99bf0", "#ff8087",
    "#4fd3e3", "#f08fc8", "#cfa68f", "#d6d04a", "#aeb8c0",
)  # fmt: skip
# Lengths of dashes and gaps, in multiples of the line's width.
DASHES = ((), (5, 2), (1.2, 1.5), (6, 1.5, 1.2, 1.5), (12, 3))
_SIZE = (4.4, 2.9)
_ISO = (0.2, 0.4, 0.6, 0.8)
# Points of a curve; more than a screen can show.
_POINTS = 250


class Panel(NamedTuple):
    """A plot over the epochs: key of its file, title, and metrics of validation and training."""

    key: str
    title: str
    val: str
    train: str


PANELS = (
    Panel("loss", "loss", "val/loss", "train/loss"),
    Panel("best-iou", "crack IoU at each epoch's best threshold", "val/best_crack_iou", ""),
    Panel("iou", "crack IoU at .50", "val/crack_iou", "train/crack_iou"),
    Panel("accuracy", "accuracy at .50", "val/accuracy", "train/accuracy"),
    Panel("precision", "precision at .50", "val/precision", "train/precision"),
    Panel("recall", "recall at .50", "val/recall", "train/recall"),
    Panel("lr", "learning rate", "", "train/lr"),
)


def colour(entry: RunResult, theme: Theme) -> str:
    """Colour of a run."""
    colours = ON_DARK if theme is DARK else ON_LIGHT
    return colours[(entry.number - 1) % len(colours)]


def dashes_of(entry: RunResult) -> tuple[float, ...]:
    """Dashes and gaps of a run's lines; empty for a line without gaps."""
    return DASHES[(entry.number - 1) // len(ON_LIGHT) % len(DASHES)]


def learning_panel(entries: Sequence[RunResult], panel: Panel, theme: Theme) -> Figure:
    """Draws one metric of all runs over the epochs."""
    figure = new_figure(theme)
    _draw_panel(figure.subplots(), entries, panel, theme)
    return figure


def learning_curves(entries: Sequence[RunResult], theme: Theme) -> Figure:
    """Draws all metrics of all runs over the epochs, with a legend."""
    rows = -(-(len(PANELS) + 1) // 2)
    figure = new_figure(theme, (2 * _SIZE[0], rows * _SIZE[1]))
    axes = figure.subplots(rows, 2).flat
    for place, panel in zip(axes, PANELS, strict=False):
        _draw_panel(place, entries, panel, theme)
        place.set_title(panel.title, color=theme.ink, fontsize=10)
    last = axes[-1]
    last.axis("off")
    _legend(last, entries, theme, loc="center", fontsize=8)
    return figure


def precision_recall(entries: Sequence[RunResult], theme: Theme, legend: bool = False) -> Figure:
    """Draws precision over recall of all runs, with a dot at each stored threshold."""
    figure = new_figure(theme, (4.6, 4.5))
    axes = figure.subplots()
    prepare(axes, theme)
    _draw_iso(axes, theme)
    for entry in entries:
        curve = curves.precision_recall(entry.test.histogram)
        kept = _thinned(curve.recall)
        style = _style(entry, theme)
        axes.plot(curve.recall[kept], curve.precision[kept], linewidth=1.5, **style)
        stored = entry.test.metrics.stored.totals
        axes.plot(stored["recall"], stored["precision"], "o", color=style["color"], markersize=6)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
    if legend:
        _legend(axes, entries, theme, loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=8)
    return figure


def source_bars(
    found: Mapping[int, Interval], entries: Sequence[RunResult], most: float, theme: Theme
) -> Figure:
    """Draws crack IoU of one source under all runs, with intervals.

    Args:
        found: Figures by the run's number.
        entries: All runs, so that the bars of each source stand at the same places.
        most: Largest value that the axis shows.
        theme: Colours.
    """
    figure = new_figure(theme, (_SIZE[0], 0.27 * len(entries) + 0.75))
    axes = figure.subplots()
    prepare(axes, theme, "x")
    for entry in entries:
        if entry.number not in found:
            continue
        one = found[entry.number]
        axes.barh(entry.number, one.value, 0.7, color=colour(entry, theme), alpha=0.55)
        if one.low is not None and one.high is not None:
            axes.plot((one.low, one.high), (entry.number,) * 2, color=theme.ink, linewidth=1.6)
        axes.plot(one.value, entry.number, "|", color=theme.ink, markersize=9)
    _number_rows(axes, entries)
    axes.set(xlim=(0, min(1.05 * most, 1)), xlabel="crack IoU")
    return figure


def difference_marks(comparison: Comparison, theme: Theme) -> Figure:
    """Draws by how much crack IoU of each run differs from the baseline's, with intervals."""
    others = comparison.others
    figure = new_figure(theme, (_SIZE[0], 0.3 * len(others) + 0.85))
    axes = figure.subplots()
    prepare(axes, theme, "x")
    axes.axvline(0, color=theme.ink, linewidth=1)
    for place, (_, differences) in enumerate(others):
        difference = differences["crack_iou"]
        shade = theme.accent if difference.beyond_noise else theme.fill
        if difference.low is not None and difference.high is not None:
            axes.plot((difference.low, difference.high), (place, place), color=shade, linewidth=2.5)
        axes.plot(difference.value, place, "o", color=shade, markersize=7)
    axes.set_yticks(range(len(others)), [str(entry.number) for entry, _ in others])
    axes.set_ylim(len(others) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(f"difference of crack IoU from run {comparison.baseline.number}")
    return figure


def _draw_panel(axes: Axes, entries: Sequence[RunResult], panel: Panel, theme: Theme) -> None:
    prepare(axes, theme)
    for entry in entries:
        for metric in (panel.train, panel.val):
            curve = entry.history.get(metric, {})
            # Training is drawn as a thin line below validation, where there is validation.
            fine = metric == panel.train and panel.val
            look = {"linewidth": 0.8, "alpha": 0.6} if fine else {"linewidth": 1.6}
            style = _style(entry, theme) | look | ({"marker": "o"} if len(curve) == 1 else {})
            axes.plot([epoch + 1 for epoch in curve], list(curve.values()), **style)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if panel.key == "lr":
        axes.set_yscale("log")
        axes.tick_params(which="both", colors=theme.ink)
    elif panel.key not in ("loss", "accuracy"):
        axes.set_ylim(0, min(axes.get_ylim()[1], 1.01))


def new_figure(theme: Theme, size: tuple[float, float] = _SIZE) -> Figure:
    """A figure of a size in inches, whose parts make room for each other."""
    return Figure(size, layout="constrained", facecolor=theme.ground)


def prepare(axes: Axes, theme: Theme, grid: str = "both") -> None:
    """Gives axes a theme's colours, and a grid."""
    dress(axes, theme)
    axes.grid(axis=grid, color=theme.faint, linewidth=0.8)  # type: ignore[arg-type]


def _style(entry: RunResult, theme: Theme) -> dict[str, Any]:
    dashes = dashes_of(entry)
    return {"color": colour(entry, theme), "linestyle": (0, dashes) if dashes else "-"}


def _legend(axes: Axes, entries: Sequence[RunResult], theme: Theme, **placed: Any) -> None:
    lines = [Line2D([], [], linewidth=2, **_style(entry, theme)) for entry in entries]
    # Matplotlib leaves names that begin with an underscore out of a legend.
    names = [f"{entry.number}  {entry.label}".replace("$", r"\$") for entry in entries]
    axes.legend(lines, names, frameon=False, labelcolor=theme.ink, **placed)


def _draw_iso(axes: Axes, theme: Theme) -> None:
    """Draws lines of equal F1."""
    for f1 in _ISO:
        recall = np.linspace(f1 / (2 - f1), 1, 100)
        axes.plot(recall, f1 * recall / (2 * recall - f1), ":", color=theme.fill, linewidth=0.9)
        axes.annotate(
            f"F1 {f1:g}", (f1 / (2 - f1), 1.01), (0, 2), textcoords="offset points",
            ha="center", color=theme.fill, fontsize=8,
        )  # fmt: skip


def _thinned(recall: Any) -> Any:
    """Indices of the last point in each small step of recall, and of the very last point."""
    steps = np.floor(recall * _POINTS)
    return np.append(np.flatnonzero(np.diff(steps)), len(recall) - 1)


def _number_rows(axes: Axes, entries: Sequence[RunResult]) -> None:
    axes.set_yticks([entry.number for entry in entries], [str(entry.number) for entry in entries])
    axes.set_ylim(len(entries) + 0.6, 0.4)
    axes.tick_params(axis="y", length=0)
