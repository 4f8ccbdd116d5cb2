"""Reads the truth of a photograph (what is crack on it) from any kind of file.

A truth reference is a path relative to the data set's root. Where a file holds more than the cracks
of one photograph, the labels that count as cracks follow after a ``?``, and the entry after a
``#``:

    masks/wall1.png                          a mask picture of any kind
    masks/wall1.png?=v1+3                    a mask picture in which 1 and 3 are crack
    SegmentationClass/wall1.png?crack        the colour of this label in labelmap.txt
    wall1.json                               the shapes whose label means a crack
    wall1.json?fissure|joint                 the shapes with these labels
    annotations.json#images/wall1.jpg        the annotations of this image
    annotations.json?fissure#wall1.jpg       its annotations with this label
                                             (nothing: there is no crack on the photograph)

Earlier versions wrote the label of a LabelMe file behind the ``#``, which is still read.
"""

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from crackseg.data.annotations.formats.registry import SUFFIXES
from crackseg.data.annotations.masks.encoding import NO_MASK, MaskEncoding
from crackseg.data.annotations.masks.stored import (
    MaskKind,
    read_mask_and_kind,
    read_stored_mask,
)
from crackseg.data.annotations.reader import read_annotations
from crackseg.errors import UnreadableImageError, name_some
from crackseg.images.pixels import MASK_SUFFIXES, UInt8Array

_SUFFIXES = "|".join(map(re.escape, sorted(MASK_SUFFIXES)))
_ANNOTATION = re.compile(
    rf"(.+?(?:{'|'.join(map(re.escape, sorted(SUFFIXES)))}))(?:\?([^#?/]*))?(?:#(.*))?",
    re.IGNORECASE | re.DOTALL,
)
_CLASS_PICTURE = re.compile(
    rf"(.+(?:{_SUFFIXES}))\?([^#?/]*)",
    re.IGNORECASE | re.DOTALL,
)
_ENCODING = re.compile(rf"(.+(?:{_SUFFIXES}))\?=([\w+;]*)", re.IGNORECASE | re.DOTALL)
_ESCAPED = {character: f"%{ord(character):02X}" for character in "%#?|/="}


class Reference(NamedTuple):
    """The parts of a truth reference.

    Attributes:
        file: Path relative to the root; empty where there is no file.
        labels: Labels that count as cracks; None where the reference does not say it.
        entry: Name under which the file lists the photograph; None where the file is for one
            photograph.
        encoding: Encoding of a mask picture; None where the file itself tells it.
    """

    file: str
    labels: frozenset[str] | None
    entry: str | None
    encoding: str | None = None


def reference(file: Path, entry: str | None = None, labels: Collection[str] | None = None) -> str:
    """Writes the reference to a file relative to its root, to labels and to an entry in it."""
    text = file.as_posix()
    if labels is not None:
        text += "?" + "|".join(map(_escaped, sorted(labels)))
    return text if entry is None else f"{text}#{entry}"


def split_reference(reference: str) -> Reference:
    """Reads the parts of a reference.

    >>> split_reference("annotations.json?fissure#images/wall#1.jpg").entry
    'images/wall#1.jpg'
    """
    match = _ANNOTATION.fullmatch(reference)
    if match:
        return Reference(match[1], _labels(match[2]), match[3])
    if match := _ENCODING.fullmatch(reference):
        return Reference(match[1], None, None, match[2])
    match = _CLASS_PICTURE.fullmatch(reference)
    return (
        Reference(match[1], _labels(match[2]), None) if match else Reference(reference, None, None)
    )


def truth_file(reference: str) -> str | None:
    """The file of a reference, relative to its root; None where there is none.

    >>> truth_file("annotations.json#images/wall#1.jpg"), truth_file("masks/wall#1.png")
    ('annotations.json', 'masks/wall#1.png')
    """
    return split_reference(reference).file or None


def is_annotation(reference: str) -> bool:
    """Whether a reference leads to annotations with labels, not just to a mask."""
    file, labels, _, _ = split_reference(reference)
    return labels is not None or Path(file).suffix.lower() in SUFFIXES


def labels_of(references: Iterable[str]) -> str:
    """The labels that count as cracks in references, in words; empty without annotation files."""
    annotations = [one for one in references if is_annotation(one)]
    if not annotations:
        return ""
    written = {label for one in annotations for label in split_reference(one).labels or ()}
    return name_some(sorted(written), 10) or "those that speak of one"


def read_truth(root: Path, reference: str, size: tuple[int, int]) -> UInt8Array:
    """Reads or draws the truth of one photograph; see :func:`read_truth_and_kind`."""
    return read_truth_and_kind(root, reference, size)[0]


def read_truth_and_kind(
    root: Path, reference: str, size: tuple[int, int]
) -> tuple[UInt8Array, MaskKind | None]:
    """Reads or draws the truth of one photograph.

    Args:
        root: Root of the data set.
        reference: Truth reference, see the module.
        size: Size (H, W) of the upright photograph, at which annotations are drawn. An image is not
            resized to it, since both sizes may be right.

    Returns:
        uint8 array of shape (H, W), from 0 (background) to 255 (crack), and the kind of a mask that
        is an image.

    Raises:
        UnreadableImageError: The file or the entry in it cannot be read or drawn.
        DatasetError: An annotation file contradicts itself.
    """
    if not reference:
        return np.zeros(size, np.uint8), None
    file, labels, entry, encoding = split_reference(reference)
    if encoding is not None:
        return _encoded(root / file, encoding), "encoded"
    if not is_annotation(reference):
        return read_mask_and_kind(root / file)
    annotations = read_annotations(root / file)
    if annotations is None:
        raise UnreadableImageError(f"{root / file}: holds no annotations of a known format")
    if entry is not None and not annotations.is_listing:
        labels, entry = frozenset({entry}), None
    return annotations.draw(entry, labels, size), None


def plain_mask(reference: str) -> str | None:
    """The file of a mask picture of which nothing is said yet; None for other references."""
    file, _, _, encoding = split_reference(reference)
    return file if file and encoding is None and not is_annotation(reference) else None


def encoded_mask(file: str, encoding: MaskEncoding) -> str:
    """The reference to a mask picture that is read in a certain way."""
    return file if encoding.is_plain else f"{file}?={encoding.as_text()}"


def _encoded(path: Path, text: str) -> UInt8Array:
    try:
        encoding = MaskEncoding.from_text(text)
    except ValueError as error:
        raise UnreadableImageError(
            f"{path}: how it is read is not understood ({text!r}: {error})"
        ) from error
    if encoding.is_picture:
        raise UnreadableImageError(f"{path}: {NO_MASK}")
    return encoding.read(read_stored_mask(path))


def _escaped(label: str) -> str:
    return "".join(_ESCAPED.get(character, character) for character in label)


def _labels(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    return frozenset(map(_unescaped, text.split("|"))) if text else frozenset()


def _unescaped(label: str) -> str:
    for character, escaped in reversed(_ESCAPED.items()):
        label = label.replace(escaped, character)
    return label
