"""Plans work on photographs: which they are, and the paths of their results."""

import hashlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from crackseg.data.discovery.listing import Listing, is_picture, list_files
from crackseg.errors import CrackSegError, DatasetNotFoundError, name_some
from crackseg.formats.registry import FORMATS
from crackseg.images.heic import HEIC_SUFFIXES, INSTALL
from crackseg.images.pixels import IMAGE_SUFFIXES
from crackseg.workflows.folders.shards import Shard

log = logging.getLogger(__name__)

RESULTS = ("mask", "overlay", "probability")
_MEASURED = "measured"
# Names of the records of what is done; beside that of measured photographs, formats have folders.
MEASUREMENTS, PREDICTIONS = "measurements", "predictions"
# Most file systems take 255 bytes; the longest ending of a result needs 16 of them.
_MOST_BYTES = 200


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
    photographs = dict.fromkeys(
        Path(_absolute(file)) for source in found for file in source.photographs
    )
    unread = tuple(file for source in found for file in source.unread)
    if not photographs:
        others = f" ({len(unread)} of kinds that cannot be read{_advice(unread)})" if unread else ""
        raise DatasetNotFoundError(
            f"{', '.join(paths)}: no photograph here{others}; looked for "
            f"{', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    below = [file.relative_to(base) for file in photographs]
    jobs = tuple(
        Job(file, output / target, _printable(path.as_posix()))
        for file, path, target in zip(photographs, below, targets(below), strict=True)
    )
    _refuse_among_photographs(jobs, output)
    return Plan(jobs, unread, base)


def holds_record(folder: Path) -> bool:
    """Whether a folder has the record of earlier work, so that results are in it."""
    names = (path.name for path in folder.glob("*.jsonl"))
    return any(name.startswith((MEASUREMENTS, PREDICTIONS)) for name in names)


def why_not_read(path: Path) -> str:
    """Reason why a picture of :attr:`Plan.unread` is not read."""
    return f"{path}: of a kind that cannot be read{_advice([path])}"


def _advice(unread: Iterable[Path]) -> str:
    is_heic = any(path.suffix.lower() in HEIC_SUFFIXES for path in unread)
    return f"; {INSTALL} reads HEIC" if is_heic else ""


@dataclass(frozen=True)
class _Source:
    """A folder, with its photographs that are wanted."""

    folder: Path
    photographs: tuple[Path, ...]
    unread: tuple[Path, ...] = ()


def _refuse_among_photographs(jobs: Sequence[Job], output: Path) -> None:
    real = lru_cache(maxsize=None)(os.path.realpath)
    for job in jobs:
        folders = (os.path.dirname(path) for path in (job.photograph, job.target))  # noqa: PTH120
        if len({real(folder) for folder in folders}) == 1:
            raise CrackSegError(
                f"--output {output}: masks would stand beside their photographs, such as "
                f"{job.photograph}, and be taken for photographs or for truth later; name another "
                "folder"
            )


def targets(photographs: Sequence[Path]) -> list[Path]:
    """Different places for results: ``a/x`` for ``a/x.jpg``, or ``a/x_jpg`` beside ``a/x.png``.

    Args:
        photographs: Paths of photographs.
    """
    stems = [path.with_name(_stem(path)) for path in photographs]
    by_stem = Counter(map(_folded, stems))
    found: list[Path] = []
    taken: set[str] = set()
    for path, target in zip(photographs, stems, strict=True):
        if by_stem[_folded(target)] > 1:
            target = path.with_name(_shortened(path.name.replace(".", "_")))
        while _folded(target) in taken:
            target = target.with_name(f"{target.name}_")
        taken.add(_folded(target))
        found.append(target)
    return found


def _stem(path: Path) -> str:
    """A file's name without its suffix, and never one that leads to another folder."""
    stem = path.stem
    # ``..png`` would be written beside the folder.
    return _shortened(stem if stem.strip(".") else path.name.replace(".", "_"))


def _shortened(name: str) -> str:
    data = name.encode(errors="surrogateescape")
    if len(data) <= _MOST_BYTES:
        return name
    return f"{data[:_MOST_BYTES].decode(errors='ignore')}-{hashlib.sha256(data).hexdigest()[:8]}"


def _printable(name: str) -> str:
    """A name in which bytes that are no text are written as numbers."""
    return name.encode(errors="backslashreplace").decode()


def _folded(path: Path) -> str:
    """A form of a path that is equal for names that some file systems do not distinguish."""
    return str(path).casefold()


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
        raise DatasetNotFoundError(f"{path}: there is no such file or folder")
    for match in matches:
        if match.is_dir():
            yield _folder(match, output)
        else:
            yield _Source(match.parent, (match,))


def _folder(folder: Path, output: Path) -> _Source:
    listing: Listing = list_files(folder)
    listing.warn_of_left_out()
    is_output = _is_output(folder, output)
    files = [folder / path for path in listing.files]
    found = [path for path in files if not _is_result(path, is_output)]
    photographs = tuple(path for path in found if is_picture(path))
    others = [path for path in found if not is_picture(path) and not is_output(path.parent)]
    if others:
        named = name_some(str(path.relative_to(folder)) for path in others)
        what = "files that are no photographs by name, left out"
        log.info("%s: %d %s: %s", folder, len(others), what, named)
    if not photographs:
        log.warning("%s: no photograph in it", folder)
    return _Source(folder, photographs, tuple(folder / path for path in listing.unread_pictures))


def _is_output(searched: Path, output: Path) -> Callable[[Path], bool]:
    """A function that says of a folder below the searched one whether results were written there.

    It is that of this call, or has the record of an earlier one.
    """
    top, own = (Path(os.path.realpath(one)) for one in (searched, output))

    @cache
    def is_output(folder: Path) -> bool:
        if folder == own:
            return True
        is_below = folder.is_relative_to(top) or folder.is_relative_to(own)
        return is_below and holds_record(folder)

    return is_output


def _is_result(path: Path, is_output: Callable[[Path], bool]) -> bool:
    """Whether an earlier call wrote the file."""
    real = Path(os.path.realpath(path))
    output = next(filter(is_output, real.parents), None)
    if output is None:
        return False
    if path.name.endswith(tuple(f"_{kind}.png" for kind in (*RESULTS, _MEASURED))):
        return True
    is_exported = real.relative_to(output).parts[0] in FORMATS
    return is_exported and any(output.glob(f"{MEASUREMENTS}*.jsonl"))


def _absolute(path: Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - links stay as they are


def _unanchored(path: Path) -> str:
    return str(path.relative_to(path.anchor))
