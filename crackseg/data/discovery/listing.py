"""Lists the files below a folder, and those that are left out with the reason.

There is one rule for training, evaluation, verification, exploration and prediction. Files that
programs leave behind (hidden ones, ``__MACOSX``, ``.ipynb_checkpoints``) are ignored. Pictures of
kinds that cannot be read, pipes, broken links and closed folders are counted and named.
"""

import filecmp
import hashlib
import logging
import os
import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crackseg.errors import name_some
from crackseg.images.heic import HEIC_SUFFIXES, INSTALL
from crackseg.images.pixels import IMAGE_SUFFIXES

log = logging.getLogger(__name__)

# What the sensors of cameras saw.
RAW_SUFFIXES = frozenset(
    f".{kind}"
    for kind in (*("cr2", "cr3", "nef", "nrw", "arw", "dng", "raf", "orf", "rw2", "pef", "srw"),)
)
# Pictures that cameras, phones and scanners write and that cannot be read here.
UNREADABLE_SUFFIXES = RAW_SUFFIXES | frozenset(
    f".{kind}"
    for kind in (
        *("avif", "jxl", "jp2", "j2k", "psd", "svg", "exr", "hdr", "tga"),
        *("pcx", "ppm", "pgm", "pbm"),
    )
)
_KINDS_NOT_READ = "pictures of kinds that cannot be read, left out (save them as JPEG or PNG)"
_HEIC_NOT_READ = f"HEIC pictures, left out ({INSTALL} makes them readable)"
_HIDDEN = "hidden pictures, left out"
_SPECIAL = "pipes, sockets or devices, left out"
_NOWHERE = "links that lead nowhere or in a circle, left out"
_CLOSED = "folders that cannot be opened, left out"
# Folders of files that programs leave behind: macOS, Synology's disk stations, and Windows.
_LEFT_BEHIND = frozenset({"__macosx", "@eadir", "$recycle.bin"})
# The files that macOS puts beside each file are not pictures, whatever their names.
_BESIDE_EACH_FILE = "._"
_FOLDER, _FILE = "folder", "file"
# Bytes by which files are told apart before they are compared whole.
_COMPARED = 4096
# Device and number of a folder.
_Identity = tuple[int, int]


@dataclass(frozen=True)
class Listing:
    """The files below a folder.

    Attributes:
        files: Paths of the files to read, relative to the folder, in order.
        left_out: Paths of the files that are left out, by the reason in words.
        folders: The folders, empty ones too.
        passed_over: Hidden files and folders, which are ignored silently.
    """

    files: tuple[Path, ...]
    left_out: Mapping[str, tuple[Path, ...]]
    folders: tuple[Path, ...] = ()
    passed_over: tuple[Path, ...] = ()

    @property
    def unread(self) -> tuple[Path, ...]:
        """All that lies there beside the files to read: what is left out, and hidden files."""
        left_out = (path for paths in self.left_out.values() for path in paths)
        return tuple(sorted([*left_out, *self.passed_over]))

    @property
    def unread_pictures(self) -> tuple[Path, ...]:
        """Pictures that a user probably wants to be read, and that cannot be read."""
        reasons = (_KINDS_NOT_READ, _HEIC_NOT_READ)
        return tuple(path for reason in reasons for path in self.left_out.get(reason, ()))

    def warn_of_left_out(self) -> None:
        """Logs the files that are left out, by name and count."""
        for reason, paths in self.left_out.items():
            level = logging.INFO if reason == _HIDDEN else logging.WARNING
            log.log(level, "%d %s: %s", len(paths), reason, name_some(map(str, paths)))


def list_files(root: Path) -> Listing:
    """Lists the files below a folder; links to folders are followed, but not in a circle.

    Args:
        root: Existing folder.
    """
    files: list[Path] = []
    folders: list[Path] = []
    passed_over: list[Path] = []
    left_out: dict[str, list[Path]] = defaultdict(list)
    # A list instead of recursion: folders may be nested deeper than Python calls.
    waiting: list[tuple[Path, frozenset[_Identity]]] = [(Path(), frozenset())]
    while waiting:
        folder, above = waiting.pop()
        try:
            identity = _identity(root / folder)
            entries = list(os.scandir(root / folder))
        except OSError:
            left_out[_CLOSED].append(folder)
            continue
        if identity in above:
            left_out[_NOWHERE].append(folder)
            continue
        for entry in entries:
            path = folder / entry.name
            verdict = _verdict(entry)
            if verdict == _FOLDER:
                folders.append(path)
                waiting.append((path, above | {identity}))
            elif verdict == _FILE:
                files.append(path)
            elif verdict is not None:
                left_out[verdict].append(path)
            elif not entry.name.startswith(_BESIDE_EACH_FILE):
                passed_over.append(path)
    ordered = {reason: tuple(sorted(paths)) for reason, paths in sorted(left_out.items())}
    # By their parts, as paths are sorted, but without comparing objects.
    in_order = tuple(sorted(files, key=lambda path: path.parts))
    return Listing(in_order, ordered, tuple(sorted(folders)), tuple(passed_over))


def is_picture(path: Path) -> bool:
    """Whether a file has the suffix of a picture that can be read."""
    return path.suffix.lower() in IMAGE_SUFFIXES


def _identity(folder: Path) -> _Identity:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _verdict(entry: os.DirEntry[str]) -> str | None:
    """Decides on an entry of a folder: a folder to search, a file to read, or a reason against it.

    Returns:
        The decision; None for a file that programs leave behind, which is ignored silently.
    """
    hidden = entry.name.startswith(".") or entry.name.lower() in _LEFT_BEHIND
    try:
        mode = entry.stat().st_mode
    except OSError:
        return None if hidden else _NOWHERE
    suffix = os.path.splitext(entry.name)[1].lower()  # noqa: PTH122 - of 100,000 names
    if hidden:
        picture = stat.S_ISREG(mode) and suffix in IMAGE_SUFFIXES
        return _HIDDEN if picture and not entry.name.startswith(_BESIDE_EACH_FILE) else None
    if stat.S_ISDIR(mode):
        return _FOLDER
    if not stat.S_ISREG(mode):
        return _SPECIAL
    if suffix in HEIC_SUFFIXES - IMAGE_SUFFIXES:
        return _HEIC_NOT_READ
    return _KINDS_NOT_READ if suffix in UNREADABLE_SUFFIXES else _FILE


def different(root: Path, paths: Iterable[Path]) -> list[Path]:
    """Files that differ: the same archive unzipped twice is harmless."""
    listed = list(paths)
    if len(listed) < 2:
        return listed
    found: list[Path] = []
    # Of a folder for each photograph all files may have one name: each is compared with few.
    alike: dict[bytes, list[Path]] = defaultdict(list)
    for path in listed:
        others = alike[_sketch(root / path)]
        if not any(is_same(root, one, path) for one in others):
            others.append(path)
            found.append(path)
    return found


def _sketch(path: Path) -> bytes:
    """A hash of a file's size and of bytes from its middle, which tell most files apart."""
    # Whoever decodes a file that cannot be opened says so.
    with suppress(OSError), path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max((size - _COMPARED) // 2, 0))
        return hashlib.sha256(f"{size} ".encode() + file.read(_COMPARED)).digest()
    return b""


def is_same(root: Path, one: Path, other: Path) -> bool:
    """Whether two files are one, or hold the same."""
    return one == other or filecmp.cmp(root / one, root / other, shallow=False)
