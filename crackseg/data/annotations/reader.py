"""Opens annotation files and recognises their format.

To read another format, write a module with a function that takes a path and the file's content. It
returns an :class:`crackseg.data.annotations.shapes.AnnotationFile`, or None for a file of another
kind. Then add it to :data:`FORMATS`.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crackseg.data.annotations.class_pictures import read_class_picture
from crackseg.data.annotations.formats.coco import parse_coco
from crackseg.data.annotations.formats.labelme import parse_labelme
from crackseg.data.annotations.formats.supervisely import parse_supervisely
from crackseg.data.annotations.formats.yolo import parse_yolo
from crackseg.data.annotations.shapes import AnnotationFile
from crackseg.errors import UnreadableImageError


@dataclass(frozen=True)
class Format:
    """One format of annotation files.

    Attributes:
        name: Name in messages, with an example of a file's name.
        suffix: Suffix of its files, in lower case.
        parse: Function of a path and the file's content, decoded as its suffix says; it returns
            None for a file of another kind.
    """

    name: str
    suffix: str
    parse: Callable[[Path, Any], AnnotationFile | None]


FORMATS = (
    Format("LabelMe's X.json", ".json", parse_labelme),
    Format("COCO's annotations.json", ".json", parse_coco),
    Format("Supervisely's X.jpg.json", ".json", parse_supervisely),
    Format("YOLO's segments X.txt", ".txt", parse_yolo),
)
SUFFIXES = frozenset(known.suffix for known in FORMATS)
_DECODERS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    ".json": ("JSON", json.loads),
    ".txt": ("text", lambda data: data.decode("utf-8-sig")),
}

# A COCO file describes thousands of photographs and is needed for each of them.
_kept: dict[Path, tuple[tuple[int, int], AnnotationFile]] = {}
_lock = threading.Lock()


def read_annotations(path: Path) -> AnnotationFile | None:
    """Reads an annotation file; one for many photographs is read again only when it changes.

    Args:
        path: File with one of :data:`SUFFIXES`, or a mask picture.

    Returns:
        Content of the file; None for a file about something else.

    Raises:
        UnreadableImageError: The file is missing or not JSON.
        DatasetError: The file contradicts itself, see
            :func:`crackseg.data.annotations.formats.coco.parse_coco`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return read_class_picture(path)
    with _lock:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = _kept.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            content = _DECODERS[suffix][1](path.read_bytes())
        except FileNotFoundError as error:
            raise UnreadableImageError(f"{path}: there is no such file") from error
        except (OSError, ValueError, RecursionError) as error:
            kind = _DECODERS[suffix][0]
            raise UnreadableImageError(f"{path}: cannot be read as {kind} ({error})") from error
        parsed = _parse(path, suffix, content)
        if parsed is not None and parsed.is_listing:
            _kept[path] = stamp, parsed
        return parsed


def _parse(path: Path, suffix: str, content: Any) -> AnnotationFile | None:
    for known in FORMATS:
        if known.suffix == suffix:
            parsed = known.parse(path, content)
            if parsed is not None:
                return parsed
    return None
