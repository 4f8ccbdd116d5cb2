"""Reads pictures in which every class has a colour or a number that a file above them names.

``labelmap.txt`` names colours beside PASCAL VOC's folder ``SegmentationClass``; ``dataset.json``
numbers beside nnU-Net's folders ``labelsTr`` and ``labelsTs``.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.data.annotations.labels import LabelUse
from crackseg.data.annotations.masks.stored import decode_upright
from crackseg.data.annotations.masks.summaries import VOID, Colour
from crackseg.data.annotations.shapes import Annotated, AnnotationFile, Shape, whole
from crackseg.errors import DatasetError, name_some
from crackseg.images.pixels import UInt8Array
from crackseg.system.files import file_stamp

# One number for each pixel, int64 (H, W).
Codes = npt.NDArray[np.int64]

# Files that name classes, by the folder of pictures that they stand beside.
_NAMES_FILES = {
    "segmentationclass": "labelmap.txt",
    "labelstr": "dataset.json",
    "labelsts": "dataset.json",
}
_BACKGROUND = frozenset({"background", "_background_", "ignore"})
_BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True)
class _Named:
    """Classes as a file above the pictures names them.

    Attributes:
        file: Path of that file.
        classes: Colour or number of each class, but for the background.
        others: Those of the background, and of pixels that count as nothing.
    """

    file: Path
    classes: Mapping[str, Colour | int]
    others: frozenset[Colour | int]


@dataclass(frozen=True)
class ClassPicture:
    """One class of a picture.

    Attributes:
        path: Path of the picture.
        label: Name of the class.
        named: All classes.
    """

    path: Path
    label: str
    named: _Named

    def draw(self, size: tuple[int, int]) -> UInt8Array:
        """Draws the class, see :class:`crackseg.data.annotations.drawings.Drawing`.

        Raises:
            UnreadableImageError: The picture cannot be decoded.
            ValueError: It is of another size, or of classes without a name.
        """
        pixels = decode_upright(self.path, self._codes)
        if pixels.shape != size:
            raise ValueError(
                f"it has {pixels.shape[1]} x {pixels.shape[0]} pixels (width x height), and the "
                f"photograph {size[1]} x {size[0]}"
            )
        self._refuse_unnamed(pixels)
        marked = pixels == _code_of(self.named.classes[self.label])
        return np.where(marked, 255, 0).astype(np.uint8)

    @property
    def _is_of_numbers(self) -> bool:
        return isinstance(self.named.classes[self.label], int)

    def _codes(self, image: Image.Image) -> Codes:
        return _coded(np.asarray(image if self._is_of_numbers else image.convert("RGB")))

    def _refuse_unnamed(self, pixels: Codes) -> None:
        """Refuses a picture of other classes: they would count as background without a word."""
        known = [_code_of(one) for one in (*self.named.classes.values(), *self.named.others)]
        strange = pixels[~np.isin(pixels, known)]
        if strange.size:
            shown = [
                str(one) if self._is_of_numbers else f"#{one:06x}" for one in np.unique(strange)
            ]
            raise ValueError(
                f"{strange.size:,} of its pixels hold {name_some(shown)}, which "
                f"{self.named.file.name} does not name; name them there, or write the picture "
                "anew with the values of its classes (as PNG: JPEG changes them)"
            )


def _coded(pixels: npt.NDArray[np.generic]) -> Codes:
    """One number for each pixel: its class, or red, green and blue in one."""
    if pixels.ndim == 2:
        return pixels.astype(np.int64)
    if pixels.shape[2] != 3:
        raise ValueError(f"it has {pixels.shape[2]} bands; write it with one number a pixel")
    red, green, blue = np.moveaxis(pixels.astype(np.int64), -1, 0)
    return np.asarray(red << 16 | green << 8 | blue)


def _code_of(value: Colour | int) -> int:
    return value if isinstance(value, int) else value[0] << 16 | value[1] << 8 | value[2]


def read_class_picture(path: Path) -> AnnotationFile | None:
    """Reads the classes of a mask picture from the file above it; None without such a file.

    Raises:
        DatasetError: The file of names is damaged.
    """
    file = names_file(path.parent)
    if file is None:
        return None
    named = _classes(file, file_stamp(file))
    labels = frozenset(named.classes)
    shapes = tuple(
        Shape("class", label, ClassPicture(path, label, named)) for label in named.classes
    )
    # Only the pixels say which classes a picture holds.
    return AnnotationFile(path, LabelUse(labels), {None: Annotated(str(path), None, shapes)})


def names_file(folder: Path) -> Path | None:
    """The file that names the classes of the pictures in a folder; None without one."""
    name = _NAMES_FILES.get(folder.name.lower())
    file = folder.parent / name if name else None
    return file if file is not None and file.is_file() else None


@lru_cache(maxsize=64)
def _classes(file: Path, stamp: tuple[int, int]) -> _Named:
    """What a file names, until its stamp changes."""
    if file.suffix == ".json":
        named: Mapping[str, Colour | int] = _numbers(file)
        return _parted(file, named, {0, *_of_background(named)})
    named = _colours(file)
    # Black is background where it is no class of its own.
    unnamed = {VOID, _BLACK} - set(named.values())
    return _parted(file, named, {*unnamed, *_of_background(named)})


def _of_background(named: Mapping[str, Colour | int]) -> set[Colour | int]:
    return {value for label, value in named.items() if label.lower() in _BACKGROUND}


def _parted(
    file: Path, named: Mapping[str, Colour | int], others: Collection[Colour | int]
) -> _Named:
    classes = {label: value for label, value in named.items() if value not in others}
    return _Named(file, classes, frozenset(others))


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
    return colours


def _number(value: Any) -> int:
    number = whole(value)
    if number is None:
        raise ValueError(f"{value} is no whole number")
    return number


def _numbers(path: Path) -> dict[str, int]:
    try:
        labels: Any = json.loads(path.read_bytes()).get("labels")
        regions = [label for label, value in labels.items() if isinstance(value, list)]
        # Version 1 writes {"1": "crack"}, version 2 {"crack": 1}.
        named = {
            str(value) if key.isdecimal() else key: _number(key if key.isdecimal() else value)
            for key, value in labels.items()
            if key not in regions
        }
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DatasetError(
            f'{path}: cannot be read as names of classes; it holds "labels": {{"crack": 1}}'
        ) from error
    if regions:
        raise DatasetError(
            f"{path}: {name_some(regions)}: regions of several numbers are not read; give each "
            'number a name of its own, "labels": {"crack": 1, "joint": 2}'
        )
    return named
