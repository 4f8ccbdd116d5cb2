"""The programs as a user starts them, each in a process of its own.

To import torch, Lightning and Hydra takes a process seconds. On Linux a server does so once, and
every program begins as a copy of it; elsewhere a copy of a process that has imported much is not
safe, and each program imports for itself.
"""

import atexit
import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"
_PROCESSES = multiprocessing.get_context("forkserver" if sys.platform == "linux" else "spawn")
_IMPORTED_ONCE = [
    "crackseg.launch.job",
    "crackseg.launch.sweep",
    "crackseg.workflows.recorded",
    "crackseg.workflows.evaluate",
    "crackseg.search.tuning",
    "optuna.storages",
]


class Program:
    """A program that runs in a folder.

    Args:
        script: ``train.py``, ``evaluate.py`` or ``tune.py``.
        arguments: Its command line.
        folder: Its working folder.
    """

    def __init__(self, script: str, arguments: Sequence[str], folder: Path) -> None:
        self.arguments = [str(ROOT / script), *arguments]
        self._printed = TemporaryDirectory()
        streams = [str(Path(self._printed.name, name)) for name in ("stdout", "stderr")]
        _PROCESSES.set_forkserver_preload(_IMPORTED_ONCE)
        self._process = _PROCESSES.Process(
            target=_run_as_main, args=(self.arguments, str(folder), dict(os.environ), streams)
        )
        self._process.start()
        # A test that failed may leave it behind, and pytest would wait for it at its end.
        atexit.register(self._process.kill)

    def send_signal(self, number: int) -> None:
        """Sends a signal to the program, which is still running."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def wait(self, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """What the program has printed, and its exit code, once it has ended."""
        self._process.join(timeout)
        code = self._process.exitcode
        told, complaints = (
            Path(self._printed.name, name).read_text(encoding="utf-8")
            for name in ("stdout", "stderr")
        )
        assert code is not None, f"still running after {timeout:g} s: {complaints}"
        return subprocess.CompletedProcess(self.arguments, code, told, complaints)


def run(script: str, *overrides: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs ``train.py`` or ``evaluate.py`` in a folder, which becomes the run's."""
    folder.mkdir(exist_ok=True)
    return Program(script, [*overrides, f"hydra.run.dir={folder}"], folder).wait()


def run_alone(script: str, *overrides: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a program that imports for itself, and finds nothing that another has imported."""
    command = [sys.executable, str(ROOT / script), *overrides]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _run_as_main(
    arguments: Sequence[str], folder: str, environment: Mapping[str, str], streams: Sequence[str]
) -> None:
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = list(arguments)
    # A worker of a program is silent where the program itself speaks.
    multiprocessing.process._parent_process = None  # type: ignore[attr-defined]
    try:
        runpy.run_path(arguments[0], run_name="__main__")
    finally:
        # As the interpreter ends; processes of this kind do the one too late and the other never.
        threading._shutdown()
        atexit._run_exitfuncs()
