"""Formats of annotation files, in the order in which a file is tried.

To read another format, write a module in this package with a function that takes a path and the
file's content. It returns an :class:`crackseg.data.annotations.shapes.AnnotationFile`, or None for
a file of another kind. Then add it to :data:`FORMATS`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crackseg.data.annotations.formats.coco import parse_coco
from crackseg.data.annotations.formats.labelme import parse_labelme
from crackseg.data.annotations.formats.supervisely import parse_supervisely
from crackseg.data.annotations.formats.yolo import names_file, parse_yolo
from crackseg.data.annotations.shapes import AnnotationFile


@dataclass(frozen=True)
class Format:
    """One format of annotation files.

    Attributes:
        name: Name in messages, with an example of a file's name.
        suffix: Suffix of its files, in lower case.
        parse: Function of a path and the file's content, decoded as its suffix says; it returns
            None for a file of another kind.
        names_file: Function of a folder, which returns the file that names the classes of the files
            in it; None where they name them themselves.
    """

    name: str
    suffix: str
    parse: Callable[[Path, Any], AnnotationFile | None]
    names_file: Callable[[Path], Path | None] = field(default=lambda folder: None)


FORMATS = (
    Format("LabelMe's X.json", ".json", parse_labelme),
    Format("COCO's annotations.json", ".json", parse_coco),
    Format("Supervisely's X.jpg.json", ".json", parse_supervisely),
    Format("YOLO's segments X.txt", ".txt", parse_yolo, names_file),
)
SUFFIXES = frozenset(known.suffix for known in FORMATS)
