"""Loaders of batches, and how their worker processes start and end."""

import multiprocessing
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any, cast

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torch.utils.data._utils import signal_handling
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from crackseg.data.dataset import Sample
from crackseg.errors import ConfigError, WorkerKilledError
from crackseg.system.processes import SIGNALS, start_method

# Seconds that workers have to end by themselves; one may be waiting for a slow disk.
_GRACE = 3.0


def build_loader(
    dataset: Dataset[Sample], workers: int, pin_memory: bool, **batching: Any
) -> DataLoader[Sample]:
    """Makes a loader whose workers live until :func:`stop_workers`.

    Args:
        dataset: Dataset of the samples.
        workers: Number of processes that read; 0 reads in this process.
        pin_memory: Whether batches go to a GPU.
        **batching: Arguments of ``DataLoader`` that say which samples make a batch.
    """
    return DataLoader(
        dataset,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context=start_method() if workers else None,
        pin_memory=pin_memory,
        worker_init_fn=leave_signals_to_parent,
        # Its own: a loader draws a seed for its workers, and dropout's numbers would depend
        # on when it does.
        generator=torch.Generator(),
        **batching,
    )


def one_by_one(samples: list[Sample]) -> dict[str, list[Any]]:
    """Makes a batch of photographs of different sizes: a list of tensors (1, C, H, W)."""
    return {
        "image": [sample["image"][None] for sample in samples],
        "mask": [sample["mask"][None] for sample in samples],
        "stem": [sample["stem"] for sample in samples],
    }


def parts_of(batch: Any) -> list[Sample]:
    """A batch as it is, or each image by itself where :func:`one_by_one` has made it."""
    if isinstance(batch["image"], Tensor):
        return [cast(Sample, batch)]
    return [
        Sample(image=image, mask=mask, stem=stem)
        for image, mask, stem in zip(batch["image"], batch["mask"], batch["stem"], strict=True)
    ]


def refuse_idle_workers(workers: int, photographs: int) -> None:
    """Refuses more workers than there are training photographs.

    Raises:
        ConfigError: There are more.
    """
    if workers > photographs:
        raise ConfigError(
            f"data.num_workers={workers}: there are only {photographs} training photographs, "
            f"and each worker needs one at least; set data.num_workers={photographs} or lower"
        )


def leave_signals_to_parent(worker: int) -> None:
    """Lets a loader's worker outlive signals, which terminals and SLURM send to all processes."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def killed_workers_named() -> Iterator[None]:
    """Turns the error of a killed worker into one message while its batches are used.

    Raises:
        WorkerKilledError: A worker was ended from outside.
    """
    try:
        yield
    except RuntimeError as error:
        # torch raises it wherever the main process is when it hears of the worker's end.
        if not re.search(r"DataLoader worker \(pid\(?s?\)? .*\) (is killed|exited)", str(error)):
            raise
        shared = "shared memory" in str(error)
        lacking = "shared memory (/dev/shm)" if shared else "memory"
        raise WorkerKilledError(
            f"a process that reads photographs was killed, perhaps for lack of {lacking}; set "
            "fewer data.num_workers (0 reads without such processes) or a smaller data.batch_size"
        ) from error


def stop_workers(loader: DataLoader[Any], grace: float = _GRACE) -> None:
    """Ends the workers of a loader, also those that hang.

    Workers ignore SIGTERM, which is all that torch sends them, so that the end of the interpreter
    would wait forever for one that hangs.

    Args:
        loader: Loader; it can be iterated again afterwards, with new workers.
        grace: Seconds after which workers that have not ended are killed.
    """
    iterator, loader._iterator = loader._iterator, None
    if not isinstance(iterator, _MultiProcessingDataLoaderIter) or iterator._shutdown:
        return
    # Otherwise torch raises an error here when a worker is killed.
    signal_handling._remove_worker_pids(id(iterator))  # type: ignore[attr-defined]
    iterator._worker_pids_set = False
    killer = Timer(grace, _kill, args=[iterator._workers])
    killer.daemon = True
    killer.start()
    iterator._shutdown_workers()
    killer.cancel()


def _kill(workers: list[multiprocessing.Process]) -> None:
    for worker in workers:
        worker.kill()
