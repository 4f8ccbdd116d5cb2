"""Opens annotation files and recognises their format."""

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from crackseg.data.annotations.class_pictures import names_file, read_class_picture
from crackseg.data.annotations.formats.registry import FORMATS, SUFFIXES
from crackseg.data.annotations.shapes import AnnotationFile
from crackseg.errors import UnreadableImageError
from crackseg.system.files import file_stamp

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
        path: Mask picture, or file with one of
            :data:`crackseg.data.annotations.formats.registry.SUFFIXES`.

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
            stamp = file_stamp(path)
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


def names_files(paths: Iterable[Path]) -> list[Path]:
    """The files above masks and annotation files that say which of their classes is which."""
    found = set[Path | None]()
    for folder, suffix in {(path.parent, path.suffix.lower()) for path in paths}:
        if suffix in SUFFIXES:
            found |= {known.names_file(folder) for known in FORMATS if known.suffix == suffix}
        else:
            found.add(names_file(folder))
    return sorted(path for path in found if path is not None)


def _parse(path: Path, suffix: str, content: Any) -> AnnotationFile | None:
    for known in FORMATS:
        if known.suffix == suffix:
            parsed = known.parse(path, content)
            if parsed is not None:
                return parsed
    return None
