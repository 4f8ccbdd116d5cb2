"""The list of the networks that come with the package."""

import json
import os
from dataclasses import replace
from pathlib import Path

import onnx
import pytest

from crackseg.cli.main import main
from crackseg.inference.model_file import read_model, write_model
from crackseg.parameters.judged_set import JudgedSet
from crackseg.weights.registry import bundled

JUDGED = JudgedSet(
    title="walls, kept back",
    protocol=["dataset totals over 12 images", "no leak"],
    total={"images": 12.0, "crack_iou": 0.6543, "tolerant_f1": 0.81},
    sources={"CFD": {"images": 3.0, "crack_iou": 0.5}},
    widths={"<3 px": {"images": 9.0}},
)


@pytest.fixture
def judged_box(filled_box: Path) -> Path:
    """The default one has figures and a card, the other one is missing."""
    path = bundled("research").path
    info = replace(read_model(path).info, judged=(JUDGED,), card="# research\n\nA card.")
    write_model(onnx.load(path), info, path)
    bundled("open").path.unlink()
    return filled_box


def test_figures_and_card_come_back_from_the_file(judged_box: Path) -> None:
    info = read_model(bundled("research").path).info
    assert info.judged == (JUDGED,)
    assert info.card.endswith("A card.")


def test_the_list_says_terms_data_and_figures(
    judged_box: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "120")
    assert main(["models"]) == 0
    told = capsys.readouterr().out
    first, second = told.split("open: --model open\n")
    assert first.startswith("research, the default\n")
    assert f"  licence: for research only, {judged_box / 'LICENSE-research.txt'}\n" in first
    assert "  data: 16 train, 2 val, 2 test images, random split; no leak" in first
    assert "use: research and teaching, not products" in first
    row = next(line for line in first.splitlines() if "walls, kept back" in line)
    assert row.split()[-3:] == ["12", ".654", ".810"]
    assert "  protocol of each row: crackseg models --card research, or --json\n" in first
    assert f"not in this copy of crackseg: {judged_box / 'open.onnx'} is missing" in second


def test_programs_get_the_same_as_json(
    judged_box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--json"]) == 0
    research, other = json.loads(capsys.readouterr().out)
    assert (research["name"], research["default"], other["default"]) == ("research", True, False)
    assert research["info"]["judged"] == [JUDGED.as_dict()]
    assert (other["file"], other["info"]) == (None, None)


def test_the_card_of_one_is_printed(judged_box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--card", "research"]) == 0
    assert capsys.readouterr().out == "# research\n\nA card.\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("open", "this copy of crackseg lacks the model open; install its wheel, or give"),
        ("reserch", "model=reserch: one of research, open; did you mean research?"),
    ],
)
def test_a_card_that_is_not_there_is_one_line(
    judged_box: Path, capsys: pytest.CaptureFixture[str], name: str, message: str
) -> None:
    assert main(["models", "--card", name]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1


def test_a_file_without_a_card_says_so(
    filled_box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["models", "--card", "open"]) == 2
    assert "open.onnx: it holds no card; make box writes one" in capsys.readouterr().err
