"""Finds pairs that would spoil a training, and pairs that deserve a look.

A photograph that training leaves out with a message, such as one without a mask, spoils nothing. A
wrong pair that training would take without a message spoils it, and so does a damaged file.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from crackseg.data.analysis.inspection import Inspection, Unreadable
from crackseg.data.annotations.masks.margins import REMEDY
from crackseg.data.annotations.masks.sizes import match_sizes
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.duplicates.clusters import clusters
from crackseg.data.splits.duplicates.near_duplicates import near_duplicates


class Kind(NamedTuple):
    """A kind of problem: its title, whether it spoils a training, and what to do."""

    title: str
    spoils: bool
    remedy: str


_COPIES_REMEDY = "data.split=grouped keeps the copies together, --exclude leaves all but one out"
KINDS: dict[str, Kind] = {
    "unreadable": Kind(
        "files that cannot be read",
        True,
        "do what stands beside each; damaged ones: copy them again",
    ),
    "class_numbers": Kind(
        "masks of class numbers of which it is not known which is crack",
        True,
        "say it with data.crack_values, or here with --crack-values",
    ),
    "no_crack_left": Kind(
        "masks that the mask threshold empties, all or most of them",
        True,
        "lower data.mask_threshold, or say what is crack with data.crack_values or "
        "data.crack_colours",
    ),
    "other_shape": Kind(
        "masks of another shape than their photograph",
        True,
        "training leaves them out; export them at the photographs' size, or turn them alike",
    ),
    "undrawable": Kind(
        "annotations that cannot be drawn on their photograph",
        True,
        "mend them where they were made, or annotate the photograph as it is now; training leaves "
        "these photographs out",
    ),
    "no_mask": Kind(
        "saliency maps, photographs or small numbers instead of masks",
        True,
        "put true masks there, white on black; those of CrackSeg9k stand in Masks, not in Heads",
    ),
    "wrong_size": Kind(
        "photographs and masks of different sizes and one shape",
        False,
        "training resizes the masks; a mask of a part of the photograph must be mended",
    ),
    "inverted": Kind("masks that look inverted", True, "invert them, so that cracks are white"),
    "figure": Kind(
        "figures with a white margin instead of masks",
        True,
        REMEDY,
    ),
    "borrowed_mask": Kind(
        "masks that different photographs share",
        True,
        "see which of the photographs each belongs to, most likely the first",
    ),
    "across_subsets": Kind(
        "photographs that stand in several ready subsets",
        True,
        "--exclude leaves the copies out and keeps test sets whole",
    ),
    "mostly_crack": Kind(
        "masks that are mostly crack", False, "see whether they are inverted or drawn carelessly"
    ),
    "identical": Kind(
        "photographs that stand there several times, equal pixel for pixel",
        False,
        _COPIES_REMEDY,
    ),
    "near_duplicates": Kind(
        "photographs that stand there several times, resized, turned or recompressed",
        False,
        _COPIES_REMEDY,
    ),
    "odd_masks": Kind("masks that differ from the others", False, "see whether they are right"),
    "ready_lists": Kind(
        "lists of ready subsets that cannot be used",
        False,
        "mend them before training with data.split=official",
    ),
}
COPIES = ("across_subsets", "identical", "near_duplicates")

# Grey above which a mask is crack, where nothing else is said.
_CORE = 127
_HEADS, _IMAGES = (480, 480), (400, 400)
# Share of grey pixels. None of 2,521 real masks has more than 0.09, even with wide grey rims.
_SOFT = 0.25
# Sharpest step. Real masks have 219 at least, and lines of one pixel that were shrunk to half their
# size still have 100. A map that was enlarged from 32 to 480 pixels has 50 at most.
_BLURRED = 50
# Share of crack. One of these real masks has as much.
_MOSTLY = 0.5
# Share of crack. No real mask has as much, whatever the brightness of its crack.
_NEARLY_ALL = 0.8


@dataclass(frozen=True)
class Problem:
    """A problem of one or several pairs.

    Attributes:
        kind: Kind of problem, a key of :data:`KINDS`.
        pairs: All pairs concerned; of copies, the one to keep comes first.
        detail: Short text of what was found.
    """

    kind: str
    pairs: tuple[Pair, ...]
    detail: str

    @property
    def spoils(self) -> bool:
        """Whether the problem would spoil a training."""
        return KINDS[self.kind].spoils


def find_problems(
    inspected: Sequence[Inspection | Unreadable], subsets: Mapping[str, str]
) -> list[Problem]:
    """Finds the problems of a data set, in the order of :data:`KINDS`.

    Args:
        inspected: Pairs of the data set, as they were inspected.
        subsets: Ready subset by image, ``train``, ``val`` or ``test``, where there is one.
    """
    readable = [one for one in inspected if isinstance(one, Inspection)]
    problems = [
        Problem("undrawable" if one.annotated else "unreadable", (one.pair,), one.complaint)
        for one in inspected
        if isinstance(one, Unreadable)
    ]
    problems += [problem for one in readable if (problem := _judge(one)) is not None]
    problems += _emptied(readable)
    copies = _find_copies(readable)
    problems += _borrowed_masks(readable, copies)
    problems += [
        _judge_copies([readable[place] for place in cluster], subsets) for cluster in copies
    ]
    order = list(KINDS)
    return sorted(problems, key=lambda problem: order.index(problem.kind))


def exclusions(problems: Sequence[Problem]) -> dict[str, str]:
    """Lists what to leave out so that nothing spoils a training: reasons by image.

    One of several copies stays.
    """
    rows: dict[str, str] = {}
    for problem in problems:
        if problem.spoils and problem.kind not in COPIES:
            reason = f"{problem.kind}: {problem.detail}"
            rows |= {pair.image: reason for pair in problem.pairs if pair.image not in rows}
    # Copies come last, so that the copy that stays has none of the other problems.
    for problem in (one for one in problems if one.kind in COPIES):
        images = [pair.image for pair in problem.pairs if pair.image not in rows]
        if images:
            rows |= dict.fromkeys(images[1:], f"{problem.kind}: copy of {images[0]}")
    return rows


def _emptied(readable: Sequence[Inspection]) -> list[Problem]:
    """A problem where the default threshold leaves no crack in most masks that mark any."""
    marked = [one for one in readable if one.crack_pixels(0) and one.mask_kind != "annotation"]
    emptied = [one for one in marked if not one.crack_pixels(_CORE)]
    if len(emptied) * 2 <= len(marked):
        return []
    brightest = max(int(np.flatnonzero(one.values)[-1]) for one in emptied)
    detail = (
        f"{len(emptied)} of {len(marked)} hold nothing brighter than {brightest}, and crack is "
        f"what is above {_CORE}"
    )
    return [Problem("no_crack_left", tuple(one.pair for one in emptied), detail)]


def _judge(inspection: Inspection) -> Problem | None:
    """The worst problem of a pair by itself."""
    sizes = f"mask {_text(inspection.mask_size)}, photograph {_text(inspection.image_size)}"
    if inspection.soft_share > _SOFT:
        return Problem("no_mask", (inspection.pair,), f"{inspection.soft_share:.0%} of it is grey")
    if inspection.sharpest < _BLURRED and not inspection.is_uniform:
        step = f"no two of its pixels side by side differ by more than {inspection.sharpest}"
        return Problem("no_mask", (inspection.pair,), step)
    if (inspection.image_size, inspection.mask_size) == (_IMAGES, _HEADS):
        return Problem("no_mask", (inspection.pair,), f"{sizes}, as CrackSeg9k's Heads")
    if inspection.has_margin and inspection.crack_share <= _MOSTLY:
        return Problem("figure", (inspection.pair,), f"{sizes}, and its whole rim is crack")
    match = match_sizes(inspection.image_size, inspection.mask_size)
    if match != "same":
        kind = "other_shape" if match == "another_shape" else "wrong_size"
        return Problem(kind, (inspection.pair,), sizes)
    share = f"{inspection.crack_share:.0%} of it is crack"
    if inspection.crack_share > _NEARLY_ALL:
        return Problem("inverted", (inspection.pair,), share)
    if inspection.crack_share > _MOSTLY:
        side = "brighter" if inspection.contrast >= 0 else "darker"
        kind = "inverted" if inspection.contrast >= 0 else "mostly_crack"
        return Problem(kind, (inspection.pair,), f"{share} and {side} than the rest")
    return None


def _find_copies(inspected: Sequence[Inspection]) -> list[tuple[int, ...]]:
    """Clusters of identical photographs and near duplicates, as indices."""
    first: dict[str, int] = {}
    links = [
        (first.setdefault(inspection.image_digest, place), place)
        for place, inspection in enumerate(inspected)
    ]
    different = sorted(first.values())
    if different:
        pairs = near_duplicates(np.stack([inspected[place].thumbnail for place in different]))
        links += [(different[one], different[other]) for one, other in pairs]
    return clusters([link for link in links if link[0] != link[1]])


def _judge_copies(copies: Sequence[Inspection], subsets: Mapping[str, str]) -> Problem:
    # A test set must stay what others measured on, so its copy is kept; of copies of different
    # size, the larger one shows more.
    ordered = sorted(
        copies,
        key=lambda one: (
            ("test", "val", "train", "").index(subsets.get(one.pair.image, "")),
            -one.image_size[0] * one.image_size[1],
            one.pair,
        ),
    )
    pairs = tuple(one.pair for one in ordered)
    identical = len({one.image_digest for one in copies}) == 1
    how = "equal pixel for pixel" if identical else "near duplicates"
    if _contradict(copies):
        how += ", with a crack and without a mask; training leaves out those without"
    elif identical and len({one.mask_digest for one in copies}) > 1:
        how += ", with masks that differ"
    into = sorted({subsets[pair.image] for pair in pairs if pair.image in subsets})
    if len(into) > 1:
        return Problem("across_subsets", pairs, f"{how} in {' and '.join(into)}")
    return Problem("identical" if identical else "near_duplicates", pairs, how)


def _contradict(copies: Sequence[Inspection]) -> bool:
    """Whether one of some copies marks a crack and another one is taken as crack-free."""
    return any(one.mask_kind == "none" for one in copies) and any(
        one.crack_pixels(0) for one in copies
    )


def _borrowed_masks(
    inspected: Sequence[Inspection], copies: Iterable[Sequence[int]]
) -> Iterator[Problem]:
    """Masks with a shape that several photographs share, although it fits one of them at most."""
    photograph = {place: cluster[0] for cluster in copies for place in cluster}
    sharing: dict[str, list[int]] = defaultdict(list)
    for place, inspection in enumerate(inspected):
        if not inspection.is_uniform:
            sharing[inspection.mask_digest].append(place)
    for places in sharing.values():
        if len({photograph.get(place, place) for place in places}) > 1:
            # Cracks are dark: the photograph with the darkest marked pixels comes first.
            ordered = sorted(
                (inspected[place] for place in places), key=lambda inspection: inspection.contrast
            )
            pairs = tuple(inspection.pair for inspection in ordered)
            yield Problem("borrowed_mask", pairs, f"{len(pairs)} masks equal pixel for pixel")


def _text(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"
