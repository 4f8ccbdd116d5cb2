"""Plots as PNG files."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from crackseg.images.pixels import UInt8Array
from crackseg.metrics import curves
from crackseg.metrics.thresholds import THRESHOLD_GRID
from crackseg.system.files import atomic_write

# The report's four panels: the title of each and the metrics drawn in it.
_PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Loss", ("loss",)),
    ("Accuracy", ("accuracy",)),
    ("Precision and recall", ("precision", "recall")),
    ("Crack IoU", ("crack_iou",)),
)
_STAGE_COLOURS = {"train": "tab:blue", "val": "tab:orange"}
_LINE_STYLES = ("-", "--")
_DPI = 110


def learning_curves(history: Mapping[str, Mapping[int, float]], path: Path) -> None:
    """Draws loss, accuracy, precision and recall, and crack IoU over the epochs.

    Args:
        history: Values by epoch (from 0) of each metric, such as ``val/crack_iou``.
        path: Path of the PNG file.
    """
    figure = Figure(figsize=(10, 7), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(2, 2).flat, _PANELS, strict=True):
        for name, style in zip(names, _LINE_STYLES, strict=False):
            for stage, colour in _STAGE_COLOURS.items():
                curve = history.get(f"{stage}/{name}", {})
                label = f"{stage} {name}" if len(names) > 1 else stage
                marker = "o" if len(curve) == 1 else None
                axes.plot(
                    [epoch + 1 for epoch in curve],
                    list(curve.values()),
                    style,
                    color=colour,
                    label=label,
                    marker=marker,
                )
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        if title != "Loss":
            axes.set_ylim(0, 1)
        axes.grid(alpha=0.3)
        axes.legend()
    save_figure(figure, path)


def threshold_curves(totals: npt.NDArray[np.int64], threshold: float, path: Path) -> None:
    """Draws crack IoU, Dice, precision and recall over the threshold.

    Args:
        totals: True and false positives, false and true negatives at
            :data:`crackseg.metrics.thresholds.THRESHOLD_GRID`, int64 (thresholds, 4).
        threshold: Threshold that is marked.
        path: Path of the PNG file.
    """
    save_figure(_threshold_figure(totals, threshold), path)


def threshold_picture(totals: npt.NDArray[np.int64], threshold: float) -> UInt8Array:
    """The picture of :func:`threshold_curves`, uint8 (H, W, 3)."""
    png = io.BytesIO()
    _threshold_figure(totals, threshold).savefig(png, format="png", dpi=_DPI)
    with Image.open(png) as picture:
        return np.asarray(picture.convert("RGB"))


def precision_recall(histogram: npt.NDArray[np.int64], path: Path) -> None:
    """Draws a precision-recall curve.

    Args:
        histogram: Bins of :class:`crackseg.metrics.histogram.ProbabilityHistogram`, int64 (2,
            4096).
        path: Path of the PNG file.
    """
    curve = curves.precision_recall(histogram)
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot(curve.recall, curve.precision)
    average = curves.average_precision(histogram)
    axes.set(title=f"Average precision {average:.3f}", xlabel="recall", ylabel="precision")
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.grid(alpha=0.3)
    save_figure(figure, path)


def reliability(probability: Sequence[float], share: Sequence[float], path: Path) -> None:
    """Draws the share of crack among the pixels of each probability.

    Args:
        probability: Mean probability of each bin, in [0, 1].
        share: Share of the bin's pixels that are crack, in [0, 1].
        path: Path of the PNG file.
    """
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot((0, 1), (0, 1), color="grey", linestyle=":", label="calibrated")
    axes.plot(probability, share, marker="o", label="this network")
    axes.set(xlabel="probability of crack", ylabel="share that is crack")
    axes.set(title="Reliability", xlim=(0, 1), ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)


def _threshold_figure(totals: npt.NDArray[np.int64], threshold: float) -> Figure:
    tp, fp, fn, _ = totals.T
    curves = {
        "crack IoU": (tp, tp + fp + fn),
        "Dice": (2 * tp, 2 * tp + fp + fn),
        "precision": (tp, tp + fp),
        "recall": (tp, tp + fn),
    }
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    for label, (part, whole) in curves.items():
        axes.plot(THRESHOLD_GRID, part / np.maximum(whole, 1), label=label)
    axes.axvline(threshold, color="black", linestyle=":", label=f"threshold {threshold:.2f}")
    axes.set(title="At every threshold", xlabel="threshold", xlim=(0, 1), ylim=(0, 1))
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def save_figure(figure: Figure, path: Path, dpi: int = _DPI) -> None:
    """Writes a figure as a PNG file."""
    with atomic_write(path) as name:
        figure.savefig(name, format="png", dpi=dpi)
