"""Plans work on photographs: which they are, and the paths of their results."""

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from crackseg.data.discovery.layouts import key, says_mask
from crackseg.data.discovery.listing import Listing, is_picture, list_files
from crackseg.errors import CrackSegError, DatasetNotFoundError, name_some, nearest
from crackseg.formats.registry import FORMATS
from crackseg.images.georeference import files_beside
from crackseg.images.heic import HEIC_SUFFIXES, INSTALL
from crackseg.images.pixels import IMAGE_SUFFIXES
from crackseg.workflows.folders.places import targets
from crackseg.workflows.folders.shards import Shard

log = logging.getLogger(__name__)

RESULTS = ("mask", "overlay", "probability")
_MEASURED = "measured"
PICTURES = tuple(f"_{kind}.png" for kind in (*RESULTS, _MEASURED))
# What follows the target in the name of a mask, which people correct by hand.
MASK = "_mask.png"
_NAMES_TO_GUESS_FROM = 5_000
# Names of the records of what is done; beside that of measured photographs, formats have folders.
MEASUREMENTS, PREDICTIONS = "measurements", "predictions"


@dataclass(frozen=True)
class Job:
    """A photograph and where its results go.

    Attributes:
        photograph: Path of the photograph.
        target: Path of its results, which ``_mask.png`` and so on follow.
        name: Path of the photograph below the folder of all, with forward slashes, as text that
            can be written anywhere.
    """

    photograph: Path
    target: Path
    name: str

    def result(self, ending: str) -> Path:
        """Path of one of its results, such as that which ends with ``_mask.png``."""
        return self.target.with_name(f"{self.target.name}{ending}")


@dataclass(frozen=True)
class Plan:
    """Photographs to work on.

    Attributes:
        jobs: Photographs with their targets, no two of which are the same.
        unread: Pictures of kinds that cannot be read, such as camera raws.
        base: Folder of all of them.
    """

    jobs: tuple[Job, ...]
    unread: tuple[Path, ...]
    base: Path

    def name_of(self, path: Path) -> str:
        """Path of a picture below the folder of all, as text that can be written anywhere."""
        return _printable(Path(_absolute(path)).relative_to(self.base).as_posix())

    def share(self, shard: Shard | None) -> "Plan":
        """The photographs of a share, by their places in the list of all targets, sorted.

        It is the same on all machines that see the same photographs, in whatever order.
        """
        if shard is None:
            return self
        ordered = sorted(self.jobs, key=lambda job: job.target.parts)
        return Plan(shard.of(ordered), shard.of(sorted(self.unread)), self.base)


