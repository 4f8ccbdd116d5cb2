"""What this machine can compute on."""

import torch

from crackseg.system.processes import usable_cores


def devices_of(accelerator: str) -> int:
    """How many devices of a kind there are.

    Args:
        accelerator: ``cpu``, ``cuda``, ``mps``, ``gpu`` (either of the latter two) or ``auto``
            (the best there is).

    Returns:
        Their number; a CPU counts as one device a core, as each runs one process.
    """
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    counts["gpu"] = counts["cuda"] or counts["mps"]
    counts["cpu"] = usable_cores()
    counts["auto"] = counts["gpu"] or counts["cpu"]
    return counts.get(accelerator, 0)


def accelerators() -> list[str]:
    """The kinds of which there is a device here."""
    return [kind for kind in ("cpu", "gpu", "cuda", "mps") if devices_of(kind)]
