"""Takes from the user where images are from: a source for a folder, a photograph for each file.

What the user says comes before what names tell, see :mod:`crackseg.data.splits.name_rules`.
"""

import logging
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from crackseg.data.discovery.layouts import composed
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.name_rules import Origin, origin
from crackseg.data.splits.tables import read_table
from crackseg.errors import DatasetError, name_some

log = logging.getLogger(__name__)

_FILE_COLUMNS = ("file", "image", "our_file")
_PHOTOGRAPH, _SOURCE = "photograph", "source"


@dataclass(frozen=True)
class Origins:
    """Origins that the user gave.

    Attributes:
        sources: Source by folder, relative to the data set's root; ``.`` is the root itself.
        photographs: Photograph that each image was cut from, by image.
        image_sources: Source by image, which comes before that of its folder.
    """

    sources: Mapping[str, str] = field(default_factory=dict)
    photographs: Mapping[str, str] = field(default_factory=dict)
    image_sources: Mapping[str, str] = field(default_factory=dict)

    def of(self, pair: Pair) -> Origin:
        """Origin of a pair."""
        named = origin(pair.stem)
        given = (
            source
            for folder, source in self.sources.items()
            if folder == "." or pair.image.startswith(f"{folder}/")
        )
        source = self.image_sources.get(pair.image) or next(given, named.source)
        return Origin(source, self.photographs.get(pair.image, named.photograph))


def sources_of_folders(
    root: Path, folders: Sequence[Path], sources: Sequence[str]
) -> dict[str, str]:
    """Sources by folder, as :class:`Origins` holds them.

    Args:
        root: Root of the data set.
        folders: Folders in it, as ``data.root`` names them.
        sources: Source of each; empty where none is given.
    """
    return {
        Path(os.path.relpath(folder, root)).as_posix(): source
        for folder, source in zip(folders, sources, strict=False)
        if source
    }


def read_origins(path: Path, images: Collection[str]) -> Origins:
    """Reads which photograph each image was cut from, and its source; names of no image are said.

    Args:
        path: CSV file with a column ``file`` (or ``image``), a column ``photograph``, and perhaps
            a column ``source``, whose cells may be empty.
        images: Images of the data set, by their paths relative to its root.

    Returns:
        Photographs and sources by image.

    Raises:
        DatasetError: Other columns, an empty cell, a name that fits several images or none at all
            that fits one, or a file with two photographs.
    """
    columns, records = read_table(path, "list of origins", DatasetError)
    column = next((one for one in _FILE_COLUMNS if one in columns), None)
    if column is None or _PHOTOGRAPH not in columns:
        raise DatasetError(
            f"{path}, line 1: the columns are file and photograph, of which a file was cut; here "
            f"they are {name_some(columns, 10) or 'none'}"
        )
    by_ending = _by_ending(images)
    found: dict[str, str] = {}
    sources: dict[str, str] = {}
    absent = []
    for line, record in records:
        name, photograph = record.get(column), (record.get(_PHOTOGRAPH) or "").strip()
        if not name or not photograph:
            raise DatasetError(f"{path}, line {line}: {column} or {_PHOTOGRAPH} is empty")
        where = f"{path}, line {line}"
        image = _image(where, name, by_ending) or _image(where, name.strip(), by_ending)
        if image is None:
            absent.append(name)
        elif found.setdefault(image, photograph) != photograph:
            raise DatasetError(f"{path}, line {line}: {name} was given another photograph before")
        elif source := record.get(_SOURCE):
            sources[image] = source
    if records and not found:
        raise DatasetError(
            f"{path}: none of the {len(records)} files that it lists is among the photographs, as "
            f"{name_some(absent)}"
        )
    if absent:
        log.warning("%s: %d that it lists are not there: %s", path, len(absent), name_some(absent))
    return Origins(photographs=found, image_sources=sources)


def _by_ending(images: Iterable[str]) -> dict[str, list[str]]:
    """The images by their names, with the suffix and without."""
    by_ending: dict[str, list[str]] = {}
    for image in images:
        path = PurePosixPath(composed(image))
        for name in dict.fromkeys((path.name, path.stem)):
            by_ending.setdefault(name, []).append(image)
    return by_ending


def _image(where: str, listed: str, by_ending: Mapping[str, Sequence[str]]) -> str | None:
    """The image that a list means; None where there is none."""
    path = PurePosixPath(composed(listed.replace("\\", "/")))
    fitting = [
        image
        for image in by_ending.get(path.name) or by_ending.get(path.stem, ())
        if PurePosixPath(composed(image)).parts[-len(path.parts) : -1] == path.parts[:-1]
    ]
    if len(fitting) > 1:
        raise DatasetError(
            f"{where}: {listed} may be {fitting[0]} or {fitting[1]}; write its folder before it"
        )
    return fitting[0] if fitting else None
