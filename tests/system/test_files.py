import errno
import os
import time
from pathlib import Path

import pytest

from crackseg.errors import OutputError
from crackseg.system import files
from crackseg.system.files import (
    atomic_write,
    is_full,
    require_writable,
    require_writable_file,
    write_text,
)

# No process has a number as high.
NOBODY = 2**31 - 2


def test_a_file_is_replaced_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "name.txt"
    write_text(path, "first")
    write_text(path, "zweite Fassung, größer")
    assert path.read_text(encoding="utf-8") == "zweite Fassung, größer"
    assert list(path.parent.iterdir()) == [path]


def test_what_was_there_stays_where_writing_fails(tmp_path: Path) -> None:
    path = tmp_path / "name.txt"
    write_text(path, "first")
    with pytest.raises(OSError, match="disk full"), atomic_write(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise OSError("disk full")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_there_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "name.txt"
    with atomic_write(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; make room, or name a place elsewhere"),
        (errno.EDQUOT, "this user's share of the disk is used up; make room, or name a place e"),
        (errno.EROFS, "the disk can only be read; name a place elsewhere"),
        (errno.EIO, "the disk fails (input/output error); look after it, or name a place else"),
    ],
)
def test_a_disk_that_takes_no_more_is_said_in_words(
    tmp_path: Path, number: int, words: str
) -> None:
    path = tmp_path / "name.txt"
    with pytest.raises(OutputError) as caught, atomic_write(path):
        raise OSError(number, os.strerror(number))
    assert str(caught.value).startswith(f"{path}: cannot be written, {words}")
    assert is_full(caught.value) == (number in (errno.ENOSPC, errno.EDQUOT))
    assert not list(tmp_path.iterdir())


def test_a_place_that_takes_no_file_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    a_file = "there is a file where a folder is needed; name a place elsewhere"
    for path, words in (
        (tmp_path / "file" / "x" / "name.txt", a_file),
        (tmp_path / "folder", "there is a folder where a file is needed; name a place elsewhere"),
        (tmp_path / ("n" * 300), "the name is too long for this disk; choose a shorter one"),
    ):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            write_text(path, "text")
        assert str(caught.value) == f"{path}: cannot be written, {words}"
    with pytest.raises(OutputError, match="there is a file where a folder is needed"):
        require_writable(tmp_path / "file")
    with pytest.raises(OutputError, match="there is a folder where a file is needed"):
        require_writable_file(tmp_path / "folder")
    require_writable_file(tmp_path / "new" / "name.txt")
    assert not (tmp_path / "new").exists()


def test_a_fault_of_another_file_passes_unchanged(tmp_path: Path) -> None:
    other = tmp_path / "b"
    other.mkdir()
    with pytest.raises(IsADirectoryError), atomic_write(tmp_path / "a" / "name.txt"):
        other.read_text()


def test_what_a_killed_writer_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    files._hidden_files.cache_clear()
    long_ago = time.time() - 3600
    dead, living, fresh, another = (
        tmp_path / name
        for name in (
            f".name.txt.{NOBODY}",
            f".name.txt.{os.getppid()}",
            f".name.txt.{NOBODY - 1}",
            f".other.txt.{NOBODY}",
        )
    )
    for path in (dead, living, fresh, another):
        path.write_text("half")
        if path is not fresh:
            os.utime(path, (long_ago, long_ago))
    write_text(tmp_path / "name.txt", "whole")
    assert not dead.exists()
    assert all(path.exists() for path in (living, fresh, another))


def test_where_no_folder_can_be_made_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """As below /proc, and on network disks that have lost their server."""
    place = Path("/gone/results")

    def fails(self: Path, *given: object, **named: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(self))

    monkeypatch.setattr(Path, "mkdir", fails)
    with pytest.raises(OutputError) as refused:
        require_writable(place)
    assert str(refused.value) == (
        f"{place}: cannot be written, no folder is or can be made there; name a place elsewhere"
    )
