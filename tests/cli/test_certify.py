"""The command that proves how well widths are measured."""

from pathlib import Path

import pytest

from crackseg.cli.main import main
from crackseg.evaluation.certificate_record import read_record
from tests.evaluation.test_width_profiles import write_profile


def test_drawn_cracks_are_certified(
    tmp_path: Path,
    no_terminal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    output = tmp_path / "new" / "certificate.json"
    assert main(["certify", "--cracks", "2", "--pairs", "1", "--output", str(output)]) == 0
    printed = capsys.readouterr().out
    assert "exact masks" in printed
    assert "…" not in printed
    written = read_record(output)
    assert (written.masks, written.seed, written.certificate.total.cracks) == ("exact masks", 0, 2)
    assert "12 to 20 px" in printed
    assert "two distances: " in printed
    assert "half of the width of those intervals" in printed
    assert f"+-{written.certificate.total.reach:.3f}" in printed
    assert f"+-{written.certificate.total.reach_cracks:.3f}" in printed


def test_real_profiles_are_certified(
    tmp_path: Path,
    no_terminal: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    write_profile(tmp_path / "one.csv", 4.0)
    assert main(["certify", "--profiles", str(tmp_path)]) == 0
    assert "3 to 6 px" in capsys.readouterr().out


def test_a_folder_without_profiles_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", "--profiles", str(tmp_path)]) == 2
    assert (
        "no profile of a crack (*.csv); name the folder of width profiles"
        in capsys.readouterr().err
    )


def test_profiles_have_no_certificate_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--profiles", str(tmp_path), "--output", str(tmp_path / "certificate.json")]
    assert main(["certify", *options]) == 2
    assert "--output takes figures of drawn cracks: leave it out" in capsys.readouterr().err
