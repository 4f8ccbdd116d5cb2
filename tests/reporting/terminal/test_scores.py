"""Tables as they stand in a log, and figures as JSON."""

import json
from pathlib import Path

import pytest

from crackseg.reporting.terminal.scores import print_scores, rows_of
from crackseg.system.files import write_json

pytestmark = pytest.mark.usefixtures("no_terminal")

HALF = {
    "crack_iou": 0.498123,
    "mean_iou": 0.736214,
    "dice": 0.665001,
    "precision": 0.612345,
    "recall": 0.727272,
    "accuracy": 0.974321,
    "false_positives": 1_234_567_890.0,
    "false_negatives": 98_765.0,
}
STORED = {**HALF, "crack_iou": 0.514999, "recall": 0.7, "false_negatives": 0.0}
PROTOCOL = (
    "dataset totals over 632 photographs at 128x128 (area), masks cut at >127, split random, "
    "float32, no tolerance, and so much more that the line is longer than any window is wide"
)


def printed(capsys: pytest.CaptureFixture[str], threshold: float = 0.37) -> list[str]:
    figures = {"half": HALF, "stored": STORED}
    print_scores("test, epoch 7 (the best of 12)", rows_of(figures, threshold), PROTOCOL)
    out = capsys.readouterr().out
    assert "…" not in out
    assert "\x1b" not in out
    return [line.rstrip() for line in out.splitlines()]


def test_every_figure_is_printed_in_full_at_both_thresholds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = printed(capsys)
    cells = {line.strip().split("  ")[0]: line.split()[-2:] for line in lines}
    assert cells["crack IoU"] == ["0.498123", "0.514999"]
    assert cells["mean IoU"] == ["0.736214", "0.736214"]
    assert cells["Dice"] == ["0.665001", "0.665001"]
    assert cells["precision"] == ["0.612345", "0.612345"]
    assert cells["recall"] == ["0.727272", "0.700000"]
    assert cells["accuracy"] == ["0.974321", "0.974321"]
    assert cells["false positives (px)"] == ["1,234,567,890", "1,234,567,890"]
    assert cells["false negatives (px)"] == ["98,765", "0"]


def test_title_and_thresholds_head_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(capsys)
    assert "test, epoch 7 (the best of 12)" in lines
    (heading,) = (line for line in lines if "threshold" in line)
    assert heading.split() == ["threshold", "0.50", "0.37", "(best", "on", "val)"]


def test_brackets_in_a_path_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_scores(
        "runs/[best]/[/x]/best.ckpt", rows_of({"half": HALF, "stored": STORED}, 0.4), "[x]"
    )
    lines = capsys.readouterr().out.splitlines()
    assert "runs/[best]/[/x]/best.ckpt" in lines
    assert lines[-1] == "[x]"


def test_protocol_is_one_whole_line_under_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(PROTOCOL) > 140
    assert printed(capsys)[-1] == PROTOCOL


def test_stored_threshold_is_named_even_if_it_is_the_half(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (heading,) = (line for line in printed(capsys, threshold=0.5) if "threshold" in line)
    assert heading.split()[1:] == ["0.50", "0.50", "(best", "on", "val)"]


def test_rows_keep_their_figures() -> None:
    rows = rows_of({"stored": STORED, "half": HALF}, 0.6)
    assert rows == [("0.50", HALF), ("0.60 (best on val)", STORED)]


def test_json_is_read_back_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    figures = {"threshold": 0.37, "best_epoch": 7, "val": {"half": HALF, "stored": STORED}}
    write_json({"older": "x" * 10_000}, path)
    write_json(figures, path)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text) == figures
    assert text.endswith("}\n")
    assert list(json.loads(text)) == ["threshold", "best_epoch", "val"]
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.json"]


def test_json_read_while_it_is_written_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json({"older": 1}, path)
    with path.open(encoding="utf-8") as reader:
        write_json({"newer": 2}, path)
        assert json.load(reader) == {"older": 1}
    assert json.loads(path.read_text(encoding="utf-8")) == {"newer": 2}


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    write_json({"older": 1}, path)
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json({"path": tmp_path}, path)
    assert json.loads(path.read_text()) == {"older": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["metrics.json"]
