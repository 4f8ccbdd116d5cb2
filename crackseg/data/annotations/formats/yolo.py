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
from crackseg.system.files import file_stamp

# Each number can be matched in one way alone: else a long line that is none takes years.
_NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
_LINE = re.compile(rf"\d+(?:\s+{_NUMBER}){{4,}}")
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
    file = names_file(path.parent)
    names = {} if file is None else _class_names(file, file_stamp(file))
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


def names_file(folder: Path) -> Path | None:
    """The nearest file above a folder of annotations that names classes; None without one."""
    folders = [folder, *folder.parents][: _FOLDERS_UP + 1]
    # A folder's stamp changes when a file comes or goes, and listing it for each file takes long.
    candidates = (file for above in folders for file in _candidates(above, file_stamp(above)))
    return next((file for file in candidates if _class_names(file, file_stamp(file))), None)


@lru_cache(maxsize=1024)
def _candidates(folder: Path, stamp: tuple[int, int]) -> tuple[Path, ...]:
    lists = (folder / name for name in _CLASS_LISTS)
    return (
        *sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]),
        *(file for file in lists if file.is_file()),
    )


@lru_cache(maxsize=1024)
def _class_names(path: Path, stamp: tuple[int, int]) -> dict[int, str]:
    """Labels by number, until the file's stamp changes; empty where it names none."""
    if path.name in _CLASS_LISTS:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return dict(enumerate(line.strip() for line in lines if line.strip()))
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
