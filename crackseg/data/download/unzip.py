"""Unpacks zip archives that come from elsewhere: into the folder meant for them, and no bombs."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from rich.filesize import decimal

from crackseg.data.download.entries import inside
from crackseg.errors import DownloadError
from crackseg.system.progress import byte_progress

# Photographs hardly shrink in an archive. What promises to grow far more is a bomb; a small archive
# of text may well.
_GROWTH, _SMALL = 20, 10_000_000
# An archive in an archive, and no further.
_DEPTH = 2
_CHUNK = 1 << 20
# What macOS adds of its own.
_NOT_DATA = "__MACOSX"
_NO_USE = (
    "it is what lies on the server (its MD5 is right), so another try is of no use; write to the "
    "authors of the data set"
)


def unpacked_size(archive: Path) -> int:
    """How many bytes an archive will take unpacked, as it says itself.

    Raises:
        DownloadError: see :func:`unzip`.
    """
    with _opened(archive) as opened:
        return _promised(_members(opened))


def unzip(archive: Path, into: Path) -> None:
    """Unpacks an archive, and the archives in it.

    An archive of one folder puts that folder ``into`` the given one; the contents of any other go
    into a folder of the archive's name, so that two archives do not mix.

    Args:
        archive: a zip file.
        into: an existing folder without links. Where unpacking fails, it is left half filled.

    Raises:
        DownloadError: the archive is damaged, encrypted or no zip; a file of it leads out of the
            folder, is a link, or stands there already; it unpacks to far more than photographs
            can; archives are nested too deep.
        OSError: something cannot be written.
    """
    limit = max(_SMALL, _GROWTH * archive.stat().st_size)
    with byte_progress(f"Unpacking {archive.name}", unpacked_size(archive)) as advance:
        _unzip(archive, into, _Allowance(limit, advance), _DEPTH)


class _Allowance:
    """How many bytes an archive with all archives in it may still unpack to."""

    def __init__(self, limit: int, advance: Callable[[int], None]) -> None:
        self._limit = self._left = limit
        self._advance = advance

    def check(self, archive: Path, needed: int) -> None:
        """Refuses an archive before it is unpacked."""
        if needed > self._left:
            raise DownloadError(
                f"{archive.name}: not unpacked: it grows beyond {decimal(self._limit)}, which "
                f"photographs cannot do, and may be a zip bomb; {_NO_USE}"
            )

    def spend(self, archive: Path, written: int) -> None:
        """Counts what was really written, whatever the archive promised."""
        self.check(archive, written)
        self._left -= written
        self._advance(written)


def _unzip(archive: Path, into: Path, allowance: _Allowance, depth: int) -> None:
    if not depth:
        raise DownloadError(
            f"{archive.name}: not unpacked: it is an archive in an archive in an archive; {_NO_USE}"
        )
    with _opened(archive) as opened:
        members = _members(opened)
        allowance.check(archive, _promised(members))
        if len({path.parts[0] for path in members}) > 1:
            into = into / inside(archive.stem)
        for path, member in members.items():
            with opened.open(member) as source:
                for written in _write(archive, source.read, into / path):
                    allowance.spend(archive, written)
    for nested in [into / path for path in members if path.suffix.lower() == ".zip"]:
        _unzip(nested, nested.parent, allowance, depth - 1)
        nested.unlink()


def _write(archive: Path, read: Callable[[int], bytes], target: Path) -> Iterator[int]:
    """Writes a new file chunk by chunk and says how much it was."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = target.open("xb")
    except FileExistsError as error:
        raise DownloadError(
            f"{archive.name}: not unpacked: another file stands where its {target.name} belongs; "
            f"{_NO_USE}"
        ) from error
    with file:
        while chunk := read(_CHUNK):
            file.write(chunk)
            yield len(chunk)


def _members(opened: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files of an archive by their path; all are looked at before any is written."""
    members = {}
    for member in opened.infolist():
        path = inside(member.filename)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{member.filename!r} is a link or a device")
        if member.flag_bits & 1:
            raise ValueError(f"{member.filename!r} is encrypted")
        if not member.is_dir() and path.parts[0] != _NOT_DATA:
            members[path] = member
    return members


def _promised(members: dict[PurePosixPath, zipfile.ZipInfo]) -> int:
    return sum(member.file_size for member in members.values())


@contextmanager
def _opened(archive: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            yield opened
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise DownloadError(f"{archive.name}: not unpacked: {error}; {_NO_USE}") from error
