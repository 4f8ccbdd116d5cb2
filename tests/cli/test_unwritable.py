"""Outputs that cannot be written end every command in one line, before its long work."""

from pathlib import Path

import pytest

from crackseg.cli.main import main
from crackseg.data.analysis import explore as exploring
from crackseg.data.analysis import verify as verifying
from crackseg.inference.predictor import Predictor
from crackseg.workflows import report as reporting
from crackseg.workflows.train import TrainResult

FILE = "there is a file where a folder is needed; name a place elsewhere"
FOLDER = "there is a folder where a file is needed; name a place elsewhere"


@pytest.fixture(autouse=True)
def no_long_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def begin(*arguments: object, **named: object) -> None:
        raise AssertionError("the long work has begun")

    monkeypatch.setattr(Predictor, "predict", begin)
    monkeypatch.setattr(reporting, "run_result", begin)
    monkeypatch.setattr(exploring, "find_pairs_below", begin)
    monkeypatch.setattr(verifying, "find_pairs_below", begin)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder in which ``file`` is a file, and all other names that a command wants are wrong."""
    (tmp_path / "file").write_text("")
    (tmp_path / "page_pictures").write_text("")
    for name in ("page.html", "list.csv", "explored/index.html", "done/predictions.jsonl"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "output", "named", "reason"),
    [
        ("predict", "file", "file", FILE),
        ("predict", "file/x", "file/x", FILE),
        ("predict", "done", "done/predictions.jsonl", FOLDER),
        ("report", "file/page.html", "file", FILE),
        ("report", "page.html", "page.html", FOLDER),
        ("report", "page.md", "page_pictures", FILE),
        ("explore", "file/x", "file/x", FILE),
        ("explore", "explored", "explored/index.html", FOLDER),
        ("json", "file/x", "file", FILE),
        ("json", "list.csv", "list.csv", FOLDER),
        ("exclude", "file/x", "file", FILE),
        ("draw", "file/x", "file/x/synthetic-v1-n360-s0-400px", FILE),
    ],
)
def test_it_is_said_in_one_line_before_anything_is_read(
    command: str,
    output: str,
    named: str,
    reason: str,
    place: Path,
    archive: Path,
    trained: TrainResult,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkpoint = str(trained.checkpoint)
    # Not its masks, which are told as left out.
    photographs = archive / "Final-Dataset-Vol2" / "Images-2"
    arguments = {
        "predict": ["predict", str(photographs), "--checkpoint", checkpoint, "--output"],
        "report": ["report", str(trained.checkpoint.parent), "--output"],
        "explore": ["data", "explore", str(archive), "--output"],
        "draw": ["data", "draw", "--root"],
        "json": ["data", "verify", str(archive), "--json"],
        "exclude": ["data", "verify", str(archive), "--exclude"],
    }[command]
    before = sorted(place.rglob("*"))
    assert main([*arguments, str(place / output)]) == 2
    told = capsys.readouterr()
    # The network and its licence are named before all else.
    assert told.out == (f"model: {checkpoint}\n" if command == "predict" else "")
    assert told.err == f"error: {place / named}: cannot be written, {reason}\n"
    assert sorted(place.rglob("*")) == before
