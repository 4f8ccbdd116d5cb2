"""Downloads a data set from a Dataverse server into a folder, completely or not at all.

    ROOT.v4.0.part/archives/   fetched archives; an incomplete one is called .part
    ROOT.v4.0.part/unpacked/   becomes ROOT when it is complete
    ROOT/download.json         what was fetched, and the MD5 of every file below ROOT

An interrupted download is resumed by the next call. A call after a complete one checks every file.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from rich.filesize import decimal
from urllib3 import Retry

from crackseg.data.download.dataverse import Source
from crackseg.data.download.transfer import RETRY, HttpClient, md5_of
from crackseg.data.download.unzip import require_room, unzip
from crackseg.errors import DatasetError, DownloadError, name_some
from crackseg.system.files import write_text
from crackseg.system.locks import locked
from crackseg.system.progress import progress

RECORD = "download.json"


def download(source: Source, root: Path, retry: Retry = RETRY) -> str:
    """Fetches a data set, or checks one that was fetched before.

    ``root`` exists only when it is complete. Fetched parts are kept beside it for the next call,
    however this one ends.

    Args:
        source: Version of a data set on its server.
        root: Folder that is empty or missing, or that an earlier call filled.
        retry: Policy for faults that may pass.

    Returns:
        A sentence that says what was done.

    Raises:
        DownloadError: The data set cannot be fetched, unpacked or written, or ``root`` is taken.
        DatasetError: Files that an earlier call fetched are missing or changed.
    """
    # A link to a larger disk stays a link.
    target = root.resolve()
    work = target.with_name(f"{target.name}.v{source.version}.part")
    busy = DownloadError(
        f"{work}: another process is fetching into this folder; wait for it, or stop it"
    )
    try:
        if (target / RECORD).is_file():
            done = _check(source, root)
        else:
            _refuse_if_taken(root)
            work.mkdir(parents=True, exist_ok=True)
            with locked(work / "lock", busy):
                done = _fetch(source, target, work, HttpClient(source.by_hand, retry))
        shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise DownloadError(
            f"{error.filename or target.parent}: {error.strerror or error}; make room or rights "
            "there, or give another folder with --root, and type the command again: what has been "
            "fetched is kept"
        ) from error
    return done


def _fetch(source: Source, target: Path, work: Path, client: HttpClient) -> str:
    files = source.files(client.json(source.metadata_url))
    archives, unpacked = work / "archives", work / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    total = sum(file.size for file in files)
    fetched = sum(path.stat().st_size for path in archives.rglob("*") if path.is_file())
    # Photographs hardly shrink in an archive.
    require_room(work, 2 * total - fetched)
    for file in files:
        archive, place = archives / file.path, unpacked / file.path
        archive.parent.mkdir(parents=True, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        client.file(file.url, archive, file.size, file.md5)
        if place.suffix.lower() == ".zip":
            unzip(archive, place.parent)
        else:
            shutil.copyfile(archive, place)
    md5s = _md5s(unpacked)
    record = {
        "id": source.persistent_id,
        "version": source.version,
        "fetched": [asdict(file) for file in files],
        "files": md5s,
    }
    write_text(unpacked / RECORD, json.dumps(record, indent=1) + "\n")
    if target.exists():
        target.rmdir()
    unpacked.rename(target)
    return (
        f"fetched {source}: {len(files)} files of {decimal(total)}, each with the MD5 that "
        f"the server gives, which hold {len(md5s):,} files"
    )


def _check(source: Source, root: Path) -> str:
    """Compares the files at ``root`` with the record of their download."""
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
        persistent_id, version, md5s = record["id"], record["version"], dict(record["files"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DatasetError(
            f"{root / RECORD}: is damaged, so it is not known what belongs into this folder; move "
            "the folder away and type the command again to fetch it anew"
        ) from error
    if (persistent_id, version) != (source.persistent_id, source.version):
        raise DownloadError(
            f"{root}: holds {persistent_id}, version {version}; give another folder for version "
            f"{source.version} with --root"
        )
    names = progress(md5s, "Checking files", len(md5s))
    bad = [
        name for name in names if not (root / name).is_file() or md5_of(root / name) != md5s[name]
    ]
    if bad:
        raise DatasetError(
            f"{root}: {len(bad)} of {len(md5s):,} files are missing or changed since they were "
            f"fetched: {name_some(bad)}; move the folder away and type the command again to fetch "
            "it anew"
        )
    return f"checked {source}: all {len(md5s):,} files are there and have their MD5"


def _refuse_if_taken(root: Path) -> None:
    """Refuses a taken folder before anything is fetched."""
    if root.resolve() == Path.cwd():
        raise DownloadError(
            f"{root}: is the working folder, which cannot be replaced; give a folder below it "
            "with --root"
        )
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DownloadError(
            f"{root}: stands there already and was not fetched by this command (it has no "
            f"{RECORD}); nothing of it is touched; give another folder with --root, or train on "
            "what is there with data.root=..."
        )


def _md5s(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    named = progress(paths, "Taking the MD5 of every file", len(paths))
    return {path.relative_to(folder).as_posix(): md5_of(path) for path in named}
