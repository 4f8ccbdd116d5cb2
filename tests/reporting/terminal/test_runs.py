"""Runs as they are read back from their folders, listed, and made into a sweep's tables."""

import csv
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from crackseg.cli.main import main
from crackseg.errors import RunsNotFoundError
from crackseg.reporting.terminal.runs import print_runs, standing
from crackseg.reporting.terminal.sweeps import print_sweep, write_sweep_tables
from crackseg.runs.reader import Run, find_runs, read_run
from crackseg.runs.status import Status, read_status, write_status
from crackseg.system.exits import Interrupted
from tests.helpers.runs import write_run

pytestmark = pytest.mark.usefixtures("no_terminal")

FIGURES = {
    "crack_iou": 0.1,
    "mean_iou": 0.2,
    "dice": 0.3,
    "precision": 0.4,
    "recall": 0.5,
    "accuracy": 0.6,
    "false_positives": 700.0,
    "false_negatives": 800.0,
}


def metrics_of(iou: float, false_positives: float = 700.0, test: bool = True) -> dict[str, Any]:
    """Each figure differs from all others, so that none can stand in another one's place."""
    stored = {**FIGURES, "crack_iou": iou, "false_positives": false_positives}
    metrics = {
        "training_seconds": 1234.56,
        "training_images_per_second": 67.8,
        "threshold": 0.37,
        "best_epoch": 7,
        "epochs": 12,
        "val": {"half": {**FIGURES, "crack_iou": iou - 0.05}, "stored": stored},
    }
    tested = {name: value + 0.01 for name, value in stored.items()}
    return {**metrics, "test": {"half": FIGURES, "stored": tested}} if test else metrics


def write_job(sweep: Path, lr: str, state: str = "done", **more: Any) -> Path:
    sweep.mkdir(parents=True, exist_ok=True)
    (sweep / "multirun.yaml").touch()
    overrides = [f"optimizer.lr={lr}", "seed=3"]
    return write_run(sweep / f"lr={lr}", state, overrides, ["optimizer.lr"], **more)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Four jobs; the best IoU does not have the fewest false positives, nor stand first."""
    folder = tmp_path / "sweeps" / "2026-03-04_05-00-00"
    write_job(folder, "0.1", "failed", error="loss is nan\nsecond line", minute=0)
    write_job(folder, "0.01", metrics=metrics_of(0.31234567890123, 20.0), minute=1)
    write_job(folder, "0.001", metrics=metrics_of(0.5, 30.0), minute=2)
    write_job(folder, "0.0001", metrics=metrics_of(0.4, 10.0, test=False), minute=3)
    return folder


def rates(runs: Iterable[Run]) -> list[str]:
    return [run.overrides["optimizer.lr"] for run in runs]


def read_csv(folder: Path) -> list[dict[str, str]]:
    with (folder / "sweep.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_markdown(folder: Path) -> list[list[str]]:
    """The cells of the table, as a reader of GitHub's Markdown divides them."""
    lines = (folder / "sweep.md").read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines:
        if line.startswith("|"):
            cells = re.findall(r"(?:\\.|[^|\\])+", line)
            rows.append([re.sub(r"\\(.)", r"\1", cell).strip() for cell in cells])
    assert lines[len(rows)] == ""
    return rows


def listed(capsys: pytest.CaptureFixture[str], root: Path) -> list[str]:
    print_runs(find_runs(root), root)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "…" not in out
    return out.splitlines()


