"""Brings a data set from a Dataverse server into a folder: whole, or not at all.

    ROOT.v4.0.part/archives/   what is fetched; what has not come to its end is called .part
    ROOT.v4.0.part/unpacked/   becomes ROOT when all is there
    ROOT/download.json         what was fetched, and the MD5 of every file below ROOT

A run that was interrupted goes on at the next one. A run after the last one checks every file.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from rich.filesize import decimal

from crackseg.data.download.dataverse import RemoteFile, Source
from crackseg.data.download.retry import Patience
from crackseg.data.download.transfer import Line, md5_of
from crackseg.data.download.unzip import unpacked_size, unzip
from crackseg.errors import DatasetError, DownloadError, name_some
from crackseg.system.files import write_text
from crackseg.system.progress import progress

RECORD = "download.json"
# Photographs hardly shrink in an archive.
_GROWTH = 1.1


def download(source: Source, root: Path, patience: Patience | None = None) -> str:
    """Fetches a data set, or checks one that was fetched before.

    Nothing stands at ``root`` before all of it does. What has been fetched is kept beside it for
    the next run, whatever ends this one.

    Args:
        source: of the data set.
        root: a folder that is empty or missing, or that an earlier run filled.
        patience: with faults that may pass.

    Returns:
        What was done, in a sentence.

    Raises:
        DownloadError: it cannot be fetched, unpacked or written, or ``root`` is taken.
        DatasetError: files that an earlier run fetched are missing or changed.
    """
    # A link to a larger disk stays a link.
    target = root.resolve()
    work = target.with_name(f"{target.name}.v{source.version}.part")
    try:
        if (target / RECORD).is_file():
            done = _check(source, root)
        else:
            _refuse_if_taken(root)
            with _alone(work):
                done = _fetch(source, target, work, patience or Patience())
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise DownloadError(
            f"{error.filename or target.parent}: {error.strerror or error}; make room or rights "
            "there, or give another folder with --root, and type the command again: what has been "
            "fetched is kept"
        ) from error
    return done


def _fetch(source: Source, target: Path, work: Path, patience: Patience) -> str:
    line = Line(patience, source.by_hand)
    files = source.files(line.json(source.metadata_url))
    archives, unpacked = work / "archives", work / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    _require_room(work, _lacking(files, archives) + int(_GROWTH * _bytes(files)))
    for file in files:
        place = archives / file.path
        place.parent.mkdir(parents=True, exist_ok=True)
        line.file(file.url, place, file.size, file.md5)
    _unpack([Path(file.path) for file in files], archives, unpacked)
    md5s = _md5s(unpacked)
    record = {
        "server": source.server,
        "id": source.persistent_id,
        "version": source.version,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "fetched": [asdict(file) for file in files],
        "files": md5s,
    }
    write_text(unpacked / RECORD, json.dumps(record, indent=1) + "\n")
    if target.exists():
        target.rmdir()
    unpacked.rename(target)
    return (
        f"fetched {source}: {len(files)} files of {decimal(_bytes(files))}, each with the MD5 that "
        f"the server gives, which hold {len(md5s):,} files"
    )


def _unpack(paths: Sequence[Path], archives: Path, unpacked: Path) -> None:
    zipped = [path for path in paths if path.suffix.lower() == ".zip"]
    needed = sum(unpacked_size(archives / path) for path in zipped)
    _require_room(archives, needed)
    for path in paths:
        place = unpacked / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if path in zipped:
            unzip(archives / path, place.parent)
        else:
            shutil.copyfile(archives / path, place)


def _check(source: Source, root: Path) -> str:
    """Compares what stands at ``root`` with the record of its download."""
    record = _read(root / RECORD)
    if (record["id"], record["version"]) != (source.persistent_id, source.version):
        raise DownloadError(
            f"{root}: holds {record['id']}, version {record['version']}; give another folder for "
            f"version {source.version} with --root"
        )
    md5s = record["files"]
    names = progress(md5s, "Checking files", len(md5s))
    bad = [name for name in names if not _is_whole(root / name, md5s[name])]
    if bad:
        raise DatasetError(
            f"{root}: {len(bad)} of {len(md5s):,} files are missing or changed since they were "
            f"fetched: {name_some(bad)}; move the folder away and type the command again to fetch "
            "it anew"
        )
    return f"checked {source}: all {len(md5s):,} files are there and have their MD5"


def _is_whole(path: Path, md5: str) -> bool:
    return path.is_file() and md5_of(path) == md5


def _read(path: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {key: record[key] for key in ("id", "version", "files")}
    except (ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"{path}: is damaged, so it is not known what belongs into this folder; move the "
            "folder away and type the command again to fetch it anew"
        ) from error


def _refuse_if_taken(root: Path) -> None:
    """Before anything is fetched that could not be put in place."""
    if root.is_mount() or root.resolve() == Path.cwd():
        raise DownloadError(
            f"{root}: cannot be put in place at once, as a disk is mounted there or it is the "
            f"working folder; give a folder below it with --root"
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DownloadError(
            f"{root}: stands there already and was not fetched by this command (it has no "
            f"{RECORD}); nothing of it is touched; give another folder with --root, or train on "
            "what is there with data.root=..."
        )


@contextmanager
def _alone(work: Path) -> Iterator[None]:
    work.mkdir(parents=True, exist_ok=True)
    lock = FileLock(work / "lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DownloadError(
            f"{work}: another process is fetching into this folder; wait for it, or stop it"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise DownloadError(
            f"{folder}: {decimal(needed)} are needed there, to fetch and to unpack, and "
            f"{decimal(free)} are free; make room, or give a folder on a larger disk with --root"
        )


def _lacking(files: Sequence[RemoteFile], archives: Path) -> int:
    """Bytes that are still to be fetched."""
    places = [archives / file.path for file in files]
    places += [place.with_name(f"{place.name}.part") for place in places]
    return _bytes(files) - sum(place.stat().st_size for place in places if place.is_file())


def _bytes(files: Sequence[RemoteFile]) -> int:
    return sum(file.size for file in files)


def _md5s(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    what = "Taking the MD5 of every file"
    return {
        path.relative_to(folder).as_posix(): md5_of(path)
        for path in progress(paths, what, len(paths))
    }
