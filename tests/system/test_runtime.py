"""What the doors tell the process: nothing on import, and each setting as said."""

import json
import logging
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.system import precision, runtime
from crackseg.system.logs import start_logging
from crackseg.system.precision import cpu_has_bfloat16, resolve_precision
from crackseg.system.runtime import (
    keep_freed_memory,
    prepare_process,
    return_freed_memory,
    set_threads,
)

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's allocator only")

# In a process of its own: the allocator and the threads belong to a whole process.
PROBE = """
import json, logging, os, torch
def state():
    root = logging.getLogger()
    return {
        "threads": torch.get_num_threads(),
        "interop": torch.get_num_interop_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "environment": dict(os.environ),
        "root": [root.level, len(root.handlers), len(logging.getLogger("crackseg").handlers)],
    }
torch.set_num_threads(3)
before = state()
import crackseg.system.runtime
after = state()
# Hydra and others may leave marks of their own in the environment; these are the ones that count.
for part in (before, after):
    part["environment"] = {k: v for k, v in part["environment"].items() if "THREADS" in k}
taken = crackseg.system.runtime.keep_freed_memory()
crackseg.system.runtime.set_threads(None)
unset = torch.get_num_threads()
crackseg.system.runtime.set_threads(2)
blocks = [torch.ones(1 << 20).sum().item() for _ in range(20)]
print(json.dumps({"before": before, "after": after, "taken": taken, "unset": unset,
                  "set": torch.get_num_threads(), "sums": blocks}))
"""


@pytest.fixture(scope="module")
def probed() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=120
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def package_logger() -> Iterator[logging.Logger]:
    """The package's logger, given back as it was."""
    logger = logging.getLogger("crackseg")
    before = (logger.level, logger.propagate, list(logger.handlers))
    logger.handlers = []
    yield logger
    for handler in logger.handlers:
        handler.close()
    logger.level, logger.propagate, logger.handlers = before
    logger.setLevel(logger.level)


def cpuinfo(folder: Path, flags: str) -> Path:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: {flags}\n\n")
    return path


# Import, memory, threads.


def test_import_changes_neither_threads_nor_logging(probed: dict[str, Any]) -> None:
    assert probed["before"]["threads"] == 3
    assert probed["after"] == probed["before"]


@on_glibc
def test_freed_memory_is_kept_on_glibc_and_memory_still_works(probed: dict[str, Any]) -> None:
    assert probed["taken"] is True
    assert probed["sums"] == [float(1 << 20)] * 20


def test_threads_are_set_and_none_keeps_them(probed: dict[str, Any]) -> None:
    assert probed["unset"] == 3
    assert probed["set"] == 2


@pytest.mark.parametrize(("system", "library"), [("Linux", "musl"), ("Linux", ""), ("Darwin", "")])
def test_other_c_libraries_are_left_alone(
    monkeypatch: pytest.MonkeyPatch, system: str, library: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "libc_ver", lambda: (library, ""))
    assert keep_freed_memory() is False
    assert return_freed_memory() is False


def test_set_threads_in_this_process() -> None:
    before = torch.get_num_threads()
    try:
        set_threads(before + 1)
        assert torch.get_num_threads() == before + 1
        set_threads(None)
        assert torch.get_num_threads() == before + 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("keep", [True, False])
def test_prepare_process_does_what_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(runtime, "keep_freed_memory", lambda: calls.append("memory"))
    monkeypatch.setattr(runtime, "set_threads", lambda threads: calls.append(f"{threads} threads"))
    prepare_process(keep, threads=2)
    assert calls == [*(["memory"] if keep else []), "2 threads"]


# Precision.


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("fpu sse2 avx2 avx512f avx512_bf16 avx512_vnni", True),
        ("fpu sse2 avx2 amx_bf16 amx_tile", True),
        ("fpu sse2 avx2 avx512f avx512_vnni", False),
        ("", False),
    ],
)
def test_bfloat16_is_read_off_the_processors_flags(
    tmp_path: Path, flags: str, expected: bool
) -> None:
    assert cpu_has_bfloat16(cpuinfo(tmp_path, flags)) is expected