def test_a_run_is_read_whole(tmp_path: Path) -> None:
    folder = write_run(
        tmp_path / "run",
        overrides=[
            "optimizer.lr=1e-3",
            "+trainer.profiler=a=b",
            "experiment=paper/unet_1",
            "~logger",
        ],
        varied=["+trainer.profiler"],
        metrics=metrics_of(0.5),
    )
    run = read_run(folder)
    assert run.folder == folder
    assert run.state == "done"
    assert run.overrides == {
        "optimizer.lr": "1e-3",
        "trainer.profiler": "a=b",
        "experiment": "paper/unet_1",
        "logger": "",
    }
    assert run.varied == ("trainer.profiler",)
    assert run.started == datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
    assert run.finished == datetime(2026, 3, 4, 5, 1, 30, tzinfo=UTC)
    assert run.error is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("val/crack_iou", 0.5),
        ("val/crack_iou@0.5", 0.45),
        ("val/crack_iou@0.7", None),
        ("test/crack_iou", 0.51),
        ("test/recall", 0.51),
        ("val/false_positives", 700.0),
        ("threshold", 0.37),
        ("epochs", 12),
        ("val/no_such", None),
        ("train/crack_iou", None),
        ("no_such", None),
        ("val", None),
    ],
)
def test_figures_by_their_names(name: str, value: float | None, tmp_path: Path) -> None:
    assert read_run(write_run(tmp_path / "run", metrics=metrics_of(0.5))).figure(name) == value


def test_a_run_without_figures_has_none(tmp_path: Path) -> None:
    run = read_run(write_run(tmp_path / "run", "interrupted"))
    assert run.metrics is None
    assert run.figure("val/crack_iou") is None
    assert run.finished is None


def test_a_figure_that_is_no_number_is_none(tmp_path: Path) -> None:
    metrics = metrics_of(float("nan"))
    assert read_run(write_run(tmp_path / "run", metrics=metrics)).figure("val/crack_iou") is None


