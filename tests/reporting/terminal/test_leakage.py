"""Leaks as they stand in a terminal or a log."""

import pytest

from crackseg.data.splits.manifest import Manifest, Row
from crackseg.reporting.terminal.leakage import print_leaks

pytestmark = pytest.mark.usefixtures("no_terminal")


def manifest_of(source: str) -> Manifest:
    subsets = ("train", "val", "test")
    return Manifest(
        tuple(Row(name, name, f"{name}.png", source, "one", "one", name) for name in subsets)
    )


def test_the_line_is_whole_however_narrow_the_window(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    print_leaks(manifest_of("cracktree200"))
    line, *table = capsys.readouterr().out.splitlines()
    assert line == (
        "LEAK: 1 of 1 val and 1 of 1 test items share a photograph or a near duplicate with "
        "training"
    )
    assert table[-1].split() == ["cracktree200", "1", "1", "0", "1", "1", "0"]


def test_brackets_in_a_name_are_no_markup(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    print_leaks(manifest_of("[red]wall[/]"))
    assert "[red]wall[/]" in capsys.readouterr().out


def test_a_terminal_shows_leaks_in_red(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    print_leaks(manifest_of("CFD"))
    assert capsys.readouterr().out.startswith("\x1b[1;31mLEAK: ")
