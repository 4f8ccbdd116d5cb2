"""Finds pictures that are about a photograph by their names, and are neither it nor its mask.

Several pictures may belong to one photograph: masks of single cracks, of classes, in colour, of
other annotators, and what a program found. The mask is the one with the photograph's name, with or
without one word for masks around it, see :mod:`crackseg.data.discovery.layouts`. Which of the
others might be one is not guessed.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from crackseg.data.discovery.layouts import composed, key, kind, words_of
from crackseg.errors import name_some

# Words behind the name of a photograph, or in that of a folder, whose pictures are none.
_TELLING = frozenset(
    (
        *("mask", "masks", "label", "labels", "gt", "groundtruth", "seg", "segmentation"),
        *("segmented", "annotation", "annotations", "annotated", "binary", "watershed", "manual"),
        *("instance", "instances", "semantic", "skeleton", "contour", "contours"),
        *("overlay", "overlays", "pred", "preds", "prediction", "predictions", "predicted"),
        *("probability", "heatmap"),
    )
)
_SEPARATED = re.compile(r"[_. -]+")


class Variants(NamedTuple):
    """Pictures that are about photographs.

    Attributes:
        photographs: The photographs, without those pictures.
        of: Photograph of each such picture.
    """

    photographs: list[Path]
    of: dict[Path, Path]


def part_variants(photographs: Sequence[Path]) -> Variants:
    """Takes pictures that are about another one out of what may be photographs.

    Args:
        photographs: Pictures that are not masks by their names, relative to their root.
    """
    telling = {path for path in photographs if _is_in_telling_folder(path)}
    plain = [path for path in photographs if path not in telling]
    by_stem = {(path.parent, composed(path.stem)): path for path in plain}
    by_key = {key(path): path for path in plain}
    found: dict[Path, Path] = {}
    for path in photographs:
        if path in telling:
            photograph = by_key.get(key(path))
        else:
            beginnings = _beginnings(path.stem, telling=True)
            places = ((path.parent, beginning) for beginning in beginnings)
            photograph = next((by_stem[place] for place in places if place in by_stem), None)
        if photograph is not None:
            found[path] = photograph
    return Variants([path for path in photographs if path not in found], found)


def variants_among(masks: Iterable[Path], photographs: Collection[Path]) -> dict[Path, Path]:
    """Masks without a photograph of their name, of which one has the beginning of their name."""
    by_key = {key(path): path for path in photographs}
    found = {}
    for path in masks:
        keys = (key(path)._replace(stem=stem) for stem in _beginnings(path.stem, telling=False))
        photograph = next((by_key[one] for one in keys if one in by_key), None)
        if photograph is not None:
            found[path] = photograph
    return found


def said_variants(variants: Iterable[Path]) -> list[str]:
    """A note on pictures that are about photographs which have a mask."""
    listed = sorted(map(str, variants))
    if not listed:
        return []
    return [
        f"{len(listed)} pictures are about photographs that have a mask, left out (the mask is the "
        "one with the photograph's name, or with its name and one word for masks): "
        f"{name_some(listed)}"
    ]


def _beginnings(stem: str, telling: bool) -> list[str]:
    """Beginnings of a name before a separator, the longest first.

    Args:
        stem: The name.
        telling: Whether a word behind it must tell that the picture is no photograph; else any
            word will do, but no number.
    """
    stem = composed(stem)
    beginnings = []
    for separator in reversed(list(_SEPARATED.finditer(stem))):
        behind = words_of(stem[separator.end() :])
        if separator.start() and (_TELLING.intersection(behind) if telling else behind):
            beginnings.append(stem[: separator.start()])
    return beginnings


def _is_in_telling_folder(path: Path) -> bool:
    """Whether the folder of a picture has a word for masks among others in its name."""
    return kind(path) is None and bool(_TELLING.intersection(words_of(path.parent.name)))
