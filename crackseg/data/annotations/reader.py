"""Opens annotation files and tells what they are."""

import json
import threading
from pathlib import Path
from typing import Any

from crackseg.data.annotations.coco import Coco, parse_coco
from crackseg.data.annotations.labelme import LabelMe, parse_labelme
from crackseg.errors import UnreadableImageError

ANNOTATION_SUFFIX = ".json"

# A file of COCO's describes thousands of photographs and is asked for each of them.
_kept: dict[Path, tuple[tuple[int, int], Coco]] = {}
_lock = threading.Lock()


def read_annotations(path: Path) -> LabelMe | Coco | None:
    """Reads a JSON file; one of COCO's is read once in a process as long as it stays the same.

    Returns:
        What it holds; None for a JSON file about something else.

    Raises:
        UnreadableImageError: the file is missing or no JSON.
        DatasetError: see :func:`crackseg.data.annotations.coco.parse_coco`.
    """
    with _lock:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = _kept.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            document = json.loads(path.read_bytes())
        except FileNotFoundError as error:
            raise UnreadableImageError(f"{path}: there is no such file") from error
        except (OSError, ValueError, RecursionError) as error:
            raise UnreadableImageError(f"{path}: cannot be read as JSON ({error})") from error
        found = _parse(path, document)
        if isinstance(found, Coco):
            _kept[path] = stamp, found
        return found


def _parse(path: Path, document: Any) -> LabelMe | Coco | None:
    if not isinstance(document, dict):
        return None
    return parse_labelme(path, document) or parse_coco(path, document)
