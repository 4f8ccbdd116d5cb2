"""Unpacks zip archives from others, safely into one folder."""

import lzma
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from rich.filesize import decimal

from crackseg.errors import DownloadError
from crackseg.system.files import safe_relative_path
from crackseg.system.progress import progress

# What macOS adds of its own.
_NOT_DATA = "__MACOSX"
_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)


def unzip(archive: Path, into: Path) -> None:
    """Unpacks an archive, and the archives in it.

    An archive of one folder puts that folder ``into`` the given one; the contents of any other go
    into a folder of the archive's name, so that two archives do not mix.

    Args:
        archive: Path of a zip file.
        into: Existing folder without links. If unpacking fails, it is left half filled.

    Raises:
        DownloadError: The archive is damaged, encrypted, not zip, or larger than the disk; or a
            file of it leads out of the folder, is a link, or exists already.
        OSError: A file cannot be written.
    """
    try:
        unpacked = _unzip(archive, into)
    except (*_DAMAGE, OSError) as error:
        # The system's own errors have a number; damage within bzip2 is one without.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DownloadError(
            f"{archive.name}: not unpacked: {error}; it is what lies on the server (its MD5 is "
            "right), so another try is of no use; write to the authors of the data set"
        ) from error
    for path in unpacked:
        if path.suffix.lower() == ".zip":
            unzip(path, path.parent)
            path.unlink()


def require_room(folder: Path, needed: int) -> None:
    """Refuses more bytes than a disk has room for.

    Args:
        folder: Existing folder on the disk.
        needed: Number of bytes.

    Raises:
        DownloadError: Fewer bytes are free.
    """
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder}: {decimal(needed)} are needed there, to fetch and to unpack, and "
            f"{decimal(free)} are free; make room, or give a folder on a larger disk with --root"
        )


def _unzip(archive: Path, into: Path) -> list[Path]:
    with zipfile.ZipFile(archive) as opened:
        members = _members(opened)
        # Nothing is written beyond what an archive says of itself, so this stops bombs too.
        require_room(into, sum(member.file_size for member in members.values()))
        if len({path.parts[0] for path in members}) > 1:
            into = into / safe_relative_path(archive.stem)
        for path, member in progress(members.items(), f"Unpacking {archive.name}", len(members)):
            _extract(opened, member, into / path)
    return [into / path for path in members]


def _members(opened: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """Files of an archive by path; all are checked before any is written."""
    members = {}
    for member in opened.infolist():
        path = safe_relative_path(member.filename)
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ValueError(f"{member.filename!r} is a link or a device")
        if member.flag_bits & 1:
            raise ValueError(f"{member.filename!r} is encrypted")
        if not member.is_dir() and path.parts[0] != _NOT_DATA:
            members[path] = member
    return members


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    with opened.open(member) as source:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            file = target.open("xb")
        except (FileExistsError, NotADirectoryError) as error:
            raise ValueError(f"another file stands where its {target.name} belongs") from error
        with file:
            shutil.copyfileobj(source, file, 1 << 20)