def plan(paths: Sequence[str], output: Path) -> Plan:
    """Finds the photographs and gives each a place for its results.

    Args:
        paths: Files, folders (searched at any depth) and globs.
        output: Folder of the results.

    Raises:
        DatasetNotFoundError: A path does not exist, or there is no photograph under any of them.
        CrackSegError: Results would be among the photographs.
    """
    found = [source for path in paths for source in _expand(path, output)]
    # Links keep their own place and name; only the spelling of folders is made equal.
    base = Path(os.path.commonpath([_absolute(source.folder) for source in found]))
    photographs = list(dict.fromkeys(file for source in found for file in source.photographs))
    unread = tuple(file for source in found for file in source.unread)
    if not photographs:
        others = f" ({len(unread)} of kinds that cannot be read{_advice(unread)})" if unread else ""
        raise DatasetNotFoundError(
            f"{', '.join(paths)}: no photograph here{others}; looked for "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    before = len(os.path.join(base, ""))  # noqa: PTH118 - of a root too
    below = [file[before:] for file in photographs]
    jobs = tuple(
        Job(Path(file), output / target, _printable(path.replace(os.sep, "/")))
        for file, path, target in zip(photographs, below, targets(below), strict=True)
    )
    _refuse_among_photographs(jobs, output)
    return Plan(jobs, unread, base)


def records(folder: Path) -> dict[Path, str]:
    """The records of earlier work in a folder, and of which kind each is.

    There is one of each process that did a share of the photographs.
    """
    kinds = (MEASUREMENTS, PREDICTIONS)
    return {
        path: kind for kind in kinds for path in folder.glob(f"{kind}*.jsonl") if path.is_file()
    }


def why_not_read(path: Path) -> str:
    """Reason why a picture of :attr:`Plan.unread` is not read."""
    return f"{path}: of a kind that cannot be read{_advice([path])}"


def _advice(unread: Iterable[Path]) -> str:
    is_heic = any(path.suffix.lower() in HEIC_SUFFIXES for path in unread)
    return f"; {INSTALL} reads HEIC" if is_heic else ""


@dataclass(frozen=True)
class _Source:
    """A folder, with the absolute paths of its photographs that are wanted.

    They are texts: of 100,000 photographs, paths would take seconds more.
    """

    folder: Path
    photographs: tuple[str, ...]
    unread: tuple[Path, ...] = ()


def _refuse_among_photographs(jobs: Sequence[Job], output: Path) -> None:
    real = lru_cache(maxsize=None)(os.path.realpath)
    # An example of each pair of folders, which are few.
    pairs = {
        (os.path.dirname(job.photograph), os.path.dirname(job.target)): job  # noqa: PTH120
        for job in jobs
    }
    for (above, place), job in pairs.items():
        if real(above) == real(place):
            raise CrackSegError(
                f"--output {output}: masks would stand beside their photographs, such as "
                f"{job.photograph}, and be taken for photographs or for truth later; name another "
                "folder"
            )


def _printable(name: str) -> str:
    """A name in which bytes that are no text are written as numbers."""
    return name.encode(errors="backslashreplace").decode()


def _guess_beside(path: Path) -> str:
    """What may be meant by a path that is not there; looks at some thousand names at most."""
    if set(path.name) & set("*?["):
        return ""
    try:
        with os.scandir(path.parent) as beside:
            names = [entry.name for entry in islice(beside, _NAMES_TO_GUESS_FROM)]
    except OSError:
        return ""
    meant = nearest(path.name, names)
    return f"; did you mean {path.parent / meant}?" if meant else ""


def _expand(path: str, output: Path) -> Iterator[_Source]:
    here = Path(path)
    try:
        there, is_folder = os.path.lexists(here), here.is_dir()
        # A name with brackets in it is first read literally.
        matches = [here] if there else sorted(Path(here.anchor).glob(_unanchored(here)))
    except (OSError, ValueError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DatasetNotFoundError(f"{path}: there is no such file or folder ({reason})") from error
    if is_folder:
        yield _folder(here, output)
        return
    if not matches:
        guess = _guess_beside(here)
        raise DatasetNotFoundError(f"{path}: there is no such file or folder{guess}")
    for match in matches:
        if match.is_dir():
            yield _folder(match, output)
        else:
            yield _Source(match.parent, (_absolute(match),))


def _folder(folder: Path, output: Path) -> _Source:
    listing: Listing = list_files(folder)
    listing.warn_of_left_out()
    outputs, top = _Outputs(folder, output), _absolute(folder)
    places = [(path, os.path.join(top, path)) for path in listing.files]  # noqa: PTH118
    found = [(path, place) for path, place in places if not _is_result(place, outputs)]
    pictures = [path for path, _ in found if is_picture(path)]
    masks = _masks_among(pictures)
    if masks:
        what = "masks of photographs that are there too, left out"
        log.info("%s: %d %s: %s", folder, len(masks), what, name_some(map(str, sorted(masks))))
    photographs = tuple(place for path, place in found if is_picture(path) and path not in masks)
    beside = _beside(photographs, [place for path, place in found if not is_picture(path)])
    others = [
        path
        for path, place in found
        if not is_picture(path)
        and place not in beside
        and outputs.around(place) != Path(os.path.realpath(place)).parent
    ]
    if others:
        what = "files that are no photographs by name, left out"
        log.info("%s: %d %s: %s", folder, len(others), what, name_some(map(str, others)))
    if not photographs:
        log.warning("%s: no photograph in it", folder)
    unread = tuple(Path(top) / path for path in listing.unread_pictures)
    return _Source(folder, photographs, unread)


def _masks_among(pictures: Sequence[Path]) -> frozenset[Path]:
    """Pictures that are masks by their names, and of whose names there are photographs."""
    masks = [path for path in pictures if says_mask(path)]
    photographs = {key(path) for path in set(pictures).difference(masks)} if masks else set()
    return frozenset(path for path in masks if key(path) in photographs)


def _beside(photographs: Sequence[str], others: Sequence[str]) -> set[str]:
    """The files that say where photographs lie, looked for where there are others of their name."""
    stems = {os.path.splitext(place)[0] for place in others}  # noqa: PTH122
    named = (Path(place) for place in photographs if os.path.splitext(place)[0] in stems)  # noqa: PTH122
    return {str(file) for photograph in named for file in files_beside(photograph)}


class _Outputs:
    """The folders with results: that of this call, and those with a record of an earlier one.

    Args:
        searched: Folder that is searched for photographs.
        output: Folder of this call's results.
    """

    def __init__(self, searched: Path, output: Path) -> None:
        self._top, self._own = (Path(os.path.realpath(one)) for one in (searched, output))
        self._known: dict[Path, bool] = {}
        self._measured: dict[Path, bool] = {}
        self._around: dict[str, Path | None] = {}

    def around(self, folder: str) -> Path | None:
        """The nearest such folder that a folder is or lies in; None where there is none."""
        if folder not in self._around:
            real = Path(os.path.realpath(folder))
            self._around[folder] = next(filter(self._is_one, (real, *real.parents)), None)
        return self._around[folder]

    def has_formats(self, output: Path) -> bool:
        """Whether such a folder is one of measuring, which has folders of formats in it."""
        if output not in self._measured:
            self._measured[output] = any(output.glob(f"{MEASUREMENTS}*.jsonl"))
        return self._measured[output]

    def _is_one(self, folder: Path) -> bool:
        if folder not in self._known:
            is_below = folder.is_relative_to(self._top) or folder.is_relative_to(self._own)
            self._known[folder] = folder == self._own or (is_below and bool(records(folder)))
        return self._known[folder]


def _is_result(path: str, outputs: _Outputs) -> bool:
    """Whether an earlier call wrote the file."""
    # A link may lead into a folder with results.
    real = os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114
    output = outputs.around(os.path.dirname(real))  # noqa: PTH120
    if output is None:
        return False
    if path.endswith(PICTURES):
        return True
    is_exported = Path(os.path.realpath(real)).relative_to(output).parts[0] in FORMATS
    return is_exported and outputs.has_formats(output)


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - links stay as they are


def _unanchored(path: Path) -> str:
    return str(path.relative_to(path.anchor))
