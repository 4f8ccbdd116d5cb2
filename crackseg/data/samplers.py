"""Order of photographs, decided by seed and epoch alone."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


class TrainingSampler(Sampler[tuple[int, int]]):
    """Shuffles in every epoch and gives each photograph the seed of its augmentation.

    The order and the seeds follow from ``seed`` and the epoch, never from a generator's state. So a
    resumed run, and a run with another number of workers, see the same photographs in the same way.
    Every process of a distributed run gets an equal share. Where the number cannot be divided
    evenly, the first photographs come twice.

    Args:
        length: Number of photographs.
        seed: Seed of the run.
        rank: Number of this process, from 0.
        world_size: Number of processes.
    """

    def __init__(self, length: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        self.length, self.seed, self.rank, self.world_size = length, seed, rank, world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Sets the epoch; Lightning calls it before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Number of photographs that this process sees in an epoch."""
        return -(-self.length // self.world_size)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Index and seed of the augmentation of every photograph of this process."""
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(self.length)
        seeds = generator.integers(2**31, size=self.length)
        mine = np.resize(order, len(self) * self.world_size)[self.rank :: self.world_size]
        return ((int(index), int(seeds[index])) for index in mine)


class EvaluationBatches(Sampler[list[int]]):
    """Gives every photograph exactly once over all processes, with equally many batches for each.

    torch's own distributed sampler repeats photographs until the shares are equal, and these
    would count twice in a figure. Shares that differ by one photograph may still differ by one
    batch, and a process with one batch more would wait for the others forever. So each share is
    divided evenly into the same number of batches.

    Args:
        length: Number of photographs, at least one for each process.
        batch_size: Largest number of photographs in a batch (one more where only that keeps the
            number of batches equal).
        rank: Number of this process, from 0.
        world_size: Number of processes.
    """

    def __init__(self, length: int, batch_size: int, rank: int = 0, world_size: int = 1) -> None:
        self.indices = np.arange(rank, length, world_size)
        largest, smallest = -(-length // world_size), length // world_size
        self.batches = min(-(-largest // batch_size), smallest)

    def __len__(self) -> int:
        """Number of batches of each process."""
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        """Indices of photographs in order, batch by batch."""
        return (part.tolist() for part in np.array_split(self.indices, self.batches))
