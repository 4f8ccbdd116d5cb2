"""Checks that this machine has the accelerator and devices that settings ask for."""

import re
from typing import Any

from crackseg.config.schema import TrainerConfig
from crackseg.errors import ConfigError
from crackseg.system.devices import accelerators, devices_of


def check_machine(trainer: TrainerConfig) -> None:
    """Refuses an accelerator or devices that this machine does not have.

    Raises:
        ConfigError: The machine does not have them; there is one line for every fault.
    """
    there = devices_of(trainer.accelerator)
    wanted = _count_of_devices(trainer.devices)
    kinds = ", ".join(["auto", *accelerators()])
    unit = "cores" if trainer.accelerator == "cpu" or there == devices_of("cpu") else "devices"
    checks = [
        (
            there > 0,
            f"trainer.accelerator={trainer.accelerator}: this machine has none; here one of "
            f"{kinds}",
        ),
        (
            not there or wanted <= there,
            f"trainer.devices={trainer.devices}: this machine has {there} {unit} for "
            f"trainer.accelerator={trainer.accelerator}, take at most as many",
        ),
    ]
    faults = [message for holds, message in checks if not holds]
    if faults:
        raise ConfigError("\n".join(faults))


def _count_of_devices(devices: Any) -> int:
    """Smallest number of devices that must exist."""
    named = re.findall(r"\d+", devices) if isinstance(devices, str) else devices
    if isinstance(named, list):
        several = not isinstance(devices, str) or "," in devices
        numbers = [int(device) for device in named]
        return max(numbers, default=0) + 1 if several else sum(numbers)
    return int(named)
