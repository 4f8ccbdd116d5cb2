import errno
import os
from pathlib import Path

import pytest

from crackseg.errors import ConfigError, RunBusyError
from crackseg.runs import record
from crackseg.runs.record import read_record, recording, state_of


def test_a_run_is_running_and_then_done(tmp_path: Path) -> None:
    with recording(tmp_path, ["seed=1"], ["seed"]):
        assert state_of(tmp_path) == "running"
    record = read_record(tmp_path)
    assert (record["state"], record["overrides"], record["varied"]) == (
        "done",
        ["seed=1"],
        ["seed"],
    )
    assert record["finished"] >= record["started"]
    assert "torch==" in (tmp_path / "packages.txt").read_text()


def test_a_user_s_mistake_and_a_bug_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ConfigError), recording(tmp_path / "a", []):
        raise ConfigError("seed=-1: at least 0")
    with pytest.raises(ZeroDivisionError), recording(tmp_path / "b", []):
        raise ZeroDivisionError("nothing by nothing")
    mistake, bug = read_record(tmp_path / "a"), read_record(tmp_path / "b")
    assert (mistake["state"], mistake["error"], mistake["mistake"]) == (
        "failed",
        "seed=-1: at least 0",
        True,
    )
    assert (bug["state"], bug["error"], bug["mistake"]) == (
        "failed",
        "ZeroDivisionError: nothing by nothing",
        False,
    )


def test_a_full_disk_is_no_bug_and_the_last_word_has_room_kept(tmp_path: Path) -> None:
    with pytest.raises(OSError), recording(tmp_path, []):  # noqa: PT011, PT012
        assert (tmp_path / ".run.reserve").stat().st_size >= 1 << 14
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    written = read_record(tmp_path)
    assert (written["state"], written["mistake"]) == ("failed", True)
    assert written["error"].startswith("the disk is full")
    assert not (tmp_path / ".run.reserve").exists()


def test_a_run_whose_output_nobody_reads_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "reader_is_gone", lambda error: True)
    with pytest.raises(BrokenPipeError), recording(tmp_path, []):
        raise BrokenPipeError
    assert read_record(tmp_path)["state"] == "interrupted"


def test_a_run_that_was_asked_to_end_is_interrupted(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), recording(tmp_path, []):
        raise SystemExit(130)
    assert state_of(tmp_path) == "interrupted"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_killed_process_left_an_interrupted_run(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with recording(tmp_path, []):
            os._exit(9)
    os.waitpid(child, 0)
    assert read_record(tmp_path)["state"] == "running"
    assert state_of(tmp_path) == "interrupted"


def test_going_on_keeps_the_beginning(tmp_path: Path) -> None:
    with pytest.raises(SystemExit), recording(tmp_path, ["seed=1"]):
        raise SystemExit(143)
    # A run without a whole epoch would begin anew.
    (tmp_path / "last.ckpt").touch()
    before = read_record(tmp_path)
    with recording(tmp_path, ["resume=latest"]):
        pass
    record = read_record(tmp_path)
    assert record["overrides"] == ["seed=1"]
    assert record["started"] == before["started"]
    assert record["state"] == "done"
    assert [sorted(part) for part in record["resumed"]] == [
        ["code", "command", "machine", "pid", "started"]
    ]


def test_two_processes_do_not_work_in_one_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_PATIENCE", 0.2)
    with (
        recording(tmp_path, []),
        pytest.raises(RunBusyError, match="another process is working in this folder"),
        recording(tmp_path, []),
    ):
        pass
    assert state_of(tmp_path) == "done"


def test_other_processes_of_a_distributed_run_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    with recording(tmp_path / "run", []):
        pass
    assert not (tmp_path / "run").exists()
