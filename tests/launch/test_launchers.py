"""Sweeps whose jobs run in processes of joblib, submitit, SLURM or Ray.

Whatever starts them, a sweep has the same table, says the same of failures, and goes on.
"""

import csv
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from crackseg.runs.reader import read_jobs
from crackseg.runs.record import LAST, read_record
from tests.helpers.commands import ROOT
from tests.helpers.doors import lasting_settings, tiny_settings, wait_for

pytestmark = pytest.mark.slow

# Of a failing job in the middle.
RATES = "optimizer.lr=1e-3,1e30,1e-4"


def start(folder: Path, *arguments: str, python: str = sys.executable) -> "subprocess.Popen[str]":
    """Starts a sweep in a folder, apart from the signals of the terminal."""
    return subprocess.Popen(
        [python, str(ROOT / "train.py"), "-m", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )


def states(sweep: Path) -> dict[str, str]:
    with (sweep / "sweep.csv").open(newline="", encoding="utf-8") as file:
        return {row["optimizer.lr"]: row["state"] for row in csv.DictReader(file)}


@dataclass(frozen=True)
class Launcher:
    """What starts the jobs of a sweep: settings, and the Python that has it."""

    settings: Sequence[str]
    python: str = sys.executable

    def start(self, folder: Path, *arguments: str) -> "subprocess.Popen[str]":
        return start(folder, *self.settings, *arguments, python=self.python)


def has_slurm() -> bool:
    """Whether a SLURM cluster answers here, with a free node that sees this machine's files."""
    if shutil.which("sinfo") is None:
        return False
    asked = subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and asked.stdout.split()[:1] == ["idle"]


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


LOCAL = {"joblib": "hydra_plugins.hydra_joblib_launcher", "submitit_local": "submitit"}


def launcher(name: str, request: pytest.FixtureRequest) -> Launcher:
    """The launcher of this name; the test is left out where it is not here."""
    if name == "ray":
        settings = ["hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2"]
        return Launcher(settings, request.getfixturevalue("ray_python"))
    pytest.importorskip(LOCAL.get(name, "submitit"))
    if name == "slurm" and not has_slurm():
        pytest.skip("needs a SLURM cluster that is idle")
    few = ["hydra.launcher.cpus_per_task=1"] if name == "slurm" else []
    return Launcher([f"hydra/launcher={name}", *few])


@pytest.mark.parametrize("name", [*LOCAL, "slurm", "ray"])
def test_a_failing_job_is_told_of(
    name: str, archive: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As in a sweep without a launcher."""
    given = [*tiny_settings(archive, tmp_path), RATES, "hydra.sweep.dir=sweep"]
    process = launcher(name, request).start(tmp_path, *given)
    printed, said = process.communicate()
    assert process.returncode == 2, said
    assert states(tmp_path / "sweep") == {"0.001": "done", "1e+30": "failed", "0.0001": "done"}
    assert "failed: optimizer.lr=1e+30: the loss is nan in epoch 1" in " ".join(printed.split())
    assert "Traceback" not in said


@pytest.mark.parametrize("name", LOCAL)
def test_a_killed_job_ends_the_sweep_in_words_and_the_sweep_goes_on(
    name: str, archive: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    sweep = tmp_path / "sweep"
    given = [*lasting_settings(archive, tmp_path, epochs=60), "optimizer.lr=1e-3,1e-4"]
    process = launcher(name, request).start(tmp_path, *given, "hydra.sweep.dir=sweep")
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
    process = start(tmp_path, "sweep.resume=sweep")
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert states(sweep) == {"0.001": "done", "0.0001": "done"}
    assert len(read_record(killed)["resumed"]) == 1


@pytest.mark.parametrize("name", LOCAL)
def test_ctrl_c_ends_the_jobs_too(
    name: str, archive: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    given = [*lasting_settings(archive, tmp_path, epochs=500), "optimizer.lr=1e-3,1e-4"]
    process = launcher(name, request).start(tmp_path, *given, "hydra.sweep.dir=sweep")
    sweep = tmp_path / "sweep"
    wait_for(lambda: len(list(sweep.glob(f"*/{LAST}"))) == 2)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "interrupted; go on with: " in said
    assert [run.state for run in read_jobs(sweep)] == ["interrupted"] * 2


def test_slurm_puts_a_job_that_it_preempts_into_the_queue_again(
    archive: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    given = [*lasting_settings(archive, tmp_path, epochs=150), "optimizer.lr=1e-3,1e-4"]
    process = launcher("slurm", request).start(tmp_path, *given, "hydra.sweep.dir=sweep")
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


def test_ray_goes_on_with_a_killed_job(
    archive: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Ray starts a task again whose process died, and the job goes on from its last epoch."""
    given = [*lasting_settings(archive, tmp_path, epochs=60), "optimizer.lr=1e-3,1e-4"]
    process = launcher("ray", request).start(tmp_path, *given, "hydra.sweep.dir=sweep")
    killed = tmp_path / "sweep" / "optimizer.lr=0.001"
    wait_for((killed / LAST).is_file)
    os.kill(read_record(killed)["pid"], signal.SIGKILL)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert states(tmp_path / "sweep") == {"0.001": "done", "0.0001": "done"}
    assert len(read_record(killed)["resumed"]) == 1