def test_a_run_at_work_is_told_from_a_killed_one(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", "running")
    with FileLock(folder / "run.lock"):
        assert read_run(folder).state == "running"
    assert read_run(folder).state == "interrupted"


def test_runs_are_found_at_any_depth_newest_first(tmp_path: Path) -> None:
    old = write_run(tmp_path / "b" / "deep" / "er", minute=1)
    new = write_run(tmp_path / "a", minute=3)
    middle = write_run(tmp_path / "c", minute=2)
    assert [run.folder for run in find_runs(tmp_path)] == [new, middle, old]
    assert [run.folder for run in find_runs(old)] == [old]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ('{"state": "done", "over', "Unterminated string"),
        ("[1, 2]", "indices must be"),
        ('{"state": "done"}', "'overrides' is missing"),
        ("\udcff", "can't decode byte"),
    ],
)
def test_a_damaged_record_does_not_stop_the_listing(
    text: str, reason: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = write_run(tmp_path / "good", metrics=metrics_of(0.5))
    bad = write_run(tmp_path / "bad")
    (bad / "run.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    written = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    os.utime(bad / "run.json", (written, written))
    runs = find_runs(tmp_path)
    assert [(run.folder, run.state) for run in runs] == [(good, "done"), (bad, "damaged")]
    assert runs[1].started == datetime(2020, 1, 1, tzinfo=UTC)
    assert runs[1].error is not None
    assert runs[1].error.startswith("run.json cannot be read: ")
    assert reason in runs[1].error
    lines = listed(capsys, tmp_path)
    assert lines[2].split()[:2] == ["bad", "damaged"]
    assert lines[3] == f"  {runs[1].error}"


@pytest.mark.parametrize("text", ["", "[]", '{"threshold": '])
def test_damaged_figures_are_named(text: str, tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", overrides=["seed=3"])
    (folder / "metrics.json").write_text(text)
    run = read_run(folder)
    assert (run.state, run.metrics, run.overrides) == ("damaged", None, {"seed": "3"})
    assert run.error is not None
    assert run.error.startswith("metrics.json cannot be read: ")


def test_moments_without_a_time_zone_are_sorted_with_the_others(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", started="2026-03-04T05:00:00")
    new = write_run(tmp_path / "new", started="2026-03-04T08:00:00+02:00")
    assert [run.folder for run in find_runs(tmp_path)] == [new, old]


def test_a_missing_folder_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RunsNotFoundError) as raised:
        find_runs(tmp_path / "none")
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / 'none'}: there is no such folder")
    assert "crackseg runs FOLDER" in message


@pytest.mark.parametrize(
    ("objective", "order"),
    [
        ("val/crack_iou", ["0.001", "0.0001", "0.01", "0.1"]),
        ("val/false_positives", ["0.0001", "0.01", "0.001", "0.1"]),
        # Only two of the jobs were tested; the others stay in the order of their beginnings.
        ("test/crack_iou", ["0.001", "0.01", "0.1", "0.0001"]),
    ],
)
def test_the_best_job_is_first_and_those_without_figures_last(
    objective: str, order: list[str], sweep: Path
) -> None:
    assert rates(write_sweep_tables(sweep, objective)) == order
    assert [row["optimizer.lr"] for row in read_csv(sweep)] == order
    assert [row[0] for row in read_markdown(sweep)[2:]] == order


def test_a_failed_job_is_last_even_where_small_is_good(sweep: Path) -> None:
    write_job(sweep, "9", metrics=metrics_of(0.2, -5.0), minute=9)
    write_job(sweep, "8", metrics=metrics_of(0.2, 0.0), minute=9)
    assert rates(write_sweep_tables(sweep, "val/false_positives"))[:2] == ["9", "8"]
    assert rates(write_sweep_tables(sweep, "val/false_positives"))[-1] == "0.1"


def test_the_csv_holds_every_figure_in_full(sweep: Path) -> None:
    write_sweep_tables(sweep, "val/crack_iou")
    rows = {row["optimizer.lr"]: row for row in read_csv(sweep)}
    assert rows["0.01"] == {
        "optimizer.lr": "0.01",
        "state": "done",
        "val/crack_iou": "0.31234567890123",
        "val/mean_iou": "0.2",
        "val/dice": "0.3",
        "val/precision": "0.4",
        "val/recall": "0.5",
        "threshold": "0.37",
        "val/crack_iou@0.5": repr(0.31234567890123 - 0.05),
        "test/crack_iou": repr(0.31234567890123 + 0.01),
        "test/mean_iou": repr(0.2 + 0.01),
        "test/dice": repr(0.3 + 0.01),
        "test/precision": repr(0.4 + 0.01),
        "test/recall": repr(0.5 + 0.01),
        "best_epoch": "7",
        "epochs": "12",
        "training_seconds": "1234.56",
        "checkpoint": "lr=0.01/best.ckpt",
        "error": "",
    }
    assert rows["0.0001"]["test/crack_iou"] == rows["0.0001"]["test/recall"] == ""
    assert rows["0.0001"]["val/crack_iou"] == "0.4"
    failed = {key: value for key, value in rows["0.1"].items() if value}
    assert failed == {"optimizer.lr": "0.1", "state": "failed", "error": "loss is nan"}


def test_the_markdown_is_rounded_and_says_how_it_was_measured(sweep: Path) -> None:
    write_sweep_tables(sweep, "val/crack_iou")
    headings, rule, *rows = read_markdown(sweep)
    assert rule == ["---"] * len(headings)
    cells = dict(zip(headings, rows[2], strict=True))
    assert cells["**val crack IoU**"] == "0.3123"
    assert cells["val crack IoU at .50"] == "0.2623"
    assert cells["test crack IoU"] == "0.3223"
    assert cells["threshold"] == "0.37"
    assert (cells["best epoch"], cells["epochs"]) == ("7", "12")
    assert cells["training seconds"] == "1235"
    assert [heading for heading in headings if "*" in heading] == ["**val crack IoU**"]
    assert (sweep / "sweep.md").read_text().splitlines()[-1] == (
        "dataset totals at the threshold chosen on validation, sorted by val/crack_iou, "
        "the largest first"
    )


def test_an_objective_without_a_column_gets_one(sweep: Path) -> None:
    write_sweep_tables(sweep, "val/false_positives")
    assert [row["val/false_positives"] for row in read_csv(sweep)] == ["10.0", "20.0", "30.0", ""]
    headings, _, *rows = read_markdown(sweep)
    place = headings.index("**val/false_positives**")
    assert [row[place] for row in rows] == ["10", "20", "30", ""]
    assert "the smallest first" in (sweep / "sweep.md").read_text()


def test_nothing_in_an_error_or_a_value_breaks_the_tables(tmp_path: Path) -> None:
    error = "\n  a|b \\| *c* __init__ <class 'int'> [x], \"q\" ~~`d`~~\nanother | line"
    write_job(tmp_path, "[1|2,3]", "failed", error=error)
    write_sweep_tables(tmp_path, "val/crack_iou")
    complaint = "a|b \\| *c* __init__ <class 'int'> [x], \"q\" ~~`d`~~"
    (row,) = read_csv(tmp_path)
    assert (row["optimizer.lr"], row["error"]) == ("[1|2,3]", complaint)
    headings, _, cells = read_markdown(tmp_path)
    assert len(cells) == len(headings)
    assert (cells[0], cells[-1]) == ("[1|2,3]", complaint)
    text = (tmp_path / "sweep.md").read_text()
    assert r"a\|b \\\| \*c\* \_\_init\_\_ \<class 'int'\>" in text
    assert "another" not in text


def test_columns_are_the_union_of_what_jobs_vary(tmp_path: Path) -> None:
    write_run(tmp_path / "a", overrides=["x=1", "z=5"], varied=["x"], metrics=metrics_of(0.2))
    write_run(tmp_path / "b", overrides=["x=2", "y=3"], varied=["x", "y"], metrics=metrics_of(0.1))
    write_sweep_tables(tmp_path, "val/crack_iou")
    rows = read_csv(tmp_path)
    assert list(rows[0])[:3] == ["x", "y", "state"]
    assert [(row["x"], row["y"]) for row in rows] == [("1", ""), ("2", "3")]


def test_a_damaged_job_stands_in_the_tables(sweep: Path) -> None:
    (sweep / "lr=0.001" / "run.json").write_text("{")
    runs = write_sweep_tables(sweep, "val/crack_iou")
    assert sorted(run.state for run in runs) == ["damaged", "done", "done", "failed"]
    assert any(row["error"].startswith("run.json cannot be read") for row in read_csv(sweep))


def test_only_job_folders_directly_below_count(sweep: Path) -> None:
    (sweep / "notes").mkdir()
    write_run(sweep / "lr=0.01" / "inner", metrics=metrics_of(0.9))
    assert len(write_sweep_tables(sweep, "val/crack_iou")) == 4


def test_tables_replace_older_ones_whole_and_leave_nothing_else(sweep: Path) -> None:
    before = {path.name for path in sweep.iterdir()}
    (sweep / "sweep.csv").write_text("x" * 100_000)
    (sweep / "sweep.md").write_text("older")
    with (sweep / "sweep.md").open() as reader:
        write_sweep_tables(sweep, "val/crack_iou")
        assert reader.read() == "older"
    assert {path.name for path in sweep.iterdir()} == before | {"sweep.csv", "sweep.md"}
    assert "x" * 10 not in (sweep / "sweep.csv").read_text()


def _write_often(sweep: Path) -> None:
    for _ in range(30):
        write_sweep_tables(sweep, "val/crack_iou")


def test_jobs_that_write_at_once_do_not_disturb_each_other(sweep: Path) -> None:
    write_sweep_tables(sweep, "val/crack_iou")
    expected = read_csv(sweep)
    with ProcessPoolExecutor(2) as pool:
        writers = [pool.submit(_write_often, sweep) for _ in range(2)]
        while not all(writer.done() for writer in writers):
            assert read_csv(sweep) == expected
        for writer in writers:
            writer.result()
    assert not [path for path in sweep.iterdir() if path.name.startswith(".")]


def test_the_terminal_shows_what_matters_most(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_sweep(sweep, write_sweep_tables(sweep, "val/crack_iou"), "val/crack_iou")
    out = capsys.readouterr().out
    assert "…" not in out
    lines = [line.split() for line in out.splitlines()]
    assert ["0.001", "done", "0.5000", "0.5100", "0.37", "12", "1235"] in lines
    assert ["0.0001", "done", "0.4000", "0.37", "12", "1235"] in lines
    assert ["0.1", "failed"] in lines
    assert out.splitlines()[-2:] == [
        f"all figures: {sweep / 'sweep.md'}",
        "failed: lr=0.1: loss is nan",
    ]


def test_the_terminal_shows_what_it_is_sorted_by(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    objective = "val/false_positives"
    print_sweep(sweep, write_sweep_tables(sweep, objective), objective)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["0.0001", "done", "10", "0.4000", "0.37", "12", "1235"] in lines


@pytest.mark.parametrize("width", [90, 100])
def test_the_table_of_a_sweep_fits_into_the_window(
    width: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(width))
    varied = ["optimizer.lr", "model.dropout", "data.augment", "loss", "data.root"]
    values = ["0.00001", "0.25", "false", "weighted_bce_reduced", "x" * 60]
    overrides = [f"{key}={value}" for key, value in zip(varied, values, strict=True)]
    sweep = tmp_path / "sweep"
    write_run(sweep / "a", "done", overrides, varied, metrics=metrics_of(0.5))
    write_run(sweep / "b", "interrupted", overrides, varied)
    monkeypatch.chdir(tmp_path)
    print_sweep(sweep, write_sweep_tables(sweep, "val/crack_iou"), "val/crack_iou")
    out = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out)
    assert "…" not in out
    lines = out.splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("lr=0.00001, dropout=0.25, ") for line in lines)
    assert any("loss=weighted_bce_reduced," in line for line in lines)
    assert sum(line.count("x") for line in lines if "/" not in line) == 2 * 60
    rows = [line.split() for line in lines]
    assert any(row[-6:] == ["done", "0.5000", "0.5100", "0.37", "12", "1235"] for row in rows)
    assert any(row[-1:] == ["interrupted"] for row in rows)
    assert lines[-1] == "all figures: sweep/sweep.md"


def test_three_settings_have_columns_of_their_own_in_a_hundred(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "100")
    varied = ["optimizer.lr", "model.dropout", "loss"]
    overrides = ["optimizer.lr=1e-3", "model.dropout=[x]", "loss=weighted_bce"]
    write_run(tmp_path / "a", "done", overrides, varied, metrics=metrics_of(0.5))
    print_sweep(tmp_path, write_sweep_tables(tmp_path, "val/crack_iou"), "val/crack_iou")
    plain = re.sub(r"\x1b\[\d+m", "", capsys.readouterr().out)
    rows = [line.split() for line in plain.splitlines()]
    assert ["lr", "dropout", "loss", "state"] in [row[:4] for row in rows]
    figures = ["done", "0.5000", "0.5100", "0.37", "12", "1235"]
    assert ["1e-3", "[x]", "weighted_bce", *figures] in rows


def test_a_pipe_gets_a_line_for_each_job_however_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = "/a/very/long/path/" + "x" * 200
    write_run(tmp_path / "a", "interrupted", [f"data.root={value}"], ["data.root"])
    print_sweep(tmp_path, write_sweep_tables(tmp_path, "val/crack_iou"), "val/crack_iou")
    assert [value, "interrupted"] in [line.split() for line in capsys.readouterr().out.splitlines()]


def test_two_keys_with_the_same_last_word_are_both_named_in_full(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    varied = ["model.name", "loss.name", "optimizer.lr"]
    write_run(tmp_path / "a", overrides=[f"{key}=1" for key in varied], varied=varied)
    print_sweep(tmp_path, write_sweep_tables(tmp_path, "val/crack_iou"), "val/crack_iou")
    (heading,) = (line for line in capsys.readouterr().out.splitlines() if "state" in line)
    assert heading.split()[:4] == ["model.name", "loss.name", "lr", "state"]


def test_a_line_for_each_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 150
    write_run(tmp_path / "runs" / "[a]", minute=1, metrics=metrics_of(0.61234))
    write_run(tmp_path / "runs" / long, minute=2, metrics=metrics_of(0.5, test=False))
    write_run(tmp_path / "runs" / "c", "failed", minute=3, error="no memory\nat all")
    local = datetime(2026, 3, 4, 5, 1, tzinfo=UTC).astimezone()
    started = [(local + timedelta(minutes=more)).strftime("%Y-%m-%d %H:%M") for more in range(3)]
    heading, *lines = listed(capsys, tmp_path)
    assert heading.split("  ")[0] == "run"
    assert [line.split() for line in lines] == [
        ["runs/c", "failed", *started[2].split(), "1", "min"],
        ["no", "memory"],
        [f"runs/{long}", "done", "0.5000", "12", *started[1].split(), "1", "min"],
        ["runs/[a]", "done", "0.6123", "0.6223", "12", *started[0].split(), "1", "min"],
    ]


@pytest.fixture
def far_east(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clocks that go five hours and a half before UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "XYZ-5:30")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_east")
def test_times_are_those_of_the_clock_on_the_wall(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "run", minute=1)
    assert "2026-03-04 10:31" in listed(capsys, tmp_path)[1]


def test_figures_stand_under_their_headings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "裂缝", minute=2, metrics=metrics_of(0.5, test=False))
    write_run(tmp_path / "a_longer_name", minute=1, metrics=metrics_of(0.6))
    heading, wide, narrow = listed(capsys, tmp_path)
    end = heading.index("val crack IoU") + len("val crack IoU")
    assert narrow[:end].endswith("0.6000")
    # Two of its letters are twice as wide as others.
    assert wide[: end - 2].endswith("0.5000")
    assert "0.6100" in narrow[end:]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(45, "45 s"), (59.7, "1 min"), (3599, "59 min"), (3725, "1 h 02")]
)
def test_durations(
    seconds: float, shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    finished = datetime(2026, 3, 4, 5, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    write_run(tmp_path / "run", finished=finished.isoformat())
    assert listed(capsys, tmp_path)[1].endswith(f"  {shown}")


def test_a_running_run_has_lasted_until_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = datetime.now(UTC) - timedelta(hours=2, minutes=3, seconds=30)
    folder = write_run(tmp_path / "run", "running", started=started.isoformat())
    with FileLock(folder / "run.lock"):
        (_, line) = listed(capsys, tmp_path)
    assert line.split()[1] == "running"
    assert line.endswith("  2 h 03")


def status(now: datetime, **other: Any) -> Status:
    values = {
        "stage": "training",
        "epochs_done": 6,
        "epochs": 24,
        "last": 0.5,
        "best": 0.6234,
        "seconds_left": 600.0,
        "changed": now,
        "host": "node7",
        "pid": 4711,
    }
    return Status(**{**values, **other})


def test_a_running_run_says_how_it_goes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path / "run", "running")
    now = datetime.now(UTC)
    write_status(status(now - timedelta(seconds=3)), folder)
    assert read_status(folder) == status(now - timedelta(seconds=3))
    with FileLock(folder / "run.lock"):
        line = listed(capsys, tmp_path)[2]
    assert re.fullmatch(
        r"  epoch 7 of 24, val crack IoU 0\.6234 at best, at most 10 min to go "
        r"\(node7:4711, [34] s ago\)",
        line,
    )
    # Of one that has ended, the end is what counts.
    assert "epoch 7" not in "".join(listed(capsys, tmp_path))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "epoch 7 of 24, val crack IoU 0.6234 at best, at most 10 min to go (node7:4711, 0 s"),
        ({"last": None, "best": None, "seconds_left": None, "epochs_done": 0}, "epoch 1 of 24 ("),
        ({"stage": "test", "epochs_done": 24}, "epoch 24 of 24, test, val crack IoU"),
    ],
)
def test_the_words_of_a_standing(changed: dict[str, Any], words: str) -> None:
    now = datetime.now(UTC)
    assert standing(status(now, **changed), now).startswith(words)


