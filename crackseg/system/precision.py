"""Precision of a network's arithmetic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch


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
