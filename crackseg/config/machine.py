"""Settings that belong to a machine, and whether what they ask for is there."""

import os
import re
from typing import Any

from crackseg.config.checks import faults_of, refuse
from crackseg.config.schema import TrainerConfig
from crackseg.system.devices import accelerators, devices_of

# Settings that belong to a machine, and on which no figure depends.
OF_THE_MACHINE = (
    "trainer.devices",
    "trainer.accelerator",
    "logger",
    "data.num_workers",
    "data.cache",
    "data.store",
    "data.store_limit",
)

# Set where a process was started on each machine: by torchrun or by hand, SLURM, LSF, MPI.
_OF_SEVERAL_MACHINES = (
    *("MASTER_ADDR", "NODE_RANK", "SLURM_NTASKS", "LSB_JOBID"),
    *("OMPI_COMM_WORLD_SIZE", "PMI_SIZE"),
)


def check_machine(trainer: TrainerConfig) -> None:
    """Refuses an accelerator, devices or other machines that are not there.

    Raises:
        ConfigError: They are not there; there is one line for every fault.
    """
    there = devices_of(trainer.accelerator)
    wanted = _count_of_devices(trainer.devices)
    kinds = ", ".join(["auto", *accelerators()])
    on_processor = trainer.accelerator == "cpu" or accelerators() == ["cpu"]
    unit = "cores" if on_processor else "devices"
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
        (
            not on_processor or _is_a_count(trainer.devices),
            f"trainer.devices={trainer.devices}: on processor cores it is auto, or the number of "
            "processes, 1 or more; they have no numbers of their own",
        ),
        (
            trainer.num_nodes == 1 or any(name in os.environ for name in _OF_SEVERAL_MACHINES),
            f"trainer.num_nodes={trainer.num_nodes}: nothing has started it on other machines, for "
            "which it would wait; start it on each by torchrun or srun, see docs/scale.md, or "
            "leave trainer.num_nodes=1",
        ),
    ]
    refuse(faults_of(checks))


def _is_a_count(devices: Any) -> bool:
    return (
        not isinstance(devices, list) and re.fullmatch(r"auto|\s*\d+\s*", str(devices)) is not None
    )


def _count_of_devices(devices: Any) -> int:
    """Smallest number of devices that must exist."""
    if isinstance(devices, str):
        named = [int(number) for number in re.findall(r"\d+", devices)]
        # A number alone is how many; auto is none that must be there.
        return max(named) + 1 if "," in devices and named else sum(named)
    return max(map(int, devices), default=0) + 1 if isinstance(devices, list) else int(devices)
