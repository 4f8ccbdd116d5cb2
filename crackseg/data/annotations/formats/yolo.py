"""Reads YOLO segments: a text file for each photograph, with labels in a YAML file above it.

Every line is the number of a class and the corners of a polygon, as shares of the photograph's
width and height. A line of four shares is a box, not an outline. An empty file says that there is
nothing on the photograph.
"""

import re
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from crackseg.data.annotations.drawings import Drawing, RelativePolygon
from crackseg.data.annotations.polygons import points
from crackseg.data.annotations.shapes import AnnotationFile, Shape, shape, sheet

_LINE = re.compile(r"\d+(?:\s+-?\d*\.?\d+(?:[eE][-+]?\d+)?){4,}")
_CLASS_LISTS = ("classes.txt", "obj.names")
# A data set's YAML file is beside its folders train/labels, or one folder above.
_FOLDERS_UP = 4


def parse_yolo(path: Path, text: Any) -> AnnotationFile | None:
    """Reads the polygons of a text file; None for a file of another kind.

    An empty file outside a folder ``labels`` may be anything, so it is of another kind.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not all(_LINE.fullmatch(line) for line in lines):
        return None
    if not lines and not any(part.lower() == "labels" for part in path.parts):
        return None
    names = _class_names(path.parent)
    return sheet(path, None, [_shape(number, line, names) for number, line in enumerate(lines, 1)])


def _shape(number: int, line: str, names: dict[int, str]) -> Shape:
    class_number, *values = line.split()
    label = names.get(int(class_number), f"class {class_number}")
    return shape(f"line {number}", label, partial(_drawing, [float(value) for value in values]))


def _drawing(values: list[float]) -> Drawing:
    if len(values) == 4:
        raise ValueError("it is a box, and has no outline")
    if len(values) % 2:
        raise ValueError("its polygon is no list of x1 y1 x2 y2 ...")
    return RelativePolygon(points(list(zip(values[::2], values[1::2], strict=True)), 3))


@lru_cache(maxsize=1024)
def _class_names(folder: Path) -> dict[int, str]:
    """Labels by number, from the nearest file above; empty where there is no such file."""
    for above in [folder, *folder.parents][: _FOLDERS_UP + 1]:
        for path in sorted([*above.glob("*.yaml"), *above.glob("*.yml")]):
            names = _names_in_yaml(path)
            if names:
                return names
        for name in _CLASS_LISTS:
            if (above / name).is_file():
                lines = (above / name).read_text(encoding="utf-8", errors="replace").splitlines()
                return dict(enumerate(line.strip() for line in lines if line.strip()))
    return {}


def _names_in_yaml(path: Path) -> dict[int, str]:
    try:
        document = OmegaConf.to_container(OmegaConf.load(path))
    except (OSError, ValueError, YAMLError, OmegaConfBaseException):
        return {}
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list):
        return {number: str(name) for number, name in enumerate(names)}
    if isinstance(names, dict) and all(isinstance(number, int) for number in names):
        return {number: str(name) for number, name in names.items()}
    return {}
