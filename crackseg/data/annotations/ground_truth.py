"""What is crack on a photograph, wherever that is written down.

A truth reference is a path relative to the data set's root, and where a file says it of more than
one photograph or of more than cracks, the entry behind a ``#``:

    masks/wall1.png                         an image of any kind
    wall1.json                              LabelMe's shapes whose label speaks of a crack
    wall1.json#fissure                      LabelMe's shapes with this label
    annotations.json#images/wall1.jpg       COCO's annotations of this image
                                            (nothing: there is no crack on the photograph)
"""

import re
from pathlib import Path

import numpy as np

from crackseg.data.annotations.coco import Coco
from crackseg.data.annotations.reader import ANNOTATION_SUFFIX, read_annotations
from crackseg.errors import UnreadableImageError
from crackseg.images import MaskKind, UInt8Array, read_mask_and_kind

_ANNOTATION = re.compile(
    rf"(.+?{re.escape(ANNOTATION_SUFFIX)})(?:#(.*))?", re.IGNORECASE | re.DOTALL
)


def reference(file: Path, entry: str | None = None) -> str:
    """The reference to a file relative to its root, and to an entry in it."""
    return file.as_posix() if entry is None else f"{file.as_posix()}#{entry}"


def split_reference(reference: str) -> tuple[str, str | None]:
    """The file of a reference, empty where there is none, and the entry in it."""
    match = _ANNOTATION.fullmatch(reference)
    return (match[1], match[2]) if match else (reference, None)


def truth_file(reference: str) -> str | None:
    """The file, relative to its root, that stands behind a reference; None where none does.

    >>> truth_file("annotations.json#images/wall#1.jpg"), truth_file("masks/wall#1.png")
    ('annotations.json', 'masks/wall#1.png')
    """
    return split_reference(reference)[0] or None


def read_truth(root: Path, reference: str, size: tuple[int, int]) -> UInt8Array:
    """Reads or draws the truth of one photograph; see :func:`read_truth_and_kind`."""
    return read_truth_and_kind(root, reference, size)[0]


def read_truth_and_kind(
    root: Path, reference: str, size: tuple[int, int]
) -> tuple[UInt8Array, MaskKind | None]:
    """Reads or draws the truth of one photograph.

    Args:
        root: of the data set.
        reference: see the module.
        size: (H, W) of the photograph, upright. Annotations are drawn at it. An image is not
            brought to it, since two sizes may both be in order.

    Returns:
        uint8 array of shape (H, W), from 0 (background) to 255 (crack), and the kind of a mask that
        is an image.

    Raises:
        UnreadableImageError: the file or the entry in it cannot be read or drawn.
        DatasetError: an annotation file that contradicts itself.
    """
    file, entry = split_reference(reference)
    if not file:
        return np.zeros(size, np.uint8), None
    if not file.lower().endswith(ANNOTATION_SUFFIX):
        return read_mask_and_kind(root / file)
    annotations = read_annotations(root / file)
    if annotations is None:
        raise UnreadableImageError(f"{root / file}: holds no annotations of LabelMe or COCO")
    if isinstance(annotations, Coco):
        return annotations.draw(entry or "", size), None
    return annotations.draw(entry, size), None