def test_a_run_that_has_been_silent_for_long_may_hang() -> None:
    now = datetime.now(UTC)
    assert "no sign" not in standing(status(now - timedelta(minutes=5)), now)
    silent = standing(status(now - timedelta(minutes=12)), now)
    assert silent == "no sign of it for 12 min (node7:4711): it may hang, or its machine is gone"


@pytest.mark.parametrize("text", ["", "[]", '{"stage": "training"}', '{"changed": 5}'])
def test_a_status_of_another_form_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(text)
    assert read_status(tmp_path) is None
    assert read_status(tmp_path / "missing") is None


def test_watching_looks_again_until_it_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "first")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            raise Interrupted(2)
        write_run(tmp_path / "second", minute=1)

    monkeypatch.setattr("crackseg.reporting.terminal.runs.time.sleep", sleep)
    assert main(["runs", str(tmp_path), "--watch", "7"]) == 0
    assert slept == [7, 7]
    # In a file only the last look is left.
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", "second", "first"]
    with pytest.raises(SystemExit):
        main(["runs", "--watch", "0"])


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_run(Path("outputs/none"), "interrupted", minute=0)
    for folder in (
        write_run(Path("outputs/a"), "running", minute=1),
        write_run(Path("outputs/b,c d"), "interrupted", minute=2),
        write_run(Path("outputs/done"), "done", minute=3),
    ):
        (folder / "last.ckpt").touch()
    lines = listed(capsys, Path("outputs"))[1:]
    assert [line.split()[0] for line in lines] == ["done", "b,c", "go", "a", "go", "none", "no"]
    assert lines[-1] == "  no epoch was whole, begin it anew"
    assert lines[4] == "  go on: python train.py resume=outputs/a"
    # Quoted once for the shell and once for Hydra.
    assert lines[2] == """  go on: python train.py 'resume="outputs/b,c d"'"""


