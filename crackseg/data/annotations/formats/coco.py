"""Reads COCO files, one for many photographs: polygons and run-length codes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from crackseg.data.annotations.drawings import Drawing, Runs
from crackseg.data.annotations.formats.coco_boxes import refuse_exchanged
from crackseg.data.annotations.labels import LabelUse
from crackseg.data.annotations.rle import decompress
from crackseg.data.annotations.shapes import (
    Annotated,
    AnnotationFile,
    Shape,
    polygon,
    shape,
    size_in,
    whole,
)
from crackseg.errors import DatasetError, name_some


def parse_coco(path: Path, document: Any) -> AnnotationFile | None:
    """Reads COCO's parts of a JSON document; None for a document of another kind.

    Raises:
        DatasetError: An entry lacks what every entry has, an image is listed more than once, an
            id means several things, or no category is known to mean a crack.
    """
    if not isinstance(document, dict):
        return None
    parts = [document.get(part) for part in ("images", "annotations", "categories")]
    if not all(isinstance(part, list) for part in parts):
        return None
    # Captions and boxes come in files of the same form.
    annotations = document["annotations"]
    if annotations and not any(
        isinstance(entry, dict) and "segmentation" in entry for entry in annotations
    ):
        return None
    categories = _entries(path, document, "categories", "name")
    images = _entries(path, document, "images", "file_name")
    _refuse_twice(path, images, categories)
    names = {category["id"]: str(category["name"]) for category in categories}
    annotations = _entries(path, document, "annotations", "image_id", "category_id")
    _refuse_lost(path, annotations, {image["id"] for image in images}, names)
    shapes: dict[object, list[Shape]] = {}
    drawn: list[tuple[Mapping[str, Any], list[Shape]]] = [
        (entry, _shapes(entry, names[entry["category_id"]])) for entry in annotations
    ]
    refuse_exchanged(path, drawn)
    for entry, outline in drawn:
        shapes.setdefault(entry["image_id"], []).extend(outline)
    photographs: dict[str | None, Annotated] = {
        str(image["file_name"]): Annotated(
            f"{path}, image {image['file_name']}",
            size_in(image, "height", "width"),
            tuple(shapes.get(image["id"], ())),
        )
        for image in images
    }
    used = {names[entry["category_id"]] for entry in annotations}
    return AnnotationFile(path, _label_use(categories, used), photographs)


def _label_use(categories: Sequence[Mapping[str, Any]], used: set[str]) -> LabelUse:
    above = {str(category.get("supercategory")) for category in categories}
    names = frozenset(str(category["name"]) for category in categories)
    # A single category is often its own supercategory, and is not a heading then.
    headings = {name for name in names & above if _is_above_another(name, categories)}
    return LabelUse(names, frozenset(used), frozenset(headings))


def _is_above_another(name: str, categories: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        category.get("supercategory") == name and category["name"] != name
        for category in categories
    )


def _entries(path: Path, document: dict[str, Any], part: str, *keys: str) -> list[dict[str, Any]]:
    """The entries of a part; each has an id and these keys, with a number or a text."""
    for number, entry in enumerate(document[part], 1):
        for key in ("id", *keys):
            said = entry.get(key) if isinstance(entry, dict) else None
            if not isinstance(said, int | str) or (key == "name" and said == ""):
                raise DatasetError(
                    f"{path}: cannot be read as COCO annotations (entry {number} of {part!r} has "
                    f"no {key!r})"
                )
    return list(document[part])


def _refuse_lost(
    path: Path,
    annotations: Sequence[Mapping[str, Any]],
    images: set[object],
    categories: Mapping[object, str],
) -> None:
    lost = sum(
        entry["image_id"] not in images or entry["category_id"] not in categories
        for entry in annotations
    )
    if lost:
        raise DatasetError(
            f"{path}: {lost} annotations are of an image or a category that is not in the file, "
            "and cracks would be lost; are the ids of one kind, all numbers or all texts?"
        )


def _refuse_twice(
    path: Path, images: Sequence[Mapping[str, Any]], categories: Sequence[Mapping[str, Any]]
) -> None:
    twice = _several(str(image["file_name"]) for image in images)
    if twice:
        raise DatasetError(
            f"{path}: {len(twice)} images are listed more than once, so it is not known which "
            f"annotations are theirs: {name_some(twice)}"
        )
    # A category may stand there twice, but not under another name.
    named = {(category["id"], category["name"]) for category in categories}
    for what, ids in (
        ("images", _several(image["id"] for image in images)),
        ("categories", _several(number for number, _ in named)),
    ):
        if ids:
            raise DatasetError(
                f"{path}: {len(ids)} ids are each of several {what}, so it is not known which "
                f"annotations are theirs: {name_some(map(str, ids))}; where files were put "
                f"together, number the {what} anew, and the annotations with them"
            )


def _several(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _shapes(entry: Mapping[str, Any], label: str) -> list[Shape]:
    """The parts of an annotation, each as a shape."""
    segmentation = entry.get("segmentation")
    name = f"annotation {entry['id']}"
    if not segmentation:
        return [Shape(name, label, "it has a box at most, and no outline")]
    # A flat list of numbers can only be one polygon.
    flat = isinstance(segmentation, list) and all(
        isinstance(value, int | float) for value in segmentation
    )
    parts = segmentation if isinstance(segmentation, list) and not flat else [segmentation]
    if len(parts) == 1:
        return [shape(name, label, partial(_drawing, parts[0]))]
    return [
        shape(f"{name}, part {number}", label, partial(_drawing, part))
        for number, part in enumerate(parts, 1)
    ]


def _drawing(part: Any) -> Drawing:
    """Makes the drawing of one part of a ``segmentation``.

    Raises:
        ValueError: The part has no meaning.
    """
    if isinstance(part, dict):
        return _runs(part)
    if isinstance(part, list) and part and all(isinstance(point, list) for point in part):
        return polygon(part)
    if not isinstance(part, list):
        raise ValueError("its segmentation is neither polygons nor a run-length code")
    if len(part) % 2:
        raise ValueError("its polygons are no lists of x1, y1, x2, y2, ...")
    return polygon(list(zip(part[::2], part[1::2], strict=True)))


def _runs(code: Mapping[str, Any]) -> Runs:
    counts, size = code.get("counts"), code.get("size")
    sides = [whole(side) for side in size] if isinstance(size, list) else []
    if len(sides) != 2 or not sides[0] or not sides[1]:
        raise ValueError(f"its run-length code is of size {size}")
    if isinstance(counts, str):
        return Runs(decompress(counts), (sides[0], sides[1]))
    if not isinstance(counts, list) or not all(isinstance(count, int) for count in counts):
        raise ValueError("its run-length code is damaged")
    return Runs(counts, (sides[0], sides[1]))
