"""Verifies a data set: what it holds and what is wrong with it. Changes none of its files."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.data.analysis.inspection import Inspection, Unreadable, inspect_all
from crackseg.data.analysis.problems import KINDS, Problem, exclusions, find_problems
from crackseg.data.annotations.masks.encoding import CrackMeaning
from crackseg.data.cache.mask_encodings import MaskMeaning, decide_meaning
from crackseg.data.discovery.pairs import Pair, WithoutMask, find_pairs_below
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.name_rules import origin
from crackseg.data.splits.official import ready_subsets, subsets_by_folder
from crackseg.errors import DatasetError

CUTS = (0, 64, 127)
BINS = 16


@dataclass(frozen=True)
class Summary:
    """Figures of the masks of one source, or of all.

    Attributes:
        pairs: Number of pairs, with those that cannot be read.
        empty: Number of masks without any pixel above 0.
        histogram: Number of pixels by value, in 16 bins of 16 values.
        crack_share: Share of all pixels that are crack, in [0, 1], by mask threshold.
        emptied: Number of masks that were not empty and of which no pixel is left, by mask
            threshold.
    """

    pairs: int
    empty: int
    histogram: tuple[int, ...]
    crack_share: dict[int, float]
    emptied: dict[int, int]


@dataclass(frozen=True)
class Verification:
    """Result of a verification; files are named by their path relative to the root.

    Attributes:
        root: Folder that was verified, or the common parent of several.
        overall: Figures of all masks.
        sources: Figures by source, the largest first; "" stands for an unknown source.
        subsets: Number of pairs in each ready subset; "" stands for pairs in none.
        image_sizes: Number of photographs by size, such as "400x300" (width x height), the most
            frequent first.
        mask_kinds: Number of masks by their kind of storage.
        images_without_mask: Photographs without a mask; training leaves them out and says so.
        masks_without_image: Masks without a photograph; training leaves them out and says so.
        mask_lines: What mask pictures mean, in words.
        problems: Problems, see :mod:`crackseg.data.analysis.problems`.
        labels: Line on which labels of annotation files count as cracks; empty without such files.
        remarks: Lines on how photographs and masks were found.
    """

    root: str
    overall: Summary
    sources: dict[str, Summary]
    subsets: dict[str, int]
    image_sizes: dict[str, int]
    mask_kinds: dict[str, int]
    images_without_mask: tuple[str, ...]
    masks_without_image: tuple[str, ...]
    mask_lines: tuple[str, ...]
    problems: tuple[Problem, ...]
    labels: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def spoils(self) -> bool:
        """Whether a problem was found that would spoil a training."""
        return any(problem.spoils for problem in self.problems)

    @property
    def exclusions(self) -> dict[str, str]:
        """Images to leave out so that nothing spoils a training, with the reasons."""
        return exclusions(self.problems)

    def of_kind(self, kind: str) -> list[Problem]:
        """The problems of a kind."""
        return [problem for problem in self.problems if problem.kind == kind]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a JSON file, with problems by their kind."""
        plain = asdict(self)
        plain["problems"] = {
            kind: [
                {
                    "detail": problem.detail,
                    "images": [pair.image for pair in problem.pairs],
                    "masks": [pair.mask for pair in problem.pairs],
                }
                for problem in self.of_kind(kind)
            ]
            for kind in KINDS
        }
        return {**plain, "spoils": self.spoils}


def verify(
    roots: Sequence[Path],
    without_mask: WithoutMask = "leave_out",
    meaning: CrackMeaning | None = None,
    crack_labels: Collection[str] = (),
) -> Verification:
    """Reads every pair below the roots and finds problems.

    Args:
        roots: Roots of data sets; with several, paths are relative to their common parent folder.
        without_mask: Treatment of photographs without a mask.
        meaning: What the user says about mask pictures; None for nothing.
        crack_labels: Labels of annotation files that count as cracks; none guesses them.

    Raises:
        DatasetNotFoundError: There are no pairs below a root.
        DatasetError: Files contradict each other.
    """
    found = find_pairs_below(roots, without_mask, crack_labels)
    masks = decide_meaning(found, roots, meaning or CrackMeaning(), None)
    inventory = masks.inventory
    return judge(masks, roots, inspect_all(inventory.root, inventory.pairs))


def judge(
    masks: MaskMeaning, roots: Sequence[Path], inspected: Sequence[Inspection | Unreadable]
) -> Verification:
    """Makes a verification from the inspection of all pairs below the roots."""
    inventory = masks.inventory
    subsets, lists = _ready_subsets(inventory.pairs, roots)
    readable = [one for one in inspected if isinstance(one, Inspection)]
    by_source: dict[str, list[Inspection | Unreadable]] = defaultdict(list)
    for one in inspected:
        by_source[origin(one.pair.stem).source].append(one)
    largest_first = sorted(by_source.items(), key=lambda item: (-len(item[1]), item[0]))
    sizes = Counter("{1}x{0}".format(*one.image_size) for one in readable)
    return Verification(
        root=str(inventory.root),
        overall=_summarise(inspected),
        sources={source: _summarise(ones) for source, ones in largest_first},
        subsets=dict(
            sorted(Counter(subsets.get(pair.image, "") for pair in inventory.pairs).items())
        ),
        image_sizes=dict(sizes.most_common()),
        mask_kinds=dict(Counter(one.mask_kind for one in readable).most_common()),
        images_without_mask=inventory.images_without_mask,
        masks_without_image=inventory.masks_without_image,
        mask_lines=masks.lines if masks.decisions else (),
        problems=(
            *(Problem("class_numbers", (), question) for question in masks.questions()),
            *(Problem("odd_masks", (), remark) for remark in masks.remarks),
            *find_problems(inspected, subsets),
            *lists,
        ),
        labels=inventory.said_labels,
        remarks=inventory.remarks,
    )


def _ready_subsets(
    pairs: Sequence[Pair], roots: Sequence[Path]
) -> tuple[dict[str, str], list[Problem]]:
    """Ready subsets by image, and a problem if the lists of subsets are wrong."""
    try:
        return ready_subsets(describe(pairs), roots), []
    except DatasetError as error:
        return subsets_by_folder(pairs), [Problem("ready_lists", (), str(error))]


def _summarise(inspected: Sequence[Inspection | Unreadable]) -> Summary:
    values = [one.values for one in inspected if isinstance(one, Inspection)]
    # Shape (masks, 256); without any mask there are still 256 columns.
    counts = np.array(values, dtype=np.int64).reshape(-1, 256)
    # Column v is the number of pixels of each mask with a value above v.
    above = counts.sum(axis=1, keepdims=True) - counts.cumsum(axis=1)
    total = max(int(counts.sum()), 1)
    return Summary(
        pairs=len(inspected),
        empty=int((above[:, 0] == 0).sum()),
        histogram=tuple(counts.sum(axis=0).reshape(BINS, -1).sum(axis=1).tolist()),
        crack_share={cut: int(above[:, cut].sum()) / total for cut in CUTS},
        emptied={cut: int(((above[:, 0] > 0) & (above[:, cut] == 0)).sum()) for cut in CUTS},
    )