def test_without_cpuinfo_there_is_no_bfloat16(tmp_path: Path) -> None:
    assert cpu_has_bfloat16(tmp_path / "none") is False


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "16-mixed"])
@pytest.mark.parametrize("accelerator", ["cpu", "gpu", "auto"])
def test_precision_that_was_chosen_stays(precision: str, accelerator: str) -> None:
    assert resolve_precision(precision, accelerator) == precision


@pytest.mark.parametrize(
    ("accelerator", "bfloat16", "expected"),
    [
        ("cpu", True, "bf16-mixed"),
        ("cpu", False, "32-true"),
        ("auto", True, "bf16-mixed"),
        ("auto", False, "32-true"),
        ("gpu", True, "32-true"),  # there is none: what the processor can is beside the point
        ("mps", True, "32-true"),
    ],
)
def test_automatic_precision_without_a_gpu_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, accelerator: str, bfloat16: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.mps, "is_available", lambda: False)
    monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: bfloat16)
    assert resolve_precision("auto", accelerator) == expected


@pytest.mark.parametrize(
    ("accelerator", "native", "expected"),
    [
        ("auto", True, "bf16-mixed"),
        ("gpu", True, "bf16-mixed"),
        ("cuda", False, "16-mixed"),
        ("cpu", True, "32-true"),
    ],
)
def test_automatic_precision_with_a_gpu_follows_the_gpu(
    monkeypatch: pytest.MonkeyPatch, accelerator: str, native: bool, expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: native)
    monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: False)
    assert resolve_precision("auto", accelerator) == expected


def test_automatic_precision_on_an_apple_gpu_is_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.mps, "is_available", lambda: True)
    monkeypatch.setattr(precision, "cpu_has_bfloat16", lambda: True)
    assert resolve_precision("auto", "auto") == "32-true"


# Logging.


def test_logging_goes_to_the_terminal_and_to_the_file(
    package_logger: logging.Logger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    file = tmp_path / "run" / "log.txt"
    start_logging(file)
    logging.getLogger("crackseg.workflows.train").info("a wall in Tübingen")
    logging.getLogger("crackseg.data").warning("a photograph is missing")
    logging.getLogger("crackseg").debug("not for users")
    expected = "INFO: a wall in Tübingen\nWARNING: a photograph is missing\n"
    assert file.read_text(encoding="utf-8") == expected
    captured = capsys.readouterr()
    assert captured.err == expected
    assert captured.out == ""


def test_logging_replaces_what_was_there(
    package_logger: logging.Logger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As in a sweep, where several runs follow each other in one process."""
    monkeypatch.setenv("LOCAL_RANK", "0")
    start_logging(tmp_path / "first.txt")
    package_logger.info("first")
    replaced = [h for h in package_logger.handlers if isinstance(h, logging.FileHandler)]
    start_logging(tmp_path / "second.txt")
    package_logger.info("second")
    assert (tmp_path / "first.txt").read_text() == "INFO: first\n"
    assert (tmp_path / "second.txt").read_text() == "INFO: second\n"
    assert capsys.readouterr().err == "INFO: first\nINFO: second\n"
    assert len(package_logger.handlers) == 2
    assert len(replaced) == 1
    assert replaced[0].stream is None  # closed


def test_only_the_first_process_speaks(
    package_logger: logging.Logger,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "0")
    start_logging(tmp_path / "log.txt")
    monkeypatch.setenv("LOCAL_RANK", "1")
    start_logging(tmp_path / "second" / "log.txt")
    package_logger.warning("said twice")
    captured = capsys.readouterr()
    assert captured.err == captured.out == ""
    assert (tmp_path / "log.txt").read_text() == ""
    assert not (tmp_path / "second").exists()


FREED = """
import resource
import numpy as np
from crackseg.system.runtime import return_freed_memory
assert return_freed_memory()
np.ones(24 << 20, np.uint8)
blocks = [np.ones(16 << 20, np.uint8) for _ in range(12)]
last = blocks[::-1][0].copy()
del blocks
pages = int(open("/proc/self/statm").read().split()[1])
print(pages * resource.getpagesize())
"""


@on_glibc
def test_large_blocks_that_were_freed_are_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FREED], capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) < 150e6
