"""Plots and contact sheets as PNG files."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from PIL import Image

from crackseg.evaluation import curves
from crackseg.files import replacing
from crackseg.metrics import THRESHOLD_GRID
from crackseg.pixels import UInt8Array, resize

CRACK_COLOUR = (255, 40, 90)

# The report's four panels: title and the metrics drawn in each.
_PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Loss", ("loss",)),
    ("Accuracy", ("accuracy",)),
    ("Precision and recall", ("precision", "recall")),
    ("Crack IoU", ("crack_iou",)),
)
_STAGE_COLOURS = {"train": "tab:blue", "val": "tab:orange"}
_LINE_STYLES = ("-", "--")
_DPI = 110


def read_history(path: Path) -> dict[str, dict[int, float]]:
    """Reads Lightning's CSV log: for every metric its value by epoch."""
    history: dict[str, dict[int, float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            epoch = row.pop("epoch", "")
            for name, value in row.items():
                # What was logged outside of an epoch has no place on the curves.
                if epoch and value:
                    history.setdefault(name, {})[int(epoch)] = float(value)
    return history


def learning_curves(history: Mapping[str, Mapping[int, float]], path: Path) -> None:
    """Draws loss, accuracy, precision and recall, and crack IoU over the epochs."""
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
        if title != "Loss":
            axes.set_ylim(0, 1)
        axes.grid(alpha=0.3)
        axes.legend()
    save_figure(figure, path)


def threshold_curves(totals: npt.NDArray[np.int64], threshold: float, path: Path) -> None:
    """Draws crack IoU, Dice, precision and recall over the threshold.

    Args:
        totals: int64 (thresholds, 4), true and false positives, false and true negatives at
            :data:`crackseg.metrics.THRESHOLD_GRID`.
        threshold: to be marked.
        path: of the PNG.
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
        histogram: int64 (2, 4096), see :class:`crackseg.evaluation.tally.Tally`.
        path: of the PNG.
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
    """Draws how often pixels of a probability are crack.

    Args:
        probability: mean of each bin, in [0, 1].
        share: of its pixels that are crack, in [0, 1].
        path: of the PNG.
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


def overlay(image: UInt8Array, mask: npt.NDArray[np.bool_], strength: float = 0.6) -> UInt8Array:
    """Colours the crack pixels of a photograph.

    Args:
        image: uint8 (H, W, 3).
        mask: bool (H, W).
        strength: share of the colour in a crack's pixel.
    """
    coloured = image.astype(np.float32)
    coloured[mask] = (1 - strength) * coloured[mask] + strength * np.array(CRACK_COLOUR)
    return np.round(coloured).astype(np.uint8)


def as_heat(probability: npt.NDArray[np.float32]) -> UInt8Array:
    """Probability (H, W) in [0, 1] as a grey picture, uint8 (H, W, 3)."""
    grey = np.round(np.clip(probability, 0, 1) * 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def contact_sheet(
    pictures: Sequence[UInt8Array],
    columns: int,
    path: Path,
    titles: Sequence[str] = (),
    side: int = 160,
) -> None:
    """Writes pictures row by row as one PNG.

    Args:
        pictures: uint8 (H, W, 3) each; all are brought to ``side`` pixels square.
        columns: pictures in a row.
        path: of the PNG.
        titles: of the columns; none if empty.
        side: of a picture on the sheet, in pixels.
    """
    rows = -(-len(pictures) // columns)
    gap, head = 4, 22 if titles else 0
    height, width = head + rows * (side + gap), columns * (side + gap)
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas = np.full((height, width, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        top, left = head + row * (side + gap), column * (side + gap)
        canvas[top : top + side, left : left + side] = resize(picture, (side, side))
    figure.figimage(canvas)
    for column, title in enumerate(titles):
        x = (column * (side + gap) + side / 2) / width
        figure.text(x, 1 - head / 2 / height, title, ha="center", va="center", fontsize=9)
    save_figure(figure, path, dpi=100)


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
    with replacing(path) as name:
        figure.savefig(name, format="png", dpi=dpi)
