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

from crackseg.data.discovery.layouts import TRUTH_WORDS, composed, key, kind, words_of
from crackseg.errors import name_some
from crackseg.images.pixels import IMAGE_SUFFIXES

# Words behind the name of a photograph, or in that of a folder, whose pictures are none.
_TELLING = TRUTH_WORDS.union(
    (
        *("seg", "segmented", "annotated", "binary", "watershed", "manual"),
        *("instance", "instances", "semantic", "skeleton", "contour", "contours"),
        *("overlay", "overlays", "pred", "preds", "prediction", "predictions", "predicted"),
        *("probability", "heatmap"),
    )
)
_SEPARATED = re.compile(r"[_. -]+")
_WHOLE_NAME = re.compile(
    rf".+?({'|'.join(map(re.escape, sorted(IMAGE_SUFFIXES)))})(?=[_. -])", re.IGNORECASE
)


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
    known = set(plain)
    by_key = {key(path): path for path in plain}
    found: dict[Path, Path] = {}
    for path in photographs:
        if path in telling:
            photograph = by_key.get(key(path))
        else:
            places = ((path.parent, one) for one in beginnings(path.stem, telling=True))
            named = (by_stem[place] for place in places if place in by_stem)
            whole = _whole_name_in(path)
            photograph = whole if whole in known else next(named, None)
        if photograph is not None:
            found[path] = photograph
    return Variants([path for path in photographs if path not in found], found)


def variants_among(masks: Iterable[Path], photographs: Collection[Path]) -> dict[Path, Path]:
    """Masks without a photograph of their name, of which one has the beginning of their name."""
    by_key = {key(path): path for path in photographs}
    found = {}
    for path in masks:
        keys = (key(path)._replace(stem=stem) for stem in beginnings(path.stem, telling=False))
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


def _whole_name_in(path: Path) -> Path | None:
    """The photograph beside a picture whose whole name its own begins with.

    >>> _whole_name_in(Path("1.jpg___fuse.png")), _whole_name_in(Path("1_2.png"))
    (PosixPath('1.jpg'), None)
    """
    match = _WHOLE_NAME.match(path.name)
    return path.with_name(match[0]) if match and match[0] != path.name else None


def beginnings(stem: str, telling: bool) -> list[str]:
    """Beginnings of a name before a separator, the longest first.

    Args:
        stem: The name.
        telling: Whether a word behind it must tell that the picture is no photograph; else any
            word will do, but no number.
    """
    stem = composed(stem)
    found = []
    for separator in reversed(list(_SEPARATED.finditer(stem))):
        behind = words_of(stem[separator.end() :])
        if separator.start() and (_TELLING.intersection(behind) if telling else behind):
            found.append(stem[: separator.start()])
    return found


def _is_in_telling_folder(path: Path) -> bool:
    """Whether the folder of a picture has a word for masks among others in its name."""
    return kind(path) is None and bool(_TELLING.intersection(words_of(path.parent.name)))
