"""Ready subsets of a data set: folders train, val and test, or lists of names."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path, PurePosixPath

from crackseg.data.discovery.layouts import SUBSET_SPELLINGS
from crackseg.data.discovery.listing import list_files
from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.manifest import Row
from crackseg.errors import DatasetError, name_some
from crackseg.images.pixels import IMAGE_SUFFIXES

log = logging.getLogger(__name__)

_LIST = re.compile(rf"({'|'.join(SUBSET_SPELLINGS)})\.txt")


def ready_subsets(rows: Sequence[Row], folders: Iterable[Path]) -> dict[str, str]:
    """Finds the subset of each image from its folders, from COCO's file or else from lists.

    Images without a ready subset are missing in the result.

    Args:
        rows: Rows of the data set.
        folders: Folders below which ``train.txt``, ``val.txt`` and ``test.txt`` are searched.

    Returns:
        Subsets by image.

    Raises:
        DatasetError: A list cannot be read, or a name is in two of them.
    """
    ready = subsets_by_folder(row.pair for row in rows)
    rest = [row for row in rows if row.image not in ready]
    lists = sorted(path for folder in folders for path in _find_lists(folder)) if rest else []
    return ready | _subsets_by_list(rest, _read_lists(lists))


def subsets_by_folder(pairs: Iterable[Pair]) -> dict[str, str]:
    """Subsets by image, from folders or COCO's file alone."""
    return {pair.image: subset for pair in pairs if (subset := pair.subset)}


def _find_lists(folder: Path) -> Iterator[Path]:
    for path in list_files(folder).files:
        if _LIST.fullmatch(path.name.lower()):
            yield folder / path


def _read_lists(paths: Iterable[Path]) -> dict[str, dict[str, Path]]:
    """Reads the names in the lists of each subset, each name with its list.

    Raises:
        DatasetError: A list is at fault, see :func:`ready_subsets`.
    """
    lists: dict[str, dict[str, Path]] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: cannot be read as a list of names ({error})") from error
        names = dict.fromkeys((_name(line) for line in lines if line.strip()), path)
        lists.setdefault(SUBSET_SPELLINGS[path.stem.lower()], {}).update(names)
    for one, other in combinations(lists, 2):
        both = sorted(lists[one].keys() & lists[other].keys())
        if both:
            raise DatasetError(
                f"{lists[one][both[0]]} and {lists[other][both[0]]}: {len(both)} names stand in "
                f"both, so that subsets overlap: {name_some(both)}; take them out of one"
            )
    return lists


def _name(line: str) -> str:
    """The name in a line, without folders and without an image's suffix."""
    name = PurePosixPath(line.strip().replace("\\", "/"))
    return name.stem if name.suffix.lower() in IMAGE_SUFFIXES else name.name


def _subsets_by_list(
    rows: Sequence[Row], lists: Mapping[str, Mapping[str, Path]]
) -> dict[str, str]:
    stems = {row.stem for row in rows}
    absent = [name for names in lists.values() for name in names if name not in stems]
    if absent:
        log.warning(
            "%d names in the lists of ready subsets are of no pair, left out: %s",
            len(absent),
            name_some(absent),
        )
    by_name = {name: subset for subset, names in lists.items() for name in names}
    return {row.image: by_name[row.stem] for row in rows if row.stem in by_name}
