"""Measures a data set for its page: each pair, ways to divide it, and problems."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crackseg.data.analysis.inspection import Inspection, inspect_all
from crackseg.data.analysis.problems import COPIES, Problem
from crackseg.data.analysis.verify import CUTS, Verification, judge
from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.annotations.masks.encoding import CrackMeaning
from crackseg.data.cache.mask_encodings import decide_meaning
from crackseg.data.cache.survey import PairStatistics, survey
from crackseg.data.discovery.pairs import Pair, WithoutMask, find_pairs_below
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.leakage import find_leaks
from crackseg.data.splits.manifest import Manifest
from crackseg.data.splits.name_rules import Origin, origin
from crackseg.data.splits.strategies import split_by_photograph, split_randomly
from crackseg.errors import DatasetError
from crackseg.geometry import crack_widths
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array, binarize, resize
from crackseg.preprocessing import Preprocessing
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress


@dataclass(frozen=True, eq=False)
class Measured:
    """Measurements of one pair.

    Attributes:
        pair: Files of the pair.
        own: Inspection of the files at their own size.
        small: Statistics of the files at training size.
        widths: Widths of its cracks along their middle lines, in pixels of the photograph, float32
            (N,).
    """

    pair: Pair
    own: Inspection
    small: PairStatistics
    widths: npt.NDArray[np.float32]

    @property
    def origin(self) -> Origin:
        """Source and photograph, as far as its name says them."""
        return origin(self.pair.stem)

    def crack_share(self, mask_threshold: int) -> float:
        """Share of the mask's pixels above a threshold, at its own size, in [0, 1]."""
        return self.own.crack_pixels(mask_threshold) / int(self.own.values.sum())

    def share_lost(self, gentle: int, harsh: int) -> float:
        """Share of the crack above a lower threshold that is lost above a higher one, in [0, 1].

        It is the mean of the shares at the mask's own size and at training size, since a black and
        white mask has grey values only after it is resized.
        """
        counts = (self.own.crack_pixels, self.small.crack_pixels)
        return sum(1 - count(harsh) / count(gentle) for count in counts if count(gentle)) / 2


class Division(NamedTuple):
    """Result of a way to divide: number of pairs by subset, and its leaks in one line.

    Where the data cannot be divided in this way, there are no counts and the line says why.
    """

    counts: Mapping[str, int]
    line: str


@dataclass(frozen=True, eq=False)
class Exploration:
    """Measurements of a data set.

    Attributes:
        root: Folder that all paths are relative to.
        preprocessing: Way in which masks are resized and cut.
        measured: All pairs that can be read.
        verification: Result of the verification of all pairs.
        divisions: Ways to divide, by their name in ``data.split``.
    """

    root: Path
    preprocessing: Preprocessing
    measured: tuple[Measured, ...]
    verification: Verification
    divisions: Mapping[str, Division]

    @property
    def mask_threshold(self) -> int:
        """The chosen mask threshold."""
        return self.preprocessing.mask_threshold

    @property
    def mask_thresholds(self) -> tuple[int, ...]:
        """The usual mask thresholds and the chosen one, ascending."""
        return tuple(sorted({*CUTS, self.mask_threshold}))

    @cached_property
    def sources(self) -> dict[str, list[Measured]]:
        """The pairs by source, the largest first; "" stands for an unknown source."""
        by_source: dict[str, list[Measured]] = defaultdict(list)
        for one in self.measured:
            by_source[one.origin.source].append(one)
        return dict(sorted(by_source.items(), key=lambda item: (-len(item[1]), item[0])))


def explore(
    roots: Sequence[Path],
    preprocessing: Preprocessing,
    cache: Path,
    without_mask: WithoutMask = "leave_out",
    meaning: CrackMeaning | None = None,
    crack_labels: Collection[str] = (),
) -> Exploration:
    """Reads and measures all pairs below the roots.

    Args:
        roots: Roots of data sets; with several, paths are relative to their common parent folder.
        preprocessing: Size and mask threshold at which balance and weights are measured.
        cache: Folder of stored surveys, see :func:`crackseg.data.cache.survey.survey`.
        without_mask: Treatment of photographs without a mask.
        meaning: What the user says about mask pictures; None for nothing.
        crack_labels: Labels of annotation files that count as cracks; none guesses them.

    Raises:
        DatasetNotFoundError: There are no pairs below a root.
        DatasetError: Files contradict each other, or no pair can be read.
    """
    found = find_pairs_below(roots, without_mask, crack_labels)
    masks = decide_meaning(found, roots, meaning or CrackMeaning(), cache)
    masks.log()
    inventory, root = masks.inventory, masks.inventory.root
    inspected = inspect_all(root, inventory.pairs)
    verification = judge(masks, roots, inspected)
    own = [one for one in inspected if isinstance(one, Inspection)]
    if not own:
        raise DatasetError(
            f"{root}: none of its {len(inspected)} pairs can be read; crackseg data verify says why"
        )
    small = survey(root, [one.pair for one in own], preprocessing, cache)
    widths = _measure_widths(root, own, preprocessing.mask_threshold)
    measured = tuple(
        Measured(one.pair, one, found, along)
        for one, found, along in zip(own, small, widths, strict=True)
    )
    divisions = _divisions(measured, verification.problems)
    return Exploration(root, preprocessing, measured, verification, divisions)


def read_pair(root: Path, pair: Pair) -> tuple[UInt8Array, UInt8Array]:
    """Reads a photograph (H, W, 3) and its grey mask (H, W), resized to the photograph's size.

    Raises:
        UnreadableImageError: A file cannot be decoded.
    """
    photograph = read_photograph(root / pair.image)
    return photograph, _read_mask(root, pair, photograph.shape[:2])


def _read_mask(root: Path, pair: Pair, size: tuple[int, int]) -> UInt8Array:
    return resize(read_truth(root, pair.mask, size), size)


def _measure_widths(
    root: Path, inspected: Sequence[Inspection], mask_threshold: int
) -> list[npt.NDArray[np.float32]]:
    def measure(one: Inspection) -> npt.NDArray[np.float32]:
        return crack_widths(binarize(_read_mask(root, one.pair, one.image_size), mask_threshold))

    with thread_pool() as pool:
        results = pool.map(measure, inspected)
        return list(progress(results, "Measuring cracks", len(inspected)))


def _divisions(measured: Sequence[Measured], problems: Iterable[Problem]) -> dict[str, Division]:
    """Results of the two ways to divide that any data set allows."""
    place = {one.pair.image: index for index, one in enumerate(measured)}
    copies = [
        (place[problem.pairs[0].image], place[other.image])
        for problem in problems
        if problem.kind in COPIES
        for other in problem.pairs[1:]
    ]
    rows = describe([one.pair for one in measured], duplicates=copies)
    shares = [one.small.share for one in measured]
    ways = {
        "random": partial(split_randomly, rows),
        "grouped": partial(split_by_photograph, rows, shares),
    }
    return {name: _divide(way) for name, way in ways.items()}


def _divide(way: Callable[[], Manifest]) -> Division:
    try:
        manifest = way()
    except DatasetError as error:
        return Division({}, str(error))
    return Division(manifest.counts, find_leaks(manifest).summary())
