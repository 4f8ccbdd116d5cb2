"""Which runs differ by more than the choice of photographs can explain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackseg.metrics.bootstrap import Difference, paired_bootstrap
from crackseg.metrics.overlap import total_scores
from crackseg.metrics.thin_structures import thin_scores
from crackseg.reporting.comparison.entries import RunResult
from crackseg.reporting.comparison.evaluations import Images

COMPARED = {
    "crack_iou": "crack IoU",
    "mean_iou": "mean IoU",
    "dice": "Dice",
    "precision": "precision",
    "recall": "recall",
    "cldice": "clDice",
}


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs judged on the same pixels, and how they differ from one of them, the baseline.

    Attributes:
        baseline: Run that the others are compared with.
        reason: Reason why these runs stand apart from those of the report's baseline; empty for its
            own.
        others: Other runs in the table's order, each with the difference of each figure from the
            baseline.
    """

    baseline: RunResult
    reason: str
    others: tuple[tuple[RunResult, Mapping[str, Difference]], ...]

    @property
    def entries(self) -> tuple[RunResult, ...]:
        """All runs of the comparison in the table's order."""
        members = [self.baseline, *(entry for entry, _ in self.others)]
        return tuple(sorted(members, key=lambda entry: entry.number))


def compare(entries: Sequence[RunResult], baseline: RunResult) -> list[Comparison]:
    """Compares runs with a baseline; runs judged on other pixels with the first run of their kind.

    Args:
        entries: Runs in the table's order.
        baseline: Baseline, one of these runs.

    Returns:
        Comparisons: first the baseline's own, then those of runs judged on other pixels.
    """
    groups: list[list[RunResult]] = [[baseline]]
    rest = [entry for entry in entries if entry is not baseline]
    for entry in sorted(rest, key=lambda entry: entry.run.started):
        fitting = (one for one in groups if not other_pixels(one[0].test.images, entry.test.images))
        group = next(fitting, None)
        if group is None:
            groups.append([entry])
        else:
            group.append(entry)
    return [_compare(group, baseline) for group in groups]


def other_pixels(first: Images, second: Images) -> str:
    """The reason why two evaluations were not of the same pixels; empty where they were."""
    ours, theirs = set(first.names), set(second.names)
    if ours != theirs:
        return f"judged on other photographs ({len(ours & theirs)} of {len(theirs)} are the same)"
    if not np.array_equal(_truth(first), _truth(second)):
        return "judged on the same photographs at another size or with another mask cut"
    return ""


def _compare(group: Sequence[RunResult], wanted: RunResult) -> Comparison:
    baseline, *others = group
    reason = other_pixels(wanted.test.images, baseline.test.images)
    found = [(entry, _differences(baseline, entry)) for entry in others]
    return Comparison(baseline, reason, tuple(sorted(found, key=lambda one: one[0].number)))


def _differences(baseline: RunResult, entry: RunResult) -> Mapping[str, Difference]:
    first, second = baseline.test.images, entry.test.images
    place = {name: index for index, name in enumerate(second.names)}
    order = [place[name] for name in first.names]
    return paired_bootstrap(_sums(first), _sums(second)[order], first.units, _statistic)


def _sums(images: Images) -> npt.NDArray[np.int64]:
    return np.concatenate([images.counts, images.thin], axis=1)


def _statistic(sums: npt.NDArray[Any]) -> dict[str, float]:
    counts, thin = sums[:4], sums[4:]
    figures = total_scores(counts) | thin_scores(thin.reshape(4, 4))
    return {name: figures[name] for name in COMPARED}


def _truth(images: Images) -> npt.NDArray[np.int64]:
    """Numbers of crack pixels and of all pixels of each image, in order of their names."""
    order = np.argsort(np.array(images.names))
    columns: npt.NDArray[np.int64] = np.stack([images.crack, images.counts.sum(axis=1)], axis=1)
    return columns[order]
