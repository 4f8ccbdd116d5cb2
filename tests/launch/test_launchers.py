"""Sweeps whose jobs run in processes of joblib, submitit, SLURM or Ray.

Whatever starts them, a sweep has the same table, says the same of failures, and goes on.
"""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from crackseg.runs.reader import read_jobs
from crackseg.runs.record import LAST, read_record
from tests.helpers.commands import ROOT

pytestmark = pytest.mark.slow

# Of a failing job in the middle.
RATES = "optimizer.lr=1e-3,1e30,1e-4"


def settings(archive: Path, folder: Path) -> list[str]:
    return [
        "data=crackseg9k",
        f"data.root={archive}",
        f"data.cache={folder / 'cache'}",
        "data.image_size=32",
        "data.batch_size=4",
        "data.num_workers=0",
        "model.base_channels=4",
        "model.depth=2",
        "trainer.accelerator=cpu",
        "logger=csv",
    ]


def start(
    folder: Path, *arguments: str, python: str = sys.executable, session: bool = False
) -> "subprocess.Popen[str]":
    """Starts a sweep; with ``session`` apart from the terminal's signals."""
    return subprocess.Popen(
        [python, str(ROOT / "train.py"), "-m", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        start_new_session=session,
    )


def states(sweep: Path) -> dict[str, str]:
    with (sweep / "sweep.csv").open(newline="", encoding="utf-8") as file:
        return {row["optimizer.lr"]: row["state"] for row in csv.DictReader(file)}


def wait_for(condition: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def is_failing_sweep(folder: Path, *launcher: str, archive: Path, python: str) -> None:
    """A sweep with a failing job is told of as one without a launcher is."""
    given = [*settings(archive, folder), "trainer.max_epochs=2", RATES, "hydra.sweep.dir=sweep"]
    printed, said = (process := start(folder, *launcher, *given, python=python)).communicate()
    assert process.returncode == 2, said
    assert states(folder / "sweep") == {"0.001": "done", "1e+30": "failed", "0.0001": "done"}
    assert "failed: optimizer.lr=1e+30: the loss is nan in epoch 1" in " ".join(printed.split())
    assert "Traceback" not in said


def is_gone_on_with_after_a_kill(folder: Path, *launcher: str, archive: Path, python: str) -> None:
    """A killed job ends the sweep in words, with its table, and the sweep goes on."""
    sweep = folder / "sweep"
    rates = ["optimizer.lr=1e-3,1e-4", "trainer.max_epochs=60", "callbacks.patience=60"]
    given = [*settings(archive, folder), *rates, "hydra.sweep.dir=sweep"]
    process = start(folder, *launcher, *given, python=python)
    killed = sweep / "optimizer.lr=0.001"
    wait_for((killed / LAST).is_file)
    os.kill(read_record(killed)["pid"], signal.SIGKILL)
    printed, said = process.communicate()
    assert process.returncode == 1, said
    assert "a process of this sweep was killed" in said
    assert "sweep.resume=sweep" in said
    assert "the best val/crack_iou first" in printed
    assert states(sweep)["0.001"] == "interrupted"
    wait_for(lambda: all(run.state != "running" for run in read_jobs(sweep)))
    process = start(folder, "sweep.resume=sweep", python=python)
    printed, said = process.communicate()
    assert process.returncode == 0, said
    assert states(sweep) == {"0.001": "done", "0.0001": "done"}
    assert len(read_record(killed)["resumed"]) == 1


LOCAL = [("joblib", "hydra_plugins.hydra_joblib_launcher"), ("submitit_local", "submitit")]


@pytest.fixture(params=LOCAL, ids=[name for name, _ in LOCAL])
def local(request: pytest.FixtureRequest) -> Sequence[str]:
    name, library = request.param
    pytest.importorskip(library)
    return [f"hydra/launcher={name}"]


def test_a_failing_job_is_told_of(local: Sequence[str], archive: Path, tmp_path: Path) -> None:
    is_failing_sweep(tmp_path, *local, archive=archive, python=sys.executable)


def test_a_killed_job_is_told_of(local: Sequence[str], archive: Path, tmp_path: Path) -> None:
    is_gone_on_with_after_a_kill(tmp_path, *local, archive=archive, python=sys.executable)


def test_ctrl_c_ends_the_jobs_too(local: Sequence[str], archive: Path, tmp_path: Path) -> None:
    given = [*settings(archive, tmp_path), "trainer.max_epochs=500", "callbacks.patience=500"]
    rates = ["optimizer.lr=1e-3,1e-4", "hydra.sweep.dir=sweep"]
    process = start(tmp_path, *local, *given, *rates, session=True)
    sweep = tmp_path / "sweep"
    wait_for(lambda: len(list(sweep.glob(f"*/{LAST}"))) == 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "interrupted; go on with: " in said
    assert [run.state for run in read_jobs(sweep)] == ["interrupted"] * 2


def has_slurm() -> bool:
    """Whether a SLURM cluster answers here, with a free node that sees this machine's files."""
    if shutil.which("sinfo") is None:
        return False
    asked = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and asked.stdout.split()[:1] == ["idle"]


SLURM = ["hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1"]


@pytest.mark.skipif(not has_slurm(), reason="needs a SLURM cluster that is idle")
def test_slurm_trains_a_sweep(archive: Path, tmp_path: Path) -> None:
    pytest.importorskip("submitit")
    is_failing_sweep(tmp_path, *SLURM, archive=archive, python=sys.executable)


@pytest.mark.skipif(not has_slurm(), reason="needs a SLURM cluster that is idle")
def test_slurm_puts_a_job_that_it_preempts_into_the_queue_again(
    archive: Path, tmp_path: Path
) -> None:
    pytest.importorskip("submitit")
    given = [*settings(archive, tmp_path), "trainer.max_epochs=150", "callbacks.patience=150"]
    process = start(tmp_path, *SLURM, *given, "optimizer.lr=1e-3,1e-4", "hydra.sweep.dir=sweep")
    runs = [tmp_path / "sweep" / f"optimizer.lr={rate}" for rate in (0.001, 0.0001)]
    wait_for(lambda: all((run / LAST).is_file() for run in runs))
    listed = subprocess.run(
        ["squeue", "-h", "-n", "crackseg", "-o", "%F"], capture_output=True, text=True, check=True
    )
    (job,) = set(listed.stdout.split())
    # What SLURM sends before it takes a node away.
    subprocess.run(["scancel", "--signal=USR2", job], check=True)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 0, said
    for run in runs:
        assert len(read_record(run)["resumed"]) == 1
        with (run / "csv" / "metrics.csv").open(newline="") as file:
            epochs = [int(row["epoch"]) for row in csv.DictReader(file) if row["train/loss"]]
        assert epochs == list(range(150))


@pytest.fixture(scope="module")
def ray_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An environment of its own for Ray, whose launcher wants an older cloudpickle.

    ``CRACKSEG_RAY`` names the Python of one that is there; else it is made, which takes minutes.
    """
    given = os.environ.get("CRACKSEG_RAY")
    if given:
        return given
    folder = tmp_path_factory.mktemp("ray")
    python = str(folder / "bin" / "python")
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [python, "-m", "pip", "install", "--quiet", "-e", str(ROOT), "hydra-ray-launcher"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no environment with Ray: {done.stderr.strip().splitlines()[-1]}")
    return python


RAY = ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"]


def test_ray_trains_a_sweep(archive: Path, tmp_path: Path, ray_python: str) -> None:
    is_failing_sweep(tmp_path, *RAY, archive=archive, python=ray_python)


def test_ray_goes_on_with_a_killed_job(archive: Path, tmp_path: Path, ray_python: str) -> None:
    """Ray starts a task again whose process died, and the job goes on from its last epoch."""
    rates = ["optimizer.lr=1e-3,1e-4", "trainer.max_epochs=60", "callbacks.patience=60"]
    given = [*settings(archive, tmp_path), *rates, "hydra.sweep.dir=sweep"]
    process = start(tmp_path, *RAY, *given, python=ray_python)
    killed = tmp_path / "sweep" / "optimizer.lr=0.001"
    wait_for((killed / LAST).is_file)
    os.kill(read_record(killed)["pid"], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert states(tmp_path / "sweep") == {"0.001": "done", "0.0001": "done"}
    assert len(read_record(killed)["resumed"]) == 1
