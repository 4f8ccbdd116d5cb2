import multiprocessing
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest

from crackseg.system.processes import is_first_process, kill_children, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="Linux only")
def test_usable_cores_are_those_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert usable_cores() == len(before)


@pytest.mark.parametrize(
    ("ranks", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "0", "NODE_RANK": "0"}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"LOCAL_RANK": "0", "NODE_RANK": "1"}, False),
        ({"SLURM_PROCID": "3"}, False),
    ],
)
def test_one_process_of_a_distributed_run_is_the_first(
    ranks: dict[str, str], first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for rank in ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID"):
        monkeypatch.delenv(rank, raising=False)
    for rank, number in ranks.items():
        monkeypatch.setenv(rank, number)
    assert is_first_process() == first


@pytest.mark.skipif(os.name != "posix", reason="the signal is POSIX's")
def test_children_are_killed_whatever_started_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of joblib have a number alone."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    gone = SimpleNamespace(pid=2**31 - 2)
    children = [gone, SimpleNamespace(pid=child.pid)]
    monkeypatch.setattr(multiprocessing, "active_children", lambda: children)
    kill_children()
    assert child.wait(10) == -signal.SIGKILL
