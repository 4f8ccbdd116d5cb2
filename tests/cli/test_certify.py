"""The command that proves how well widths are measured."""

from pathlib import Path

import pytest

from crackseg.cli.main import main
from crackseg.evaluation.certificate import Certificate, certificate
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


@pytest.mark.parametrize("kind", ["--profiles", "--plate", "--read-plate"])
@pytest.mark.parametrize("option", ["--output", "--seed", "--cracks", "--pairs"])
def test_what_is_of_drawn_cracks_is_refused_elsewhere(
    kind: str, option: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", kind, str(tmp_path / "one"), option, "1"]) == 2
    assert f"{option}: for drawn cracks alone; leave it out" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("network", [("--model",), ("--checkpoint", "best.ckpt")])
def test_two_distances_are_not_those_of_a_networks_masks(
    network: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["certify", *network, "--pairs", "3"]) == 2
    assert "--pairs: two distances are compared with exact masks alone" in capsys.readouterr().err


def test_a_certificate_of_a_network_has_no_pairs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def noted(count: int, seed: int, predictor: object, pairs: int) -> Certificate:
        asked.append((count, seed, pairs))
        return certificate([])

    monkeypatch.setattr("crackseg.workflows.measuring.certify.certify", noted)
    monkeypatch.setattr("crackseg.load", lambda *_, **__: None)
    assert main(["certify", "--model"]) == 0
    assert main(["certify", "--cracks", "7", "--seed", "5"]) == 0
    assert asked == [(500, 0, 0), (7, 5, 7)]
    assert "two distances" not in capsys.readouterr().out
