"""Sweeps and resumed runs as a user starts them."""

import csv
import json
import os
import re
import signal
from pathlib import Path

import pytest
import yaml

from crackseg.errors import CrackSegError
from crackseg.launch.arguments import expand_resume
from crackseg.launch.sweep import safe_name
from crackseg.runs.record import read_record, state_of
from tests.helpers.commands import ROOT, run_alone
from tests.helpers.doors import Door, wait_for


@pytest.fixture
def door(archive: Path, tmp_path: Path) -> Door:
    return Door("train.py", archive, tmp_path)


@pytest.fixture(scope="module")
def swept(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Door, int, str, str]:
    """A sweep of three jobs of which one fails, and what it said; not to be changed."""
    door = Door("train.py", archive, tmp_path_factory.mktemp("swept"))
    rates = "optimizer.lr=1e-3,1e30,1e-4"
    return door, *door.run("-m", *door.settings, rates, "hydra.sweep.dir=sweep")


def table(sweep: Path) -> list[dict[str, str]]:
    with (sweep / "sweep.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_failing_job_is_recorded_and_the_others_go_on(swept: tuple[Door, int, str, str]) -> None:
    door, code, told, complaints = swept
    sweep = door.folder / "sweep"
    assert code == 2
    assert "the loss is " in complaints
    rows = table(sweep)
    assert [row["state"] for row in rows] == ["done", "done", "failed"]
    assert {row["optimizer.lr"] for row in rows[:2]} == {"0.001", "0.0001"}
    assert float(rows[0]["val/crack_iou"]) >= float(rows[1]["val/crack_iou"])
    assert "the loss is " in rows[2]["error"]
    assert (sweep / "optimizer.lr=0.001" / "best.ckpt").is_file()
    assert "sweep.md" in told
    record = read_record(sweep / "optimizer.lr=1e+30")
    assert record["state"] == "failed"
    assert record["mistake"]
    assert "optimizer.lr=1e+30" in record["command"]
    assert record["code"]["version"]
    assert record["machine"]["cores"]


def test_a_killed_sweep_goes_on_with_what_is_missing(door: Door) -> None:
    lengths = ["trainer.max_epochs=1,12", "callbacks.patience=12"]
    process = door.start("-m", *door.settings, *lengths, "hydra.sweep.dir=sweep")
    first, second = (door.folder / "sweep" / f"trainer.max_epochs={count}" for count in (1, 12))
    # The figures of an epoch are written after its checkpoint.
    wait_for(lambda: all((second / one).is_file() for one in ("last.ckpt", "csv/metrics.csv")))
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [row["state"] for row in table(door.folder / "sweep")] == ["done"]
    assert state_of(second) == "interrupted"
    kept = (first / "best.ckpt").stat().st_mtime_ns

    code, _, complaints = door.run("-m", "sweep.resume=sweep")
    assert code == 0, complaints
    assert "done already, kept" in complaints
    assert (first / "best.ckpt").stat().st_mtime_ns == kept
    assert [row["state"] for row in table(door.folder / "sweep")] == ["done", "done"]
    record = read_record(second)
    assert len(record["resumed"]) == 1
    assert "epoch 1/12" not in complaints.partition("trainer.max_epochs=12")[2]
    with (second / "csv" / "metrics.csv").open(newline="") as file:
        epochs = [int(row["epoch"]) for row in csv.DictReader(file) if row["train/loss"]]
    assert epochs == list(range(12))


def interrupted(door: Door, number: signal.Signals) -> Path:
    """A run that a signal has ended, with one line that says how it goes on."""
    settings = [*door.settings, "trainer.max_epochs=12", "callbacks.patience=12"]
    process = door.start(*settings, "hydra.run.dir=outputs/runs/mine")
    run = door.folder / "outputs" / "runs" / "mine"
    wait_for((run / "last.ckpt").is_file)
    process.send_signal(number)
    done = process.wait()
    complaints = done.stderr
    assert done.returncode == 128 + number
    assert "Traceback" not in complaints
    assert "train.py resume=outputs/runs/mine" in complaints
    assert (run / "figures" / "curves.png").is_file()
    return run


def test_sigterm_ends_a_run(door: Door) -> None:
    assert state_of(interrupted(door, signal.SIGTERM)) == "interrupted"


def test_a_run_that_ctrl_c_has_ended_goes_on(door: Door) -> None:
    run = interrupted(door, signal.SIGINT)
    assert state_of(run) == "interrupted"
    code, _, complaints = door.run("resume=latest", "trainer.max_epochs=13")
    assert code == 0, complaints
    assert state_of(run) == "done"
    assert json.loads((run / "metrics.json").read_text())["epochs"] == 13
    assert yaml.safe_load((run / "config.yaml").read_text())["trainer"]["max_epochs"] == 13
    assert len(list((door.folder / "outputs" / "runs").iterdir())) == 1

    code, _, complaints = door.run("resume=outputs/runs/mine")
    assert code == 2
    assert (
        "this run is finished after 13 epochs; to train on, add trainer.max_epochs=" in complaints
    )
    assert state_of(run) == "done"


BUG = """
from crackseg.workflows import train

real = train.build_segmenter

def build_segmenter(config, datamodule):
    if config.seed == 1:
        raise ZeroDivisionError("a bug")
    return real(config, datamodule)

train.build_segmenter = build_segmenter
"""


@pytest.mark.slow
def test_a_bug_in_a_job_is_told_from_a_mistake(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python runs a module of this name before everything else."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BUG)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}{os.pathsep}{ROOT}")
    sweep = ["-m", *door.settings, "seed=0,1", "hydra.sweep.dir=sweep"]
    done = run_alone("train.py", *sweep, folder=tmp_path)
    assert done.returncode == 1
    assert "this job failed, the sweep goes on" in done.stderr
    assert "Traceback" in done.stderr
    assert [row["state"] for row in table(door.folder / "sweep")] == ["done", "failed"]
    assert "a bug" in read_record(door.folder / "sweep" / "seed=1")["error"]


def test_a_run_is_never_overwritten(door: Door) -> None:
    code, _, complaints = door.run(*door.settings, "hydra.run.dir=run")
    assert code == 0, complaints
    before = (door.folder / "run" / "best.ckpt").read_bytes()
    code, _, complaints = door.run(*door.settings, "hydra.run.dir=run", "optimizer.lr=1e-4")
    assert code == 2
    assert (
        "holds a run, and nothing of it is overwritten; go on with it by resume=run" in complaints
    )
    assert (door.folder / "run" / "best.ckpt").read_bytes() == before
    code, _, complaints = door.run("resume=run", "trainer.max_epochs=9", "trainer.devices=[7]")
    assert code == 2
    assert state_of(door.folder / "run") == "done"
    config = yaml.safe_load((door.folder / "run" / "config.yaml").read_text())
    assert (config["trainer"]["max_epochs"], config["trainer"]["devices"]) == (2, "auto")


def test_another_sweep_is_not_mixed_into_this_one(swept: tuple[Door, int, str, str]) -> None:
    door, *_ = swept
    other = ["seed=5", "optimizer.lr=1e-3,1e-4", "hydra.sweep.dir=sweep"]
    code, _, complaints = door.run("-m", *door.settings, *other)
    assert code == 2
    assert "holds a run with other settings, and nothing of it is overwritten" in complaints
    assert "seed: 5 here, 0 in the run" in complaints


@pytest.mark.slow
def test_jobs_side_by_side_share_the_cores(door: Door) -> None:
    side_by_side = ["hydra/launcher=joblib", "seed=0,1", "hydra.sweep.dir=sweep"]
    # Each of them reads in a process of its own.
    side_by_side += ["data.num_workers=1"]
    code, told, complaints = door.run("-m", *door.settings, *side_by_side)
    assert code == 0, complaints
    assert [row["state"] for row in table(door.folder / "sweep")] == ["done", "done"]
    assert "sweep.md" in told
    config = yaml.safe_load((door.folder / "sweep" / "seed=0" / "config.yaml").read_text())
    assert config["runtime"]["threads"] is None


@pytest.mark.slow
def test_jobs_of_two_processes_each_run_one_after_another(door: Door) -> None:
    two = ["trainer.strategy=ddp", "trainer.devices=2", "trainer.max_epochs=30", "seed=0,1"]
    together = ["callbacks.patience=30", "hydra.sweep.dir=sweep"]
    process = door.start("-m", *door.settings, *two, *together)
    first = door.folder / "sweep" / "seed=0"
    wait_for((first / "last.ckpt").is_file)
    process.send_signal(signal.SIGINT)
    done = process.wait()
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert "sweep.resume=sweep" in done.stderr
    assert state_of(first) == "interrupted"
    code, _, complaints = door.run("-m", "sweep.resume=sweep")
    assert code == 0, complaints
    assert [row["state"] for row in table(door.folder / "sweep")] == ["done", "done"]
    assert len(read_record(first)["resumed"]) == 1
    assert not list(door.folder.glob("outputs/runs/*"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-m", "seed=1,1"], "both would be written to seed=1"),
        (
            ["-m", "data.split_seed=1,2", "callbacks.monitor=val/x"],
            "callbacks.monitor=val/x: one of val/best_crack_iou",
        ),
        (["-m", "model.dropout=0.1,1.5"], "error: model.dropout=1.5: at least 0 and below 1"),
        (["-m", "experiment=glob(nothing/*)"], "this makes no job"),
        (["-m", "sweep.resume=nowhere"], "error: sweep.resume=nowhere: not a sweep"),
    ],
)
def test_a_mistake_ends_before_anything_is_made(
    door: Door, arguments: list[str], message: str
) -> None:
    code, _, complaints = door.run(*arguments)
    assert code == 2
    assert message in complaints
    assert not list(door.folder.rglob("run.json"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["++sweep.resume=x"], "sweep.resume: needs -m"),
        (["-m", "sweep.resume=nowhere"], "sweep.resume=nowhere: not a sweep (there is no such"),
        (["sweep.resume=nowhere"], "sweep.resume: needs -m"),
        (["-m", "sweep.resume=nowhere", "seed=1"], "seed=1: cannot be given with"),
        (["-m", "resume=latest"], "resume: goes on with one run"),
        (["resume=latest"], "resume=latest: there is no run to go on with below outputs/runs"),
        (["resume=2024_01"], "resume=2024_01: 2024_01 is not a run"),
        (["resume=nowhere"], "resume=nowhere: nowhere is not a run (there is no such"),
    ],
)
def test_nothing_to_go_on_with_is_told(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CrackSegError, match=f"^{re.escape(message)}"):
        expand_resume(arguments)


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ("", "default"),
        ("experiment=paper/unet_1,seed=1", "experiment=paper-unet_1,seed=1"),
        ("data.root=../a b\\c:d*?", "data.root=..-a-b-c-d-"),
        ("..", "default"),
    ],
)
def test_names_of_jobs_are_safe_for_file_systems(overrides: str, name: str) -> None:
    assert safe_name(overrides) == name


def test_long_names_are_cut_and_stay_different() -> None:
    first, second = safe_name("x=" + "ä" * 300 + "1"), safe_name("x=" + "ä" * 300 + "2")
    assert first != second
    assert max(len(first.encode()), len(second.encode())) <= 255
