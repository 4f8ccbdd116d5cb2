"""What is said of the masks of a data set before it is used, and which are left out or refused."""

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from crackseg.data.annotations.ground_truth import plain_mask
from crackseg.data.annotations.masks.margins import REMEDY
from crackseg.data.annotations.masks.sizes import sizes_text
from crackseg.data.cache.survey import PairStatistics
from crackseg.data.discovery.pairs import Inventory, Pair
from crackseg.errors import DatasetError, ManifestError, name_some
from crackseg.preprocessing import Preprocessing

log = logging.getLogger(__name__)

# A mask that marks more of its photograph is more likely inverted than right.
MOSTLY = 0.5
_OTHER_SHAPE = (
    "masks have another shape than their photograph, as those of a part of it have, or those that "
    "were painted without regard to a photograph's EXIF orientation"
)
_MARGIN = "crack along their whole rim, as figures with a white margin do"
_MEND = "export them at the photographs' size, or turn them as the photographs are turned"


def without_other_shapes(
    inventory: Inventory, statistics: Sequence[PairStatistics]
) -> tuple[Inventory, list[PairStatistics]]:
    """Leaves out pairs whose mask cannot be laid on the photograph, and names them.

    Args:
        inventory: Pairs that can be read.
        statistics: What each of them holds, in their order.

    Raises:
        DatasetError: No pair is left.
    """
    other = _other_shapes(inventory.pairs, statistics)
    if not other:
        return inventory, list(statistics)
    named = name_some(other.values())
    if len(other) == len(inventory.pairs):
        raise DatasetError(
            f"{inventory.root}: no pair is left, all {len(other)} {_OTHER_SHAPE}: {named}; {_MEND}"
        )
    log.warning("%d %s; left out: %s; %s", len(other), _OTHER_SHAPE, named, _MEND)
    kept = [
        (pair, found)
        for pair, found in zip(inventory.pairs, statistics, strict=True)
        if pair.image not in other
    ]
    pairs = tuple(pair for pair, _ in kept)
    return replace(inventory, pairs=pairs), [found for _, found in kept]


def without_contradicted(
    inventory: Inventory,
    statistics: Sequence[PairStatistics],
    duplicates: Sequence[tuple[int, int]],
) -> tuple[Inventory, list[PairStatistics], list[tuple[int, int]]]:
    """Leaves out photographs without a mask that are copies of one with a crack, and names them.

    Args:
        inventory: Pairs that can be read.
        statistics: What each of them holds, in their order.
        duplicates: Numbers of pairs whose photographs are near duplicates.
    """
    pairs = inventory.pairs
    copies = {
        one: pairs[other].image
        for link in duplicates
        for one, other in (link, link[::-1])
        if not pairs[one].mask and statistics[other].share > 0
    }
    if copies:
        log.warning(
            "%d photographs without a mask are copies of one whose mask marks a crack, left out "
            "and not taken as crack-free: %s",
            len(copies),
            name_some(f"{pairs[one].image} (of {copies[one]})" for one in sorted(copies)),
        )
    kept = [number for number in range(len(pairs)) if number not in copies]
    place = {number: new for new, number in enumerate(kept)}
    return (
        replace(inventory, pairs=tuple(pairs[number] for number in kept)),
        [statistics[number] for number in kept],
        [(place[one], place[other]) for one, other in duplicates if {one, other} <= place.keys()],
    )


def refuse_other_shapes(
    pairs: Sequence[Pair], statistics: Sequence[PairStatistics], manifest: Path
) -> None:
    """Refuses a manifest that lists pairs whose mask cannot be laid on the photograph.

    Raises:
        ManifestError: There are some.
    """
    other = _other_shapes(pairs, statistics)
    if other:
        raise ManifestError(
            f"{manifest}: {len(other)} of its {_OTHER_SHAPE}: {name_some(other.values())}; "
            f"{_MEND}, or take them out of it"
        )


