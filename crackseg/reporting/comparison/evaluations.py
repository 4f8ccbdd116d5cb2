"""Reads evaluations back from their folders."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.evaluation.results import HISTOGRAM, IMAGES, METRICS, Evaluation
from crackseg.metrics.bootstrap import Interval
from crackseg.metrics.false_positives import Strays
from crackseg.metrics.histogram import Counts
from crackseg.metrics.thin_structures import Matches, ThinCounts

_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
_THIN = tuple(f"{kind}_{name}" for kind in ThinCounts._fields for name in Matches._fields)
_STRAYS = tuple(f"strays_{name}" for name in Strays._fields)


@dataclass(frozen=True, eq=False)
class Images:
    """Counts of each image at the stored threshold.

    Attributes:
        names: Paths of the images relative to the data set's root, in order.
        sources: Sub-datasets; empty where not known.
        units: Names of the units that the bootstrap draws.
        widths: Median width of the true cracks in pixels, float64 (images,).
        vanished: Whether resizing and cutting left nothing of the marked cracks, bool (images,).
        counts: True and false positives, false and true negatives, int64 (images, 4).
        thin: Flat :class:`crackseg.metrics.thin_structures.ThinCounts` of each image, int64
            (images, 16).
        strays: False positives near a true crack, and far from any, int64 (images, 2).
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    units: tuple[str, ...]
    widths: Any
    vanished: Any
    counts: Counts
    thin: Counts
    strays: Counts

    @property
    def crack(self) -> Counts:
        """Number of pixels that are crack in truth, int64 (images,)."""
        pixels: Counts = self.counts[:, 0] + self.counts[:, 2]
        return pixels

    @property
    def missed(self) -> Counts:
        """Length of true centre lines that were missed, in pixels, int64 (images,).

        A line is missed where it is farther than 4 px from any centre line that was found.
        """
        lines = self.thin.reshape(-1, len(ThinCounts._fields), len(Matches._fields))
        centre = lines[:, ThinCounts._fields.index("centreline")]
        _, _, true, hits = centre.T
        missed: Counts = true - hits
        return missed

    def ious(self) -> Any:
        """Crack IoU of each image, float64 (images,); 1 without crack where none was found."""
        hits, whole = self.counts[:, 0], self.counts[:, :3].sum(axis=1)
        return np.where(whole > 0, hits / np.maximum(whole, 1), 1.0)


@dataclass(frozen=True, eq=False)
class StoredEvaluation:
    """An evaluation that was read back from its folder.

    Attributes:
        metrics: Figures with the protocol that they were measured by.
        images: Counts of each image.
        histogram: Bins of :class:`crackseg.metrics.histogram.ProbabilityHistogram`, int64 (2,
            4096).
    """

    metrics: Evaluation
    images: Images
    histogram: Counts

    def sources(self) -> dict[str, Interval]:
        """Crack IoU and its interval for each source that has crack."""
        return {
            name: Interval(part.totals["crack_iou"], *part.intervals.totals["crack_iou"])
            for name, part in self.metrics.by.source.items()
            if part.has_crack
        }


def read_evaluation(folder: Path, checkpoint: Path) -> StoredEvaluation | None:
    """Reads a stored evaluation.

    Args:
        folder: Folder of the evaluation.
        checkpoint: Checkpoint that was evaluated.

    Returns:
        The evaluation. None where there is none, where the checkpoint is newer, or where the files
        cannot be used (written by another version of this package, or damaged).
    """
    try:
        paths = [folder / name for name in (METRICS, IMAGES, HISTOGRAM)]
        if min(path.stat().st_mtime for path in paths) < checkpoint.stat().st_mtime:
            return None
        metrics = Evaluation.from_json(paths[0].read_bytes())
        evaluation = StoredEvaluation(
            metrics, _read_images(paths[1]), np.load(paths[2], allow_pickle=False)
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError):
        return None
    has_protocol = metrics.protocol and metrics.leak_line
    consistent = len(evaluation.images.names) == metrics.images and len(evaluation.histogram) == 2
    return evaluation if has_protocol and consistent else None


def _read_images(path: Path) -> Images:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    def texts(column: str) -> tuple[str, ...]:
        return tuple(row[column] for row in rows)

    def numbers(*columns: str) -> Counts:
        return np.array([[int(row[column]) for column in columns] for row in rows], np.int64)

    return Images(
        names=texts("image"),
        sources=texts("source"),
        units=texts("unit"),
        widths=np.array([float(row["width"]) for row in rows]),
        vanished=np.array([row["vanished"] == "1" for row in rows]),
        counts=numbers(*_COUNTS),
        thin=numbers(*_THIN),
        strays=numbers(*_STRAYS),
    )
