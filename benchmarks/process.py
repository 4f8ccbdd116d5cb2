"""Runs pieces: each in a process of its own, with its time and memory."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.measurement import Environment, Piece

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / ".venv" / "bin" / "python"
_STARTED = "BENCHMARK_STARTED"
_RESULT = "RESULT "
_LONGEST = 900.0


class PieceError(Exception):
    """A piece that gave no figures, with the reason in a few words."""


def interpreter(environment: Environment) -> Path:
    """The Python of an environment; that of the peers can be set by ``BENCHMARK_PEERS``."""
    if environment == "crackseg":
        return Path(sys.executable)
    return Path(os.environ.get("BENCHMARK_PEERS", PEERS))


def calling(function: str, **arguments: Any) -> tuple[str, ...]:
    """Arguments of an interpreter that calls a function of this package.

    Args:
        function: Function as ``module:name``, which gives figures by name.
        arguments: Its arguments, plain enough for JSON.
    """
    return ("-m", "benchmarks.process", function, json.dumps(arguments))


def crackseg_command(*arguments: str) -> tuple[str, ...]:
    """Arguments of an interpreter that does what the console script ``crackseg`` does."""
    return ("-c", "import sys; from crackseg.cli.main import main; sys.exit(main())", *arguments)


def run_piece(piece: Piece) -> dict[str, float]:
    """Runs a piece.

    Returns:
        Its figures, with ``seconds`` and ``memory``, in MB, of the whole process; the memory is
        that of its largest process.

    Raises:
        PieceError: It gave none.
    """
    if piece.missing:
        raise PieceError(piece.missing)
    return run(piece.environment, piece.arguments)


def run(environment: Environment, arguments: tuple[str, ...]) -> dict[str, float]:
    """Runs an interpreter, see :func:`run_piece`."""
    command = [str(interpreter(environment)), *arguments]
    if not Path(command[0]).is_file():
        raise PieceError("not installed")
    with tempfile.TemporaryFile("w+") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command, cwd=ROOT, env=_variables(began), stdout=output, stderr=subprocess.STDOUT
        )
        try:
            status, memory = _wait(process, began)
        finally:
            process.kill()
        seconds = time.monotonic() - began
        output.seek(0)
        lines = output.read().strip().splitlines()
    if status:
        raise PieceError(_reason(lines, status))
    return {"seconds": seconds, "memory": memory, **_figures(lines)}


def since_start() -> float:
    """Seconds since this process was started, interpreter and imports included."""
    return time.monotonic() - float(os.environ.get(_STARTED, time.monotonic()))


def _variables(began: float) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), _STARTED: repr(began)}


def _wait(process: "subprocess.Popen[bytes]", began: float) -> tuple[int, float]:
    """Exit status of a process, and the memory in MB of the largest of it and its children."""
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            # Linux counts in kilobytes, macOS in bytes.
            return process.returncode, usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
        if time.monotonic() - began > _LONGEST:
            process.kill()
        time.sleep(0.005)


def _reason(lines: list[str], status: int) -> str:
    last = lines[-1].strip() if lines else f"ended with {status}"
    if last.startswith("ModuleNotFoundError"):
        return f"not installed: {last.rpartition(' ')[2]}"
    return last[:160]


def _figures(lines: list[str]) -> dict[str, float]:
    found = [line for line in lines if line.startswith(_RESULT)]
    figures: dict[str, float] = json.loads(found[-1].removeprefix(_RESULT)) if found else {}
    return figures


def main() -> None:
    """Calls a function and prints its figures as the last line."""
    function, arguments = sys.argv[1:]
    module, _, name = function.partition(":")
    figures: Mapping[str, float] = getattr(importlib.import_module(module), name)(
        **json.loads(arguments)
    )
    print(_RESULT + json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
