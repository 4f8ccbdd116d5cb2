"""A data set arrives whole, from a server that behaves like Dataverse, or not at all."""

import hashlib
import io
import json
import shutil
import signal
import zipfile
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from crackseg.cli import data as data_commands
from crackseg.cli.main import main
from crackseg.data.discovery.pairs import find_pairs
from crackseg.data.download import crackseg9k, dataverse
from crackseg.data.download import data_set as module
from crackseg.data.download.data_set import download
from crackseg.data.download.transfer import RETRY, HttpClient
from crackseg.errors import DatasetError, DownloadError
from crackseg.system.exits import Interrupted
from tests.helpers.data_sets import write_archive
from tests.helpers.dataverse_server import Answer, Dataverse

IMPATIENT = RETRY.new(total=2, backoff_factor=0)
VOLUMES = ("Final-Dataset-Vol1", "Final-Dataset-Vol2")


def zipped(folder: Path, base: Path) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for path in sorted(folder.rglob("*.png")):
            opened.write(path, path.relative_to(base).as_posix())
    return stream.getvalue()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Two volumes as in V4, of six pairs, and a text beside them."""
    root = write_archive(tmp_path_factory.mktemp("release"), count=6)
    volumes = {f"{name}.zip": zipped(root / name, root) for name in VOLUMES}
    return {**volumes, "docs/README.txt": b"cracks"}


@pytest.fixture
def server(release: dict[str, bytes]) -> Iterator[Dataverse]:
    with Dataverse(release) as running:
        yield running


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "data" / "crackseg9k"


def refused(server: Dataverse, root: Path) -> str:
    with pytest.raises(DownloadError) as caught:
        download(server.source, root, IMPATIENT)
    return str(caught.value)


def work_of(root: Path) -> Path:
    return root.with_name("crackseg9k.v4.0.part")


def test_all_of_it_arrives(server: Dataverse, root: Path, release: dict[str, bytes]) -> None:
    said = download(server.source, root, IMPATIENT)
    size = sum(map(len, release.values())) / 1000
    assert said == (
        f"fetched doi:10.5072/FK2/CRACKS, version 4.0: 3 files of {size:.1f} kB, each with the MD5 "
        "that the server gives, which hold 13 files"
    )
    assert len(find_pairs(root).pairs) == 6
    assert (root / "docs/README.txt").read_bytes() == b"cracks"
    assert [path.name for path in root.parent.iterdir()] == ["crackseg9k"]


def test_the_record_says_what_was_fetched(server: Dataverse, root: Path) -> None:
    download(server.source, root, IMPATIENT)
    record = json.loads((root / "download.json").read_text())
    assert (record["id"], record["version"]) == ("doi:10.5072/FK2/CRACKS", "4.0")
    fetched = {file["path"]: file["md5"] for file in record["fetched"]}
    assert list(fetched) == [*(f"{name}.zip" for name in VOLUMES), "docs/README.txt"]
    assert record["files"]["docs/README.txt"] == hashlib.md5(b"cracks").hexdigest()
    assert len(record["files"]) == 13


def test_again_it_checks_every_file_without_the_server(server: Dataverse, root: Path) -> None:
    download(server.source, root, IMPATIENT)
    server.asked.clear()
    work_of(root).mkdir()
    assert download(server.source, root, IMPATIENT) == (
        "checked doi:10.5072/FK2/CRACKS, version 4.0: all 13 files are there and have their MD5"
    )
    assert server.asked == []
    assert not work_of(root).exists()


def test_files_that_were_lost_or_changed_are_named(server: Dataverse, root: Path) -> None:
    download(server.source, root, IMPATIENT)
    images = "Final-Dataset-Vol1/Images"
    (root / images / "CFD_000.png").unlink()
    (root / images / "CFD_002.png").write_bytes(b"x")
    with pytest.raises(DatasetError) as caught:
        download(server.source, root, IMPATIENT)
    assert str(caught.value) == (
        f"{root}: 2 of 13 files are missing or changed since they were fetched: "
        f"{images}/CFD_000.png, {images}/CFD_002.png; move the folder away and type the command "
        "again to fetch it anew"
    )


def test_a_damaged_record_is_named(server: Dataverse, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "download.json").write_text('{"id": ')
    with pytest.raises(DatasetError) as caught:
        download(server.source, root, IMPATIENT)
    assert str(caught.value) == (
        f"{root / 'download.json'}: is damaged, so it is not known what belongs into this folder; "
        "move the folder away and type the command again to fetch it anew"
    )


def test_another_version_wants_another_folder(server: Dataverse, root: Path) -> None:
    download(server.source, root, IMPATIENT)
    other = dataverse.Source(server.url, server.source.persistent_id, "3.0")
    with pytest.raises(DownloadError) as caught:
        download(other, root, IMPATIENT)
    assert str(caught.value) == (
        f"{root}: holds doi:10.5072/FK2/CRACKS, version 4.0; give another folder for version 3.0 "
        "with --root"
    )


def test_a_folder_of_the_users_is_not_touched(server: Dataverse, root: Path) -> None:
    root.mkdir(parents=True)
    (root / "mine.png").write_bytes(b"mine")
    assert refused(server, root) == (
        f"{root}: stands there already and was not fetched by this command (it has no "
        "download.json); nothing of it is touched; give another folder with --root, or train on "
        "what is there with data.root=..."
    )
    assert server.asked == []
    assert [path.name for path in root.iterdir()] == ["mine.png"]


def test_an_empty_folder_and_a_link_to_one_are_filled(server: Dataverse, root: Path) -> None:
    disk = root.with_name("disk")
    disk.mkdir(parents=True)
    root.symlink_to(disk)
    download(server.source, root, IMPATIENT)
    assert root.is_symlink()
    assert len(find_pairs(disk).pairs) == 6


def test_the_working_folder_cannot_be_replaced(
    server: Dataverse, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.mkdir(parents=True)
    monkeypatch.chdir(root)
    assert refused(server, Path()) == (
        ".: is the working folder, which cannot be replaced; give a folder below it with --root"
    )


def test_what_was_fetched_is_kept_for_the_next_run(server: Dataverse, root: Path) -> None:
    server.instead["/api/access/datafile/101"] = deque([Answer(503)] * 3)
    assert "/datafile/101: the server answers 503" in refused(server, root)
    assert not root.exists()
    server.asked.clear()
    download(server.source, root, IMPATIENT)
    assert "/storage/100" not in [path for path, _ in server.asked]
    assert len(find_pairs(root).pairs) == 6


def test_an_interrupted_unpacking_begins_anew(
    server: Dataverse, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(archive: Path, into: Path) -> None:
        (into / "half.png").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "unzip", interrupt)
        with pytest.raises(KeyboardInterrupt):
            download(server.source, root, IMPATIENT)
    assert (work_of(root) / "unpacked" / "half.png").exists()
    server.asked.clear()
    download(server.source, root, IMPATIENT)
    assert "/storage/100" not in [path for path, _ in server.asked]
    assert not (root / "half.png").exists()


def test_a_lie_about_the_md5(server: Dataverse, root: Path) -> None:
    server.entries["Final-Dataset-Vol2.zip"] = {"md5": "0" * 32}
    message = refused(server, root)
    assert message.startswith("Final-Dataset-Vol2.zip: arrived damaged (it has MD5 ")
    assert f" in place of {'0' * 32}), and was not kept; type the same command again, or" in message
    assert not root.exists()


def test_another_data_set_than_the_known_one(server: Dataverse, root: Path) -> None:
    known = {"Final-Dataset-Vol1.zip": "0ee4b33617db30612184a2700116ba4d"}
    source = dataverse.Source(server.url, server.source.persistent_id, "4.0", known)
    with pytest.raises(DownloadError, match=r"does not list Final-Dataset-Vol1\.zip "):
        download(source, root, IMPATIENT)
    assert server.fetched == []


def test_a_version_that_is_not_there(server: Dataverse, root: Path) -> None:
    source = dataverse.Source(server.url, server.source.persistent_id, "9.0")
    with pytest.raises(DownloadError) as caught:
        download(source, root, IMPATIENT)
    assert str(caught.value) == (
        f"{source.metadata_url}: the server answers 404 Not Found (Dataset version 9.0 of dataset "
        "3 not found); type the same command again later, or fetch its files in a browser from "
        f"{source.page}, unzip them all into one folder, and train with data.root=FOLDER"
    )


def test_an_archive_that_leads_out_leaves_nothing(server: Dataverse, root: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        opened.writestr("../../../out.png", b"out")
    server.files["Final-Dataset-Vol2.zip"] = stream.getvalue()
    assert "'../../../out.png' leads out of its folder" in refused(server, root)
    assert not root.exists()
    assert not list(root.parents[1].rglob("out.png"))


def test_a_foreign_archive_is_named(server: Dataverse, root: Path) -> None:
    server.files["Final-Dataset-Vol2.zip"] = server.files["Final-Dataset-Vol2.zip"][:1000]
    message = refused(server, root)
    assert message.startswith("Final-Dataset-Vol2.zip: not unpacked: File is not a zip file; ")


def test_a_metadata_path_that_leads_out_is_refused(server: Dataverse, root: Path) -> None:
    server.files["../x.png"] = b"out"
    assert "'../x.png' leads out of its folder" in refused(server, root)
    assert server.fetched == []


def test_room_is_looked_for_first(
    server: Dataverse, root: Path, release: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    free = shutil.disk_usage(root.parents[1])._replace(free=12_300)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: free)
    needed = sum(map(len, release.values())) * 2 / 1000
    assert refused(server, root) == (
        f"{work_of(root)}: {needed:.1f} kB are needed there, to fetch and to unpack, and 12.3 kB "
        "are free; make room, or give a folder on a larger disk with --root"
    )
    assert server.fetched == []


def test_what_is_fetched_already_needs_no_room(
    server: Dataverse, root: Path, release: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.instead["/api/access/datafile/102"] = deque([Answer(503)] * 3)
    refused(server, root)
    free = int(sum(map(len, release.values())) * 1.15)
    usage = shutil.disk_usage(root.parent)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    download(server.source, root, IMPATIENT)
    assert len(find_pairs(root).pairs) == 6


def test_a_disk_that_fills_is_one_message(
    server: Dataverse, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(archive: Path, into: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "unzip", full)
    assert refused(server, root) == (
        f"{root.parent}: No space left on device; make room or rights there, or give another "
        "folder with --root, and type the command again: what has been fetched is kept"
    )


def test_two_at_once_are_not_let_in(server: Dataverse, root: Path) -> None:
    work = work_of(root)
    work.mkdir(parents=True)
    with FileLock(work / "lock"):
        assert refused(server, root) == (
            f"{work}: another process is fetching into this folder; wait for it, or stop it"
        )
    assert server.asked == []


@pytest.fixture
def as_harvard(server: Dataverse, monkeypatch: pytest.MonkeyPatch) -> Dataverse:
    """The command, asking this server; without the MD5 that only the real files have."""
    monkeypatch.setattr(crackseg9k, "SERVER", server.url)
    monkeypatch.setattr(crackseg9k, "PERSISTENT_ID", server.source.persistent_id)
    monkeypatch.setattr(crackseg9k, "_KNOWN", {})
    return server


def test_the_command_says_what_it_found_and_what_to_type_next(
    as_harvard: Dataverse, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "download", "--root", str(root)]) == 0
    first, found, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("fetched doi:10.5072/FK2/CRACKS, version 4.0: 3 files of ")
    assert found == (
        f"{root}: 6 pairs of a photograph and its mask, 0 images without a mask, 0 masks without "
        "an image"
    )
    assert rest[:2] == ["", "next:"]
    assert rest[2].endswith(f"train.py data=crackseg9k data.root={root}")
    assert main(["data", "download", "--root", str(root)]) == 0
    assert capsys.readouterr().out.startswith("checked doi:10.5072/FK2/CRACKS, version 4.0: all 13")


def test_the_command_fails_in_one_line(
    as_harvard: Dataverse, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", "download", "--version", "3", "--root", str(root)]) == 2
    error = capsys.readouterr().err
    assert "Dataset version 3.0 of dataset 3 not found" in error
    assert error.count("\n") == 1


def test_ctrl_c_is_no_traceback(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(client: HttpClient, url: str) -> None:
        raise Interrupted(signal.SIGINT)

    monkeypatch.setattr(HttpClient, "json", interrupt)
    assert main(["data", "download", "--root", str(root)]) == 130
    assert capsys.readouterr().err.endswith(
        "interrupted; type the same command again and it goes on\n"
    )


def test_help_is_honest_about_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["data", "download", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert data_commands.PERSISTENT_ID == "doi:10.7910/DVN/EGIEBY"
    assert data_commands.PERSISTENT_ID in said
    assert "could not be reached from the machine that this was written on" in said
