"""Results are kept for the next time, and what is said of a file that cannot be read is true."""

import errno
from pathlib import Path

import pytest

from crackseg.data.cache.kept import kept
from crackseg.errors import OutputError
from crackseg.system.files import write_text


def read(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return text if text.startswith("whole") else None


def test_a_result_is_made_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file, made = tmp_path / "new" / "result", []

    def make() -> str:
        made.append("made")
        return "whole"

    assert [kept(file, read, make, write_text) for _ in range(3)] == ["whole"] * 3
    assert made == ["made"]
    assert not caplog.text


def test_a_damaged_file_is_replaced_and_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "result"
    file.write_text("ha", encoding="utf-8")
    assert kept(file, read, lambda: "whole", write_text) == "whole"
    assert caplog.messages == [f"{file}: damaged, made anew"]
    assert file.read_text(encoding="utf-8") == "whole"


def test_what_another_process_has_made_meanwhile_is_not_called_damaged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "result"

    def make_while_another_ends() -> str:
        file.write_text("whole, of another", encoding="utf-8")
        return "whole, of this one"

    assert kept(file, read, make_while_another_ends, write_text) == "whole, of this one"
    assert not caplog.text
    assert read(file) == "whole, of this one"


def test_without_room_the_result_is_still_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, _: str) -> None:
        raise OutputError(f"{path}: no room") from OSError(errno.ENOSPC, "full")

    assert kept(tmp_path / "result", read, lambda: "whole", full) == "whole"
    assert "no room; until then it is computed each time" in caplog.text


def test_a_file_that_cannot_be_written_for_another_reason_is_an_error(tmp_path: Path) -> None:
    def refused(path: Path, _: str) -> None:
        raise OutputError(f"{path}: not allowed") from OSError(errno.EACCES, "no")

    with pytest.raises(OutputError, match="not allowed"):
        kept(tmp_path / "result", read, lambda: "whole", refused)
