"""Runs pieces: each in a process of its own, with its time and memory."""

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.measurement import Environment, Piece

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "benchmarks" / ".venv" / "bin" / "python"
_STARTED = "BENCHMARK_STARTED"
_RESULT = "RESULT "
_LONGEST = 900.0
_MOST_TOLD = 60
_LAUNCHER = Path(__file__).with_name("launcher.py")


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
        Its figures, with ``seconds``, ``cpu`` (seconds of processor time) and ``memory``, in MB, of
        the whole process; the memory is that of its largest process.

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
    with tempfile.TemporaryDirectory() as folder:
        report, output = Path(folder, "report.json"), Path(folder, "output.txt")
        status = _launch([sys.executable, "-S", str(_LAUNCHER), str(report), *command], output)
        lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if status:
            raise PieceError(_reason(lines, status))
        return {**json.loads(report.read_text(encoding="utf-8")), **_figures(lines)}


def since_start() -> float:
    """Seconds since this process was started, interpreter and imports included."""
    return time.monotonic() - float(os.environ.get(_STARTED, time.monotonic()))


def _launch(command: list[str], output: Path) -> int:
    """Exit status of a command; whatever it started ends with it."""
    with (
        output.open("w", encoding="utf-8") as written,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=_variables(),
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        try:
            return process.wait(_LONGEST)
        except subprocess.TimeoutExpired as error:
            raise PieceError(f"took longer than {_LONGEST / 60:.0f} minutes") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _variables() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_NUM_THREADS")}
    paths = [str(ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


def _reason(lines: list[str], status: int) -> str:
    last = lines[-1].strip() if lines else f"ended with {status}"
    if last.startswith("ModuleNotFoundError"):
        return f"not installed: {last.rpartition(' ')[2]}"
    return last if len(last) <= _MOST_TOLD else f"{last[:_MOST_TOLD]}..."


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