def test_the_jobs_of_a_sweep_stand_together(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_run(tmp_path / "older", minute=0)
    write_run(tmp_path / "between", minute=2)
    write_run(tmp_path / "newest", minute=20)
    write_job(sweep, "7", "running", minute=9)
    lines = listed(capsys, tmp_path)
    assert lines[2] == f"sweeps/{sweep.name}: 5 jobs: 3 done, 1 failed, 1 interrupted"
    words = [line.split()[0] for line in lines]
    assert words[1] == "newest"
    assert words[3:7] == ["lr=7", "lr=0.0001", "lr=0.001", "lr=0.01"]
    assert words[7:9] == ["lr=0.1", "loss"]
    assert lines[9] == f"  go on: python train.py -m sweep.resume={sweep}"
    assert words[10:] == ["between", "older"]
    assert all(line.startswith("  ") for line in lines[3:10])


@pytest.mark.parametrize(
    ("states", "goes_on"),
    [
        (["done", "done"], False),
        (["done", "failed"], True),
        (["done", "interrupted"], True),
        (["interrupted", "running"], False),
    ],
)
def test_only_a_sweep_that_stopped_early_goes_on(
    states: list[str], goes_on: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index, state in enumerate(states):
        folder = write_job(tmp_path / "sweep", str(index), state)
        if state == "running":
            at_work = FileLock(folder / "run.lock")
            at_work.acquire()
    assert any("sweep.resume" in line for line in listed(capsys, tmp_path)) == goes_on


def test_a_sweep_or_a_job_can_be_listed_alone(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listed(capsys, sweep)[1] == f"{sweep}: 4 jobs: 3 done, 1 failed"
    lines = listed(capsys, sweep / "lr=0.01")
    assert len(lines) == 2
    assert lines[1].startswith(f"{sweep / 'lr=0.01'}  done")


def test_one_job_is_not_jobs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_job(tmp_path / "sweep", "1", metrics=metrics_of(0.5))
    assert listed(capsys, tmp_path)[1] == "sweep: 1 job: 1 done"


def test_states_have_colours_on_a_terminal(
    sweep: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    write_job(sweep, "7", "interrupted")
    print_runs(find_runs(tmp_path), tmp_path)
    out = capsys.readouterr().out
    for state, colour in (("done", 32), ("failed", 31), ("interrupted", 33)):
        assert f"\x1b[{colour}m{state}" in out


def test_a_list_of_runs_does_not_wait_for_torch(tmp_path: Path) -> None:
    write_run(tmp_path / "run")
    code = (
        "import sys; from crackseg.cli.main import main; "
        f"code = main(['runs', {str(tmp_path)!r}]); sys.exit(code or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
