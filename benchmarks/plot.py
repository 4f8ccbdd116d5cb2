"""The plot of growth."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from benchmarks.growth import Growth


def draw_growth(growths: Sequence[Growth], path: Path) -> None:
    """Draws cost against amount on log-log axes, each beside a line of slope 1."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    for place, growth in zip(
        figure.subplots(1, len(growths), squeeze=False)[0], growths, strict=True
    ):
        _draw(place, growth)
    figure.suptitle("crackseg predict, start-up subtracted")
    figure.savefig(path, dpi=120)


def _draw(axes: Axes, growth: Growth) -> None:
    amounts, costs = [point.amount for point in growth.points], growth.costs
    for point in growth.points:
        spread = growth.by_turn(point)
        axes.scatter([point.amount] * len(spread), spread, s=12, color="0.6")
    axes.loglog(amounts, costs, "o-", label=f"median, slope {growth.slope:.2f}")
    middle = len(amounts) // 2
    proportional = [costs[middle] * amount / amounts[middle] for amount in amounts]
    axes.loglog(amounts, proportional, "--", color="0.4", label="slope 1")
    unit = "seconds of processor time" if growth.clock == "cpu" else "seconds"
    axes.set(xlabel=growth.what, ylabel=unit)
    axes.set_xticks(amounts)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.minorticks_off()
    axes.legend()
