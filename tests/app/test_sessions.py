"""What a page leaves on the disk: nothing."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from crackseg.app import sessions as module
from crackseg.app.sessions import Session, SessionEndedError, Sessions, sessions

Upload = Callable[..., Path]


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_all_is_in_a_private_folder_and_nothing_is_left_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    photograph = tmp_path / "wall.jpg"
    photograph.write_bytes(b"a photograph")
    with sessions() as opened:
        opened.of("page").add(photograph)
        (root,) = tmp_path.glob("crackseg-app-*")
        assert len(files_below(root)) == 1
        assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert list(tmp_path.iterdir()) == [photograph]


def test_the_end_of_a_page_removes_its_files_and_no_others(
    opened: Sessions, upload: Upload
) -> None:
    own, other = opened.of("one"), opened.of("other")
    added = own.add(upload())
    kept = other.add(upload())
    opened.end("one")
    assert not added.path.exists()
    assert kept.path.exists()
    assert own.photographs == ()
    assert opened.of("one") is not own
    with pytest.raises(SessionEndedError), own.open_folder():
        pass


def test_pages_know_only_their_own_photographs(opened: Sessions, upload: Upload) -> None:
    own, other = opened.of("one"), opened.of("other")
    added = own.add(upload())
    assert own.get(added.key) is added
    assert other.get(added.key) is None
    assert other.photographs == ()


def test_the_same_file_from_two_pages_stays_with_both(opened: Sessions, upload: Upload) -> None:
    arrived = upload()
    one, other = (opened.of(page).add(arrived) for page in ("one", "other"))
    arrived.unlink()
    opened.end("one")
    assert not one.path.exists()
    assert other.path.stat().st_size > 0


def test_files_of_one_name_get_names_of_their_own(session: Session, upload: Upload) -> None:
    arrived = upload("Wall.png")
    names = [session.add(arrived).name for _ in range(3)]
    assert names == ["Wall.png", "Wall (2).png", "Wall (3).png"]


def test_what_a_killed_app_left_is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(module, "is_abandoned", lambda path, process: process == 4)
    for name in ("crackseg-app-4-left", "crackseg-app-5-runs", "crackseg-app-x"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "photograph.jpg").write_bytes(b"1")
    with sessions():
        pass
    assert {one.name for one in tmp_path.iterdir()} == {"crackseg-app-5-runs", "crackseg-app-x"}


def test_a_disk_without_links_gets_a_copy(
    session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    arrived = upload()
    assert session.add(arrived).path.read_bytes() == arrived.read_bytes()
