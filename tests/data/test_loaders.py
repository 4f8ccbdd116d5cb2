"""The processes that read photographs end with the work, also those that hang."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
import torch
from torch.utils.data import Dataset

from crackseg.data.dataset import Sample
from crackseg.data.loaders import build_loader, killed_workers_named, stop_workers
from crackseg.errors import WorkerKilledError


class Hanging(Dataset[Sample]):
    """Gives what is asked for, but hangs on another item, as on a network disk that is gone."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Sample:
        if index == 1:
            time.sleep(3600)
        return {"image": torch.zeros(1), "mask": torch.zeros(1), "stem": str(index)}


def test_workers_end_by_themselves_within_a_moment() -> None:
    loader = build_loader(Hanging(), 2, False, sampler=[0, 2])
    assert len(list(loader)) == 2
    workers = multiprocessing.active_children()
    started = time.monotonic()
    stop_workers(loader, grace=60)
    assert time.monotonic() - started < 30
    assert [worker.exitcode for worker in workers] == [0, 0]


def test_a_worker_that_hangs_is_killed() -> None:
    loader = build_loader(Hanging(), 1, False)
    batches = iter(loader)
    assert next(batches)["stem"] == ["0"]
    (worker,) = multiprocessing.active_children()
    # In a thread, so that a failure is no endless wait.
    ending = Thread(target=stop_workers, args=(loader, 0.2), daemon=True)
    ending.start()
    ending.join(30)
    hangs = ending.is_alive()
    worker.kill()
    worker.join(10)
    assert not hangs
    assert worker.exitcode == -signal.SIGKILL


def test_a_loader_can_be_read_again_after_its_workers_ended() -> None:
    loader = build_loader(Hanging(), 1, False, sampler=[0, 2])
    first = [batch["stem"] for batch in loader]
    stop_workers(loader)
    assert [batch["stem"] for batch in loader] == first
    stop_workers(loader)


def test_stopping_needs_no_workers() -> None:
    loader = build_loader(Hanging(), 0, False, sampler=[0])
    assert len(list(loader)) == 1
    stop_workers(loader)


@pytest.mark.skipif(os.name != "posix", reason="the signal is POSIX's")
def test_a_process_whose_worker_hangs_ends_all_the_same(tmp_path: Path) -> None:
    """Even where nothing closed the loader: the interpreter would wait for the worker for ever."""
    script = tmp_path / "program.py"
    script.write_text(
        "from tests.data.test_loaders import Hanging\n"
        "from crackseg.data.loaders import build_loader\n"
        "from crackseg.system.runtime import prepare_process\n"
        "prepare_process()\n"
        "batches = iter(build_loader(Hanging(), 1, False))\n"
        "next(batches)\n"
        "raise SystemExit(7)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, script],
        env=environment,
        timeout=90,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (7, "")


class Ending(Hanging):
    """Its worker is killed at another item, as the kernel does where memory is not enough."""

    def __getitem__(self, index: int) -> Sample:
        if index == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__getitem__(index)


@pytest.mark.skipif(os.name != "posix", reason="the signal is POSIX's")
def test_a_killed_worker_is_told_in_one_message() -> None:
    loader = build_loader(Ending(), 1, False)
    with pytest.raises(WorkerKilledError) as caught, killed_workers_named():
        list(loader)
    assert str(caught.value) == (
        "a process that reads photographs was killed, perhaps for lack of memory; set fewer "
        "data.num_workers (0 reads without such processes) or a smaller data.batch_size"
    )
    stop_workers(loader)


def test_another_error_of_a_loader_passes_unchanged() -> None:
    with pytest.raises(RuntimeError, match="a bug"), killed_workers_named():
        raise RuntimeError("a bug")
