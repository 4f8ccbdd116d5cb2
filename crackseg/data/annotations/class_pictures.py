"""Reads pictures in which every class has a colour or a number that a file above them names.

``labelmap.txt`` names colours beside PASCAL VOC's folder ``SegmentationClass``; ``dataset.json``
numbers beside nnU-Net's folders ``labelsTr`` and ``labelsTs``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.data.annotations.labels import LabelUse
from crackseg.data.annotations.shapes import Annotated, AnnotationFile, Shape
from crackseg.errors import DatasetError
from crackseg.images.pixels import UInt8Array, open_picture

Colour = tuple[int, int, int]

_BACKGROUND = frozenset({"background", "_background_", "ignore"})


@dataclass(frozen=True)
class ClassPicture:
    """One class of a picture.

    Attributes:
        path: Path of the picture.
        value: Red, green and blue of the class, or its number.
    """

    path: Path
    value: Colour | int

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """Draws the class, see :class:`crackseg.data.annotations.drawings.Drawing`."""
        try:
            with open_picture(self.path) as image:
                if isinstance(self.value, int):
                    marked = np.asarray(image) == self.value
                else:
                    marked = (np.asarray(image.convert("RGB")) == self.value).all(axis=-1)
        except (OSError, ValueError, SyntaxError) as error:
            raise ValueError(f"it cannot be decoded as an image ({error})") from error
        if marked.shape != size:
            raise ValueError(
                f"it has {marked.shape[1]} x {marked.shape[0]} pixels (width x height), and the "
                f"photograph {size[1]} x {size[0]}"
            )
        return np.where(marked, 255, 0).astype(np.uint8)


def read_class_picture(path: Path) -> AnnotationFile | None:
    """Reads the classes of a mask picture from the file above it; None without such a file.

    Raises:
        DatasetError: The file of names is damaged.
    """
    classes = _classes(path.parent)
    if classes is None:
        return None
    shapes = tuple(Shape("class", label, ClassPicture(path, classes[label])) for label in classes)
    # Only the pixels say which classes a picture holds.
    return AnnotationFile(
        path, LabelUse(frozenset(classes)), {None: Annotated(str(path), None, shapes)}
    )


@lru_cache(maxsize=1024)
def _classes(folder: Path) -> Mapping[str, Colour | int] | None:
    if folder.name.lower() == "segmentationclass" and (folder.parent / "labelmap.txt").is_file():
        return _colours(folder.parent / "labelmap.txt")
    if folder.name.lower() in ("labelstr", "labelsts"):
        described = folder.parent / "dataset.json"
        return _numbers(described) if described.is_file() else None
    return None


def _colours(path: Path) -> dict[str, Colour]:
    colours: dict[str, Colour] = {}
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        for line in lines:
            if line.strip() and not line.startswith("#"):
                label, colour, *_ = line.split(":")
                red, green, blue = (int(value) for value in colour.split(","))
                colours[label] = red, green, blue
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path}: cannot be read as names of colours; its lines are LABEL:RED,GREEN,BLUE::"
        ) from error
    return {label: colours[label] for label in colours if label.lower() not in _BACKGROUND}


def _numbers(path: Path) -> dict[str, int]:
    try:
        labels: Any = json.loads(path.read_bytes()).get("labels")
        # Version 1 writes {"1": "crack"}, version 2 {"crack": 1}.
        named = {
            str(value) if str(key).isdecimal() else str(key): int(
                key if str(key).isdecimal() else value
            )
            for key, value in labels.items()
        }
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise DatasetError(
            f'{path}: cannot be read as names of classes; it holds "labels": {{"crack": 1}}'
        ) from error
    return {label: number for label, number in named.items() if number}