def refuse_inverted(
    root: Path,
    pairs: Sequence[Pair],
    statistics: Sequence[PairStatistics],
    sources: Mapping[str, str],
    colours_chosen: bool,
) -> None:
    """Refuses data all of whose mask pictures of a source are inverted, or figures with a margin.

    Args:
        root: Folder for the message.
        pairs: Pairs of the data.
        statistics: Statistics of each pair, in the same order.
        sources: Source by image, of those that take part.
        colours_chosen: Whether the settings say which colours are crack.

    Raises:
        DatasetError: There is such a source, and the settings do not say that it is right.
    """
    masks: dict[str, list[tuple[str, PairStatistics]]] = defaultdict(list)
    for pair, found in zip(pairs, statistics, strict=True):
        # What the settings chose is meant: it stands in the reference, but for bright colours.
        is_chosen = plain_mask(pair.mask) is None or (colours_chosen and found.kind == "colour")
        if pair.image in sources and not is_chosen:
            masks[sources[pair.image]].append((pair.mask, found))
    for name, of_files in masks.items():
        all_of = f"{root}: all {len(of_files)} masks{name and f' of {name}'} mark"
        named = name_some(one for one, _ in of_files)
        # One alone may be a photograph of nothing but crack.
        if len(of_files) > 1 and all(found.share > MOSTLY for _, found in of_files):
            raise DatasetError(
                f"{all_of} more than half of their photograph, as inverted ones do: {named}; where "
                "they are inverted, write them so that cracks are white, or say "
                "data.crack_values=[0]; where they are right, as of close-ups, say "
                f"{_settings_as_read({found.kind for _, found in of_files})}"
            )
        if len(of_files) > 1 and all(found.has_margin for _, found in of_files):
            raise DatasetError(f"{all_of} {_MARGIN}: {named}; {REMEDY}")


def refuse_without_crack(
    root: Path, statistics: Sequence[PairStatistics], mask_threshold: int
) -> None:
    """Refuses a training in which no mask keeps a crack.

    Args:
        root: Folder for the message.
        statistics: What the pairs of the training subset hold.
        mask_threshold: Grey above which a mask is crack.

    Raises:
        DatasetError: No mask keeps a crack at training size, with the reason and the remedy.
    """
    if not statistics or any(found.crack_pixels(mask_threshold) for found in statistics):
        return
    emptied = [found for found in statistics if found.is_emptied(mask_threshold)]
    if not emptied:
        raise DatasetError(
            f"{root}: none of the {len(statistics)} training photographs shows a crack, so that "
            "there is nothing to learn; add some that do"
        )
    brightest = max(int(np.flatnonzero(found.grey_histogram)[-1]) for found in emptied)
    raise DatasetError(
        f"{root}: none of the {len(statistics)} training photographs keeps a crack: at training "
        f"size {len(emptied)} masks hold nothing brighter than {brightest}, and crack is what is "
        f"above data.mask_threshold={mask_threshold}; lower it, or say which values or colours are "
        "crack with data.crack_values or data.crack_colours"
    )


def warn_of_masks(statistics: Mapping[str, PairStatistics]) -> None:
    """Says what is odd about masks.

    Args:
        statistics: What each pair holds, by its image.
    """
    resized = [
        f"{image} ({sizes_text(found.size, found.mask_size)})"
        for image, found in statistics.items()
        if found.size_match == "resized"
    ]
    if resized:
        log.warning(
            "%d masks have another size than their photograph and are resized to it: %s",
            len(resized),
            name_some(resized),
        )
    framed = [
        image for image, found in statistics.items() if found.has_margin and found.share <= MOSTLY
    ]
    if framed:
        log.warning("%d masks mark %s: %s; %s", len(framed), _MARGIN, name_some(framed), REMEDY)
    covered = [image for image, found in statistics.items() if found.share > MOSTLY]
    if covered:
        log.warning(
            "%d masks mark more than half of their photograph, as inverted ones do: %s; crackseg "
            "data verify looks closer",
            len(covered),
            name_some(covered),
        )


def warn_of_emptied(
    subsets: Mapping[str, Sequence[PairStatistics]], preprocessing: Preprocessing
) -> None:
    """Says how many masks lost their crack when they were resized and cut.

    Args:
        subsets: Statistics of the pairs of each subset.
        preprocessing: Size and mask threshold of the training.
    """
    threshold = preprocessing.mask_threshold
    emptied = {
        subset: sum(found.is_emptied(threshold) for found in statistics)
        for subset, statistics in subsets.items()
    }
    if any(emptied.values()):
        log.warning(
            "bringing masks to %s and cutting them at >%d emptied %d (%s)",
            preprocessing,
            threshold,
            sum(emptied.values()),
            ", ".join(f"{subset} {count}" for subset, count in emptied.items()),
        )


def _settings_as_read(kinds: Collection[str]) -> str:
    """The settings by which masks of these kinds are read as they are read without them."""
    for known, value in ((("zero_one",), 1), (("grey", "binary"), 255)):
        if set(kinds) <= set(known):
            return f"data.crack_values=[{value}]"
    return "which values or colours are crack with data.crack_values or data.crack_colours"


def _other_shapes(pairs: Sequence[Pair], statistics: Sequence[PairStatistics]) -> dict[str, str]:
    """Photographs whose mask has another shape, and both sizes in words."""
    return {
        pair.image: f"{pair.image} ({sizes_text(found.size, found.mask_size)})"
        for pair, found in zip(pairs, statistics, strict=True)
        if not found.unreadable and found.size_match == "another_shape"
    }
