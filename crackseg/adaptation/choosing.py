"""Judges an adaptation on photographs left out.

A photograph counts once, whatever its size: its crack IoU is that of all of its parts together,
each as often as its weight says, and 1 where there is no crack and none is found. The threshold is
the one with the largest mean over the photographs that it is chosen on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from crackseg.adaptation.photographs import Labelled
from crackseg.inference.looks import Looking
from crackseg.metrics.histogram import count_probabilities
from crackseg.metrics.thresholds import THRESHOLD_GRID, best_of
from crackseg.models import SkipNetwork
from crackseg.system.progress import progress

LEVEL = 0.95
# Networks that are fitted to judge a fit.
MOST_FITS = 10
FloatArray = npt.NDArray[np.float64]
# Crack IoU of photographs at each threshold of the grid, (photographs, thresholds).
Ious = npt.NDArray[np.float64]
# Fits a copy of the network to photographs.
Fit = Callable[[Sequence[Labelled]], SkipNetwork]
Look = Callable[[SkipNetwork], Looking]


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Crack IoU of each photograph by what was chosen with all others.

    Attributes:
        before: Crack IoU by the network as it was, at its stored threshold, (photographs,).
        after: Crack IoU by the adapted one, (photographs,).
    """

    before: FloatArray
    after: FloatArray

    @property
    def gain(self) -> float:
        """Mean difference."""
        return float((self.after - self.before).mean())

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the mean difference, by Student's t over photographs."""
        differences = self.after - self.before
        reach = stats.t.ppf((1 + LEVEL) / 2, len(differences) - 1) * stats.sem(differences)
        return self.gain - float(reach), self.gain + float(reach)


@dataclass(frozen=True, eq=False)
class Adapted:
    """A network that was adapted.

    Attributes:
        left_out: What it gains on photographs left out.
        changed: What was changed, in words.
        former: Threshold before.
        threshold: Threshold now.
        photographs: Names of the labelled photographs.
    """

    left_out: LeftOut
    changed: str
    former: float
    threshold: float
    photographs: tuple[str, ...]


def least_gain(count: int) -> float:
    """Mean gain of crack IoU below which a number of photographs cannot tell it from nothing.

    A single photograph moves the mean by as much where its own crack IoU changes by a tenth.
    docs/adapting.md has the draws that this was chosen on.
    """
    return 0.1 / count


def chosen_threshold(ious: Ious) -> float:
    """The threshold with the largest mean crack IoU over photographs."""
    return best_of(ious.mean(axis=0).tolist(), THRESHOLD_GRID)[1]


def ious_of(looking: Looking, photographs: Sequence[Labelled]) -> Ious:
    """Crack IoU of photographs by a network, in the order of their names' first appearance."""
    counts: dict[str, FloatArray] = {}
    for one in photographs:
        probability = looking.probability(one.image)
        # Of the thresholds from 0 on; 0 itself is none of the grid.
        own = one.weight * count_probabilities(probability, one.crack).counts[1:]
        counts[one.photograph] = counts.get(one.photograph, np.zeros(own.shape)) + own
    hit, false, missed = np.stack(list(counts.values())).transpose(2, 0, 1)[:3]
    union = hit + false + missed
    return np.where(union > 0, hit / np.where(union > 0, union, 1), 1.0)


def with_threshold_of_others(ious: Ious) -> FloatArray:
    """Crack IoU of each photograph at the threshold that all others choose, (photographs,).

    Args:
        ious: Crack IoU of two or more photographs.
    """
    chosen = (chosen_threshold(np.delete(ious, left, axis=0)) for left in range(len(ious)))
    return np.array([at(one, threshold) for one, threshold in zip(ious, chosen, strict=True)])


def ious_left_out(photographs: Sequence[Labelled], fit: Fit, look: Look) -> Ious:
    """Crack IoU of each photograph by a network that is fitted without it.

    Above ten photographs a tenth of them is left out at a time.

    Args:
        photographs: Labelled photographs.
        fit: Function that fits the network to photographs.
        look: Function that makes a network look at photographs.

    Returns:
        Crack IoU in the order of the names' first appearance, (photographs, thresholds).
    """
    names = list(dict.fromkeys(one.photograph for one in photographs))
    parts = [names[first::MOST_FITS] for first in range(min(len(names), MOST_FITS))]
    found: dict[str, FloatArray] = {}
    for part in progress(parts, "Fitting without some", len(parts)):
        looking = look(fit([one for one in photographs if one.photograph not in part]))
        left = [one for one in photographs if one.photograph in part]
        of_part = dict.fromkeys(one.photograph for one in left)
        found |= zip(of_part, ious_of(looking, left), strict=True)
    return np.stack([found[name] for name in names])


def at(ious: FloatArray, threshold: float) -> FloatArray:
    """Crack IoU at a threshold of the grid, of photographs or of one."""
    return np.asarray(ious[..., THRESHOLD_GRID.index(threshold)])
