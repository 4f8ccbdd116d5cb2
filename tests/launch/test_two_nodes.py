"""Trainings of two processes as a cluster starts them: two nodes, here on the loopback address."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from crackseg.config.overrides import flatten
from crackseg.runs.record import BEST, LAST, read_record, state_of
from tests.helpers.commands import ROOT
from tests.helpers.doors import lasting_settings, tiny_settings, wait_for

pytestmark = pytest.mark.slow

BOTH = ["trainer.strategy=ddp", "trainer.num_nodes=2", "trainer.devices=1"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(script: str, *arguments: str, folder: Path) -> "list[subprocess.Popen[str]]":
    """Starts a program on two nodes, as ``torchrun`` does."""
    port = free_port()
    given = ["--nnodes=2", "--nproc-per-node=1", "--master-addr=127.0.0.1", f"--master-port={port}"]
    return [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "torch.distributed.run", *given, f"--node-rank={rank}"),
                *(str(ROOT / script), *arguments),
            ],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        )
        for rank in (0, 1)
    ]


def run_alone(script: str, *arguments: str, folder: Path) -> None:
    """Runs a program in one process, which ends well."""
    one = subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert one.returncode == 0, one.stderr


def finished(nodes: "Sequence[subprocess.Popen[str]]") -> list[tuple[int, str]]:
    return [
        (node.returncode, said) for node in nodes for _, said in [node.communicate(timeout=300)]
    ]


def child_of(node: "subprocess.Popen[str]") -> int:
    """The process that ``torchrun`` started."""
    children = Path(f"/proc/{node.pid}/task/{node.pid}/children").read_text().split()
    (child,) = map(int, children)
    return child


@pytest.fixture
def trained(archive: Path, tmp_path: Path) -> Path:
    given = [*tiny_settings(archive, tmp_path), *BOTH, "hydra.run.dir=run"]
    for code, said in finished(start("train.py", *given, folder=tmp_path)):
        assert code == 0, said
    return tmp_path / "run"


def test_two_nodes_judge_as_one_process_does(trained: Path, tmp_path: Path) -> None:
    assert read_record(trained)["state"] == "done"
    judged = [f"checkpoint={trained / BEST}", "trainer.accelerator=cpu", "subset=train"]
    run_alone("evaluate.py", *judged, "hydra.run.dir=one", folder=tmp_path)
    for code, said in finished(
        start("evaluate.py", *judged, *BOTH, "hydra.run.dir=two", folder=tmp_path)
    ):
        assert code == 0, said
    alone, together = (
        flatten(json.loads((tmp_path / name / "metrics.json").read_text())["stored"])
        for name in ("one", "two")
    )
    figures = {name: figure for name, figure in alone.items() if isinstance(figure, int | float)}
    assert len(figures) > 10
    assert {name: together[name] for name in figures} == pytest.approx(figures, abs=1e-6)


def first_moments(run: Path) -> list[torch.Tensor]:
    """Running means of the gradients that Adam keeps: after one step a tenth of its gradients."""
    state = torch.load(run / LAST, weights_only=True)["optimizer_states"][0]["state"]
    assert {float(one["step"]) for one in state.values()} == {1.0}
    return [state[place]["exp_avg"] for place in sorted(state)]


def test_one_step_of_two_nodes_has_the_gradients_of_one_process(
    archive: Path, tmp_path: Path
) -> None:
    script = "tests/launch/train_without_statistics.py"
    given = [*tiny_settings(archive, tmp_path, epochs=1), "data.counts=[16,2,2]", "model.dropout=0"]
    # Half precisions would round sums of half batches otherwise.
    given.append("trainer.precision=32-true")
    run_alone(script, *given, "data.batch_size=16", "hydra.run.dir=one", folder=tmp_path)
    # Each process takes half of the batch.
    two = [*given, "data.batch_size=8", *BOTH, "hydra.run.dir=two"]
    for code, said in finished(start(script, *two, folder=tmp_path)):
        assert code == 0, said
    alone, together = (first_moments(tmp_path / name) for name in ("one", "two"))
    assert max(float(gradient.abs().max()) for gradient in alone) > 1e-3
    for gradient, other in zip(alone, together, strict=True):
        torch.testing.assert_close(other, gradient, rtol=0, atol=1e-7)


@pytest.mark.skipif(sys.platform != "linux", reason="finds children in /proc")
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_process_ends_the_others_in_words(
    archive: Path, tmp_path: Path, killed: int
) -> None:
    lasting = lasting_settings(archive, tmp_path, epochs=500)
    nodes = start("train.py", *lasting, *BOTH, "hydra.run.dir=run", folder=tmp_path)
    run = tmp_path / "run"
    wait_for((run / LAST).is_file)
    began = time.monotonic()
    os.kill(child_of(nodes[killed]), signal.SIGKILL)
    ended = finished(nodes)
    assert time.monotonic() - began < 30
    assert all(code != 0 for code, _ in ended)
    assert state_of(run) == "interrupted"
    if killed == 1:
        assert "error: another process of this training has ended" in ended[0][1]
        assert "another process" in read_record(run)["error"]


@pytest.mark.skipif(sys.platform != "linux", reason="finds children in /proc")
def test_a_killed_process_of_one_machine_is_told_of(archive: Path, tmp_path: Path) -> None:
    lasting = lasting_settings(archive, tmp_path, epochs=500)
    two = ["trainer.strategy=ddp", "trainer.devices=2", "hydra.run.dir=run"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "train.py"), *lasting, *two],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    run = tmp_path / "run"
    wait_for((run / LAST).is_file)
    os.kill(child_of(process), signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "error: another process of this training has ended" in said
    assert "Traceback" not in said
    assert read_record(run)["state"] == "interrupted"
