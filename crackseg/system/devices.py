"""Devices of this machine that can compute."""

import torch

from crackseg.system.processes import usable_cores


def devices_of(accelerator: str) -> int:
    """Number of devices of a kind.

    Args:
        accelerator: Kind of device: ``cpu``, ``cuda``, ``mps``, ``gpu`` (``cuda`` or ``mps``) or
            ``auto`` (the best one).

    Returns:
        Their number; every core of a CPU counts as one device, since it can run one process.
    """
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    counts["gpu"] = counts["cuda"] or counts["mps"]
    counts["cpu"] = usable_cores()
    counts["auto"] = counts["gpu"] or counts["cpu"]
    return counts.get(accelerator, 0)


def accelerators() -> list[str]:
    """Kinds of which this machine has a device."""
    return [kind for kind in ("cpu", "gpu", "cuda", "mps") if devices_of(kind)]
