"""Record of a run in its folder: its settings, its state, its code and machine.

    config.yaml     all settings, with absolute paths
    run.json        state, command line, overrides, times, code, machine
    packages.txt    installed packages, in the form that pip reads
    run.lock        locked while a process works in the folder

The folder also holds the results of the training: ``best.ckpt``, ``last.ckpt``, ``manifest.csv``,
``metrics.json``, ``status.json``, figures and logs.

The states are ``running``, ``done``, ``failed``, ``interrupted``, and ``pruned``, of a run that a
search ended early. A process that was killed cannot write its state. So a run that is recorded as
``running`` and is not locked was interrupted.
"""

import json
import logging
import os
import platform
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from crackseg import __version__
from crackseg.config.overrides import without_password
from crackseg.errors import OutputError, ProcessLostError, RunBusyError
from crackseg.system.exits import mistake_of
from crackseg.system.files import write_text
from crackseg.system.locks import locked
from crackseg.system.output import reader_is_gone
from crackseg.system.processes import is_first_process, usable_cores

CONFIG, RECORD = "config.yaml", "run.json"
BEST, LAST, MANIFEST = "best.ckpt", "last.ckpt", "manifest.csv"
# In the folder of a sweep.
PLAN = "multirun.yaml"
LOCK, PACKAGES = "run.lock", "packages.txt"
# Reserved space, so that a run can still write its state on a disk that has become full.
_RESERVE, _RESERVED_BYTES = ".run.reserve", 16 << 10
log = logging.getLogger(__name__)

# In seconds. A process that asks for the state of a run holds its lock for a moment, and the
# workers of a killed process hold it somewhat longer.
_PATIENCE = 10


class Pruned(Exception):  # noqa: N818 - nothing is wrong
    """A search ended a run before its last epoch; the message says why."""


@contextmanager
def recording(folder: Path, overrides: Sequence[str], varied: Sequence[str] = ()) -> Iterator[None]:
    """Writes ``run.json`` when the work inside begins, and its final state when the work ends.

    Args:
        folder: Folder of the run.
        overrides: Settings as given on the command line.
        varied: Keys among them that a sweep varies.

    Raises:
        RunBusyError: Another process works in this folder.
    """
    if not is_first_process():
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    busy = RunBusyError(
        f"{folder}: another process is working in this folder; wait for it, or stop it"
    )
    with locked(folder / LOCK, busy, _PATIENCE), _reserved(folder):
        record = _begun(folder, overrides, varied)
        write_text(folder / PACKAGES, _packages())
        _write(folder, record)
        try:
            yield
        except (Pruned, ProcessLostError) as ended:
            state = "pruned" if isinstance(ended, Pruned) else "interrupted"
            _end(folder, record, state, str(ended))
            raise
        except Exception as error:
            if reader_is_gone(error):
                _end(folder, record, "interrupted")
                raise
            mistake = mistake_of(error)
            reason = f"{type(error).__name__}: {error}" if mistake is None else mistake
            _end(folder, {**record, "mistake": mistake is not None}, "failed", reason)
            raise
        except BaseException:
            _end(folder, record, "interrupted")
            raise
        _end(folder, record, "done")


def read_record(folder: Path) -> dict[str, Any]:
    """Reads ``run.json``."""
    record: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    return record


def state_of(folder: Path) -> str:
    """The state of a run: ``running``, ``done``, ``failed``, ``interrupted`` or ``pruned``."""
    state = str(read_record(folder)["state"])
    if state != "running":
        return state
    try:
        with locked(folder / LOCK, RunBusyError(f"{folder}: a process is working in it")):
            # It may have ended just before the lock was tried.
            state = str(read_record(folder)["state"])
    except RunBusyError:
        return "running"
    return "interrupted" if state == "running" else state


def ended_before_first_epoch(folder: Path) -> bool:
    """Whether a run was started here that left nothing to keep and nothing to resume."""
    if not all((folder / name).is_file() for name in (CONFIG, RECORD)):
        return False
    left = any((folder / name).exists() for name in (LAST, BEST))
    return not left and state_of(folder) in ("failed", "interrupted")


@contextmanager
def _reserved(folder: Path) -> Iterator[None]:
    """Keeps room for the last word of a run; without it, the run is not begun."""
    write_text(folder / _RESERVE, " " * _RESERVED_BYTES)
    try:
        yield
    finally:
        (folder / _RESERVE).unlink(missing_ok=True)


def _begun(folder: Path, overrides: Sequence[str], varied: Sequence[str]) -> dict[str, Any]:
    # Without a complete epoch the run starts again, perhaps with other settings.
    goes_on = (folder / RECORD).is_file() and (folder / LAST).exists()
    before = read_record(folder) if goes_on else None
    record: dict[str, Any] = {
        "state": "running",
        "error": None,
        "mistake": False,
        "command": without_password(shlex.join([Path(sys.executable).name, *sys.argv])),
        "overrides": list(overrides),
        "varied": list(varied),
        "started": _now(),
        "finished": None,
        "resumed": [],
        "code": _code(),
        "machine": _machine(),
        "pid": os.getpid(),
    }
    if before is not None:
        # The run keeps its start; how it was resumed, and with what code, is added.
        resumed = {key: record[key] for key in ("started", "command", "code", "machine", "pid")}
        record = {**before, "state": "running", "error": None, "mistake": False, "finished": None}
        record["pid"] = resumed["pid"]
        record["resumed"] = [*before.get("resumed", []), resumed]
    return record


def _end(folder: Path, record: dict[str, Any], state: str, error: str | None = None) -> None:
    (folder / _RESERVE).unlink(missing_ok=True)
    try:
        _write(folder, {**record, "state": state, "error": error, "finished": _now()})
    except OutputError as full:
        # The caller reports what ended the run; this run counts as interrupted.
        log.error("%s, so that it does not say that this run is %s", full, state)


def _write(folder: Path, record: dict[str, Any]) -> None:
    write_text(folder / RECORD, json.dumps(record, indent=2) + "\n")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _code() -> dict[str, Any]:
    """The package's version and, where it runs from a git checkout, the commit and its changes."""
    changes = _git("status", "--porcelain")
    return {
        "version": __version__,
        "commit": _git("rev-parse", "HEAD"),
        "dirty": None if changes is None else bool(changes),
    }


def _git(*arguments: str) -> str | None:
    source = Path(__file__).parents[2]
    if not (source / ".git").exists():
        return None
    try:
        done = subprocess.run(
            ["git", "-C", str(source), *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _packages() -> str:
    lines = {f"{found.name}=={found.version}" for found in distributions() if found.name}
    return "\n".join(sorted(lines, key=str.lower)) + "\n"


def _machine() -> dict[str, Any]:
    # Imported here because torch takes seconds, and a list of runs must not wait for it.
    import torch

    return {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "processor": _processor(),
        "cores": usable_cores(),
        "gpus": [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())],
    }


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:
        return platform.processor()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()
