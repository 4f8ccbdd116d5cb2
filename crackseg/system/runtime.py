"""Prepares the process before its work: memory, threads, precision, logging. Never on import."""

import ctypes
import logging
import platform
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import torch

from crackseg.system.files import said_in_words
from crackseg.system.processes import is_first_process, kill_children_at_exit

log = logging.getLogger(__name__)

# Parameters of glibc's mallopt(3), from malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_KEEP_BYTES = 1 << 30
_TOP_PAD_BYTES = 64 << 20


def keep_freed_memory() -> bool:
    """Tells glibc's allocator to keep freed memory instead of giving it back to the system.

    A training step frees and allocates the same large blocks again and again. By default glibc
    maps and unmaps each one, and the kernel has to clear every page each time. Call this before the
    first large allocation.

    Returns:
        Whether the allocator accepted it; False where the C library is not glibc.
    """
    if platform.system() != "Linux" or platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    settings = (
        (_M_MMAP_MAX, 0),
        (_M_TRIM_THRESHOLD, _KEEP_BYTES),
        (_M_TOP_PAD, _TOP_PAD_BYTES),
    )
    taken = [mallopt(key, value) for key, value in settings]
    return all(result == 1 for result in taken)


def set_threads(threads: int | None) -> None:
    """Limits torch to ``threads`` threads; None keeps torch's own choice."""
    if threads is not None:
        torch.set_num_threads(threads)


def resolve_precision(precision: str, accelerator: str) -> str:
    """Chooses Lightning's precision for ``auto``.

    It is bfloat16 autocast where the hardware multiplies bfloat16 natively, and float32 elsewhere,
    since emulated bfloat16 is slower than float32.
    """
    if precision != "auto":
        return precision
    if accelerator in ("auto", "gpu", "cuda") and torch.cuda.is_available():
        return (
            "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"
        )
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not torch.mps.is_available())
    return "bf16-mixed" if on_cpu and cpu_has_bfloat16() else "32-true"


def cpu_has_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this processor multiplies bfloat16 in hardware (x86 on Linux: AVX-512 or AMX)."""
    try:
        flags = cpuinfo.read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


@contextmanager
def full_float32(device: str) -> Iterator[None]:
    """Computes in full float32 inside, so that figures and masks are the same everywhere.

    Neither autocast's precision nor TensorFloat-32, which cuDNN uses for float32, is used.

    Args:
        device: Type of the device, such as ``cuda``.
    """
    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        with torch.autocast(device, enabled=False):
            yield
    finally:
        torch.backends.cudnn.allow_tf32 = allowed


def prepare_process(keep_memory: bool = True, threads: int | None = None) -> None:
    """Prepares this process for fast work on a CPU; results stay the same.

    Args:
        keep_memory: Whether freed memory is kept, see :func:`keep_freed_memory`.
        threads: Number of torch's threads, see :func:`set_threads`.
    """
    # OpenCV's own threads only get in the way: loader workers and torch work side by side already.
    cv2.setNumThreads(0)
    if keep_memory:
        keep_freed_memory()
    set_threads(threads)
    kill_children_at_exit()


def start_logging(file: Path | None = None) -> None:
    """Sends the package's log messages to the terminal, and also to ``file`` if given."""
    logger = logging.getLogger("crackseg")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    if not is_first_process():
        logger.addHandler(logging.NullHandler())
        return
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if file is not None:
        with said_in_words(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(_LogFile(file, encoding="utf-8"))
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
        logger.addHandler(handler)


class _LogFile(logging.FileHandler):
    """Stays silent on a full disk, where the standard handler prints a traceback for every line."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Does nothing: more important files report that nothing can be written."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handleError(record)


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Suppresses Lightning's messages that do not concern the reader of a run."""
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # Raised inside Lightning by its use of torch's tree functions.
        warnings.filterwarnings("ignore", message=".*isinstance\\(treespec, LeafSpec\\).*")
        # Lightning warns on 2-core machines too; the number of workers was measured.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists.*")
        warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
        # Of the tracing for TensorBoard's graph: shapes are checked in Python, on purpose.
        warnings.filterwarnings("ignore", message=".*might cause the trace to be incorrect.*")
        warnings.filterwarnings("ignore", message=".*torch.jit.trace.*")
        yield
