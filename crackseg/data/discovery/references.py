"""Finds the photographs that annotation files speak of.

A file of LabelMe's is named like its photograph and stands beside it or anywhere else, as a mask
may. A file of COCO's lists file names, with or without folders; they are looked for near it, and
where it is for one subset (``train/_annotations.coco.json``, ``instances_train2017.json``) not in
the folders of another.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PureWindowsPath

from crackseg.data.annotations.coco import Coco
from crackseg.data.annotations.ground_truth import reference
from crackseg.data.annotations.labelme import LabelMe
from crackseg.data.annotations.labels import crack_labels, means_crack
from crackseg.data.annotations.reader import read_annotations
from crackseg.data.discovery.layouts import key, listed_subset, subset
from crackseg.errors import DatasetError, UnreadableImageError
from crackseg.system.progress import progress


@dataclass(frozen=True)
class References:
    """Truth references out of annotation files.

    Attributes:
        placed: those of each photograph whose place tells that they are its own.
        elsewhere: of LabelMe's files that do not stand beside their photograph.
        without_image: of what COCO's files list and is not there.
    """

    placed: Mapping[Path, Sequence[str]]
    elsewhere: Mapping[Path, str]
    without_image: Sequence[str]


def find_references(root: Path, files: Sequence[Path], photographs: Sequence[Path]) -> References:
    """Opens annotation files and finds the photographs of each.

    Args:
        root: of the data set.
        files: JSON files; those about something else are passed over.
        photographs: all that there are; both relative to ``root``.

    Raises:
        UnreadableImageError: a damaged file that cannot be laid to one photograph.
        DatasetError: labels of which none is known to mean a crack, or a file name that fits
            several photographs.
    """
    opened = _open(root, files, photographs)
    placed: dict[Path, list[str]] = defaultdict(list)
    elsewhere = _place_labelme(root, opened, photographs, placed)
    without_image = _place_coco(root, opened, photographs, placed)
    return References(placed, elsewhere, without_image)


def _open(
    root: Path, files: Sequence[Path], photographs: Sequence[Path]
) -> dict[Path, LabelMe | Coco]:
    keys = {key(photograph) for photograph in photographs}
    opened: dict[Path, LabelMe | Coco] = {}
    for path in progress(files, "Reading annotations", len(files)):
        try:
            found = read_annotations(root / path)
        except UnreadableImageError as error:
            if key(path) not in keys:
                raise UnreadableImageError(
                    f"{error}; mend it, or move it out of the data set's folder"
                ) from error
            # It concerns one photograph, which is left out later as one of unreadable ones.
            found = LabelMe(root / path, None, ())
        if found is not None:
            opened[path] = found
    return opened


def _place_labelme(
    root: Path,
    opened: Mapping[Path, LabelMe | Coco],
    photographs: Sequence[Path],
    placed: dict[Path, list[str]],
) -> dict[Path, str]:
    """Adds to ``placed``; returns the references of files that stand elsewhere."""
    sheets = {path: found for path, found in opened.items() if isinstance(found, LabelMe)}
    # All of them speak one language: where one file has cracks and stains and the next stains
    # alone, the next one has no crack.
    labels = crack_labels(frozenset().union(*(sheet.labels for sheet in sheets.values())), root)
    entry = None if all(map(means_crack, labels)) else next(iter(labels))
    beside: dict[Path, list[Path]] = defaultdict(list)
    for photograph in photographs:
        beside[photograph.with_suffix("")].append(photograph)
    elsewhere = {}
    for path in sheets:
        partners = beside.get(path.with_suffix(""), [])
        if len(partners) == 1:
            placed[partners[0]].append(reference(path, entry))
        else:
            elsewhere[path] = reference(path, entry)
    return elsewhere


def _place_coco(
    root: Path,
    opened: Mapping[Path, LabelMe | Coco],
    photographs: Sequence[Path],
    placed: dict[Path, list[str]],
) -> list[str]:
    """Adds to ``placed``; returns the references to photographs that are not there."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for photograph in photographs:
        by_name[photograph.name].append(photograph)
    without_image = []
    for path, listing in opened.items():
        for file_name in listing.images if isinstance(listing, Coco) else ():
            listed = reference(path, file_name)
            nearest = _nearest(path, PureWindowsPath(file_name), by_name)
            if len(nearest) > 1:
                raise DatasetError(
                    f"{root}: {listed} may be {nearest[0]} or {nearest[1]}; write the folder into "
                    "its file_name or rename one"
                )
            if nearest:
                placed[nearest[0]].append(listed)
            else:
                without_image.append(listed)
    return without_image


def _nearest(
    listing: Path, listed: PureWindowsPath, by_name: Mapping[str, Sequence[Path]]
) -> list[Path]:
    """The photographs that fit a listing's entry best; more than one where they fit equally."""
    wanted = listed_subset(listing)
    folders = [part for part in listed.parts[:-1] if part not in (listed.anchor, "..")]
    # A path from the root of a machine or out of the listing's folder holds other folders too.
    foreign = len(folders) < len(listed.parts) - 1
    found: dict[tuple[int, int], list[Path]] = defaultdict(list)
    for path in by_name.get(listed.name, ()):
        agreeing = _agreeing(reversed(folders), reversed(path.parts[:-1]))
        known = foreign or agreeing == min(len(folders), len(path.parts) - 1)
        if known and (not wanted or subset(path) in ("", wanted)):
            found[agreeing, _agreeing(listing.parts[:-1], path.parts[:-1])].append(path)
    return found[max(found)] if found else []


def _agreeing(one: Iterable[str], other: Iterable[str]) -> int:
    """How many folders are the same before the first that is not."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
