"""Truth in COCO's files, one for many photographs: polygons and run-length codes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crackseg.data.annotations.labels import crack_labels
from crackseg.data.annotations.polygons import fill, points, refuse_other_size, size_in
from crackseg.data.annotations.rle import decompress, expand
from crackseg.errors import DatasetError, UnreadableImageError, name_some
from crackseg.images import UInt8Array


@dataclass(frozen=True)
class Annotated:
    """One photograph's cracks, as they stand in the file.

    Attributes:
        size: (H, W) of the photograph that they were drawn on; None where the file does not tell.
        cracks: the annotation's id and its ``segmentation``.
    """

    size: tuple[int, int] | None
    cracks: tuple[tuple[object, Any], ...]


@dataclass(frozen=True)
class Coco:
    """A file's photographs by the file name that it knows them under."""

    path: Path
    images: Mapping[str, Annotated]

    def draw(self, file_name: str, size: tuple[int, int]) -> UInt8Array:
        """Draws all cracks of a photograph.

        Args:
            file_name: as in :attr:`images`.
            size: (H, W) of the photograph.

        Returns:
            uint8 array of shape (H, W), 0 or 255.

        Raises:
            UnreadableImageError: the file does not list the photograph, or lists another size, or
                a crack in it cannot be drawn.
        """
        image = self.images.get(file_name)
        if image is None:
            raise UnreadableImageError(f"{self.path}: it lists no image {file_name!r}")
        refuse_other_size(f"{self.path}, image {file_name}", image.size, size)
        mask = np.zeros(size, np.uint8)
        for number, segmentation in image.cracks:
            try:
                mask |= _draw(segmentation, size)
            except ValueError as error:
                raise UnreadableImageError(
                    f"{self.path}, image {file_name}: annotation {number} cannot be drawn: {error}"
                ) from error
        return mask


def parse_coco(path: Path, document: dict[str, Any]) -> Coco | None:
    """Takes COCO's parts out of a JSON document; None for one of another kind.

    Raises:
        DatasetError: entries without what every entry has, an image listed twice, or categories of
            which none is known to mean a crack.
    """
    parts = [document.get(part) for part in ("images", "annotations", "categories")]
    if not all(isinstance(part, list) for part in parts):
        return None
    # Captions and boxes come in files of the same form.
    annotations = document["annotations"]
    if annotations and not any(
        isinstance(entry, dict) and "segmentation" in entry for entry in annotations
    ):
        return None
    names = {
        entry["id"]: str(entry["name"]) for entry in _entries(path, document, "categories", "name")
    }
    chosen = crack_labels(frozenset(names.values()), path)
    cracks: dict[object, list[tuple[object, Any]]] = {}
    images = _entries(path, document, "images", "file_name")
    known = {image["id"] for image in images}
    lost = 0
    for entry in _entries(path, document, "annotations", "image_id", "category_id"):
        lost += entry["image_id"] not in known or entry["category_id"] not in names
        if names.get(entry["category_id"]) in chosen:
            found = cracks.setdefault(entry["image_id"], [])
            found.append((entry["id"], entry.get("segmentation")))
    if lost:
        raise DatasetError(
            f"{path}: {lost} annotations are of an image or a category that is not in the file, "
            "and cracks would be lost; are the ids of one kind, all numbers or all texts?"
        )
    _refuse_twice(path, [str(image["file_name"]) for image in images])
    return Coco(
        path,
        {
            str(image["file_name"]): Annotated(
                size_in(image, "height", "width"), tuple(cracks.get(image["id"], ()))
            )
            for image in images
        },
    )


def _entries(path: Path, document: dict[str, Any], part: str, *keys: str) -> list[dict[str, Any]]:
    """The entries of a part; each has an id and these keys, with a number or a text."""
    for number, entry in enumerate(document[part], 1):
        for key in ("id", *keys):
            if not isinstance(entry, dict) or not isinstance(entry.get(key), int | str):
                raise DatasetError(
                    f"{path}: cannot be read as COCO annotations (entry {number} of {part!r} has "
                    f"no {key!r})"
                )
    return list(document[part])


def _refuse_twice(path: Path, names: Sequence[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise DatasetError(
            f"{path}: {len(twice)} images are listed more than once, so it is not known which "
            f"annotations are theirs: {name_some(twice)}"
        )


def _draw(segmentation: Any, size: tuple[int, int]) -> UInt8Array:
    if not segmentation:
        raise ValueError("it has a box at most, and no outline")
    if isinstance(segmentation, dict):
        return expand(_runs(segmentation, size), size)
    if not isinstance(segmentation, list):
        raise ValueError("its segmentation is neither polygons nor a run-length code")
    return fill([points(_two_by_two(flat), size, 3) for flat in segmentation], size)


def _two_by_two(flat: Any) -> list[Any]:
    """COCO's x1, y1, x2, y2, ... as pairs."""
    if not isinstance(flat, list) or len(flat) % 2:
        raise ValueError("its polygons are no lists of x1, y1, x2, y2, ...")
    return list(zip(flat[::2], flat[1::2], strict=True))


def _runs(segmentation: dict[str, Any], size: tuple[int, int]) -> list[int]:
    counts = segmentation.get("counts")
    if segmentation.get("size") != list(size):
        raise ValueError(f"its run-length code is of size {segmentation.get('size')}")
    if isinstance(counts, str):
        return decompress(counts)
    if not isinstance(counts, list) or not all(isinstance(count, int) for count in counts):
        raise ValueError("its run-length code is damaged")
    return counts
