"""What comes from elsewhere is unpacked where it belongs, or not at all."""

import io
import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from crackseg.data.download.unzip import unzip
from crackseg.errors import DownloadError
from crackseg.system.files import safe_relative_path

NO_USE = (
    "; it is what lies on the server (its MD5 is right), so another try is of no use; write to the "
    "authors of the data set"
)


def archive(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return path


def content(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return stream.getvalue()


def unpacked(path: Path, into: Path) -> dict[str, bytes]:
    into.mkdir()
    unzip(path, into)
    files = (file for file in into.rglob("*") if file.is_file())
    return {file.relative_to(into).as_posix(): file.read_bytes() for file in files}


def refused(path: Path, into: Path) -> str:
    into.mkdir()
    with pytest.raises(DownloadError) as caught:
        unzip(path, into)
    assert not list(into.rglob("*.png")), "something was written"
    return str(caught.value)


def test_an_archive_of_one_folder_keeps_it(tmp_path: Path) -> None:
    files = {"Vol1/Images/a.png": b"a", "Vol1/Masks/a.png": b"b"}
    given = {"Vol1/": b"", "__MACOSX/Vol1/._a.png": b"x", **files}
    path = archive(tmp_path / "x.zip", given)
    assert unpacked(path, tmp_path / "into") == files


def test_an_archive_of_several_folders_gets_one_of_its_name(tmp_path: Path) -> None:
    path = archive(tmp_path / "Vol1.zip", {"Images/a.png": b"a", "Masks/a.png": b"b"})
    assert unpacked(path, tmp_path / "into") == {
        "Vol1/Images/a.png": b"a",
        "Vol1/Masks/a.png": b"b",
    }


def test_an_archive_in_an_archive_is_unpacked_too(tmp_path: Path) -> None:
    inner = content({"Final/Images/a.png": b"a"})
    path = archive(tmp_path / "x.zip", {"Final/inner.ZIP": inner, "Final/readme.txt": b"r"})
    assert unpacked(path, tmp_path / "into") == {
        "Final/Final/Images/a.png": b"a",
        "Final/readme.txt": b"r",
    }


@pytest.mark.parametrize(
    "name",
    ["../a.png", "Images/../../a.png", "/tmp/a.png", "C:/a.png", "C:a.png", "..\\a.png", "\\a.png"],
)
def test_a_path_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = archive(tmp_path / "x.zip", {"Images/ok.png": b"ok", name: b"out"})
    message = refused(path, tmp_path / "into")
    assert message == f"x.zip: not unpacked: {name!r} leads out of its folder{NO_USE}"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["into", "x.zip"]


def test_a_name_that_makes_its_own_folder_the_one_above_is_refused(tmp_path: Path) -> None:
    inner = content({"Images/a.png": b"a", "Masks/a.png": b"b"})
    path = archive(tmp_path / "x.zip", {"Final/...zip": inner})
    message = refused(path, tmp_path / "into")
    assert message == f"...zip: not unpacked: '..' leads out of its folder{NO_USE}"


@pytest.mark.parametrize("kind", [0o120777, 0o010644, 0o020644])
def test_links_and_devices_are_refused(tmp_path: Path, kind: int) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as opened:
        member = zipfile.ZipInfo("Images/a.png")
        member.external_attr = kind << 16
        opened.writestr(member, "/etc/passwd")
    assert refused(path, tmp_path / "into") == (
        f"x.zip: not unpacked: 'Images/a.png' is a link or a device{NO_USE}"
    )


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": b"a"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refused(path, tmp_path / "into") == (
        f"x.zip: not unpacked: 'a.png' is encrypted{NO_USE}"
    )


def test_a_bomb_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    path = archive(tmp_path / "x.zip", {"a.png": bytes(11_000_000)})
    assert path.stat().st_size < 20_000
    assert refused(path, tmp_path / "into").startswith(
        f"{tmp_path / 'into'}: 11.0 MB are needed there, to fetch and to unpack, and 10.0 MB are "
        "free; make room"
    )


def test_a_file_that_is_larger_than_it_says_is_cut_and_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.bin": bytes(1_000_000)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 10)
    path.write_bytes(data)
    assert refused(path, tmp_path / "into") == (
        f"x.zip: not unpacked: Bad CRC-32 for file 'a.bin'{NO_USE}"
    )
    assert (tmp_path / "into" / "a.bin").stat().st_size <= 10


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.png": b"a" * 100})
    path.write_bytes(path.read_bytes()[:-30])
    assert (
        refused(path, tmp_path / "into") == f"x.zip: not unpacked: File is not a zip file{NO_USE}"
    )


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(b"Rar!\x1a\x07\x00" * 10)
    assert (
        refused(path, tmp_path / "into") == f"x.zip: not unpacked: File is not a zip file{NO_USE}"
    )


def test_damage_within_a_file_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.bin": bytes(range(256)) * 20})
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(data)
    message = refused(path, tmp_path / "into")
    assert message.startswith("x.zip: not unpacked: ")
    assert message.endswith(NO_USE)


def test_no_file_takes_the_place_of_another(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    unzip(archive(tmp_path / "a.zip", {"Images/a.png": b"first"}), into)
    with pytest.raises(DownloadError) as caught:
        unzip(archive(tmp_path / "b.zip", {"Images/a.png": b"second"}), into)
    assert str(caught.value) == (
        f"b.zip: not unpacked: another file stands where its a.png belongs{NO_USE}"
    )
    assert (into / "Images/a.png").read_bytes() == b"first"


def test_a_name_that_no_disk_takes_is_refused(tmp_path: Path) -> None:
    deep = archive(tmp_path / "deep.zip", {"ok.png": b"a", "d/" * 3000 + "a.png": b"a"})
    assert refused(deep, tmp_path / "into").endswith(f"... lies below 3,000 folders{NO_USE}")
    long = archive(tmp_path / "long.zip", {"é" * 200 + ".png": b"a"})
    with pytest.raises(DownloadError, match="is a longer name than a file can have"):
        unzip(long, tmp_path / "into")
    assert safe_relative_path("é" * 125 + ".png")


def test_no_file_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"V/a": b"file", "V/a/b.txt": b"below it"})
    assert refused(path, tmp_path / "into") == (
        f"x.zip: not unpacked: another file stands where its b.txt belongs{NO_USE}"
    )


def test_damage_within_bzip2_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.bin": bytes(range(256)) * 20}, zipfile.ZIP_BZIP2)
    data = bytearray(path.read_bytes())
    data[50:70] = b"\xff" * 20
    path.write_bytes(data)
    assert refused(path, tmp_path / "into").startswith("x.zip: not unpacked: ")
