"""The order in which photographs come, decided by seed and epoch alone."""

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler


class TrainingSampler(Sampler[tuple[int, int]]):
    """Shuffles anew every epoch and gives each photograph the seed of its augmentation.

    The order and the seeds follow from ``seed`` and the epoch, never from a generator's state: a
    resumed run and one with other worker counts see the same photographs in the same way. Every
    process of a distributed run gets an equal share; the first photographs come twice where the
    number does not divide.

    Args:
        length: number of photographs.
        seed: of the run.
        rank: this process.
        world_size: number of processes.
    """

    def __init__(self, length: int, seed: int, rank: int = 0, world_size: int = 1) -> None:
        self.length, self.seed, self.rank, self.world_size = length, seed, rank, world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __len__(self) -> int:
        """Photographs that this process sees in an epoch."""
        return -(-self.length // self.world_size)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """(index, seed of its augmentation) for every photograph of this process."""
        generator = np.random.default_rng([self.seed, self.epoch])
        order = generator.permutation(self.length)
        seeds = generator.integers(2**31, size=self.length)
        mine = np.resize(order, len(self) * self.world_size)[self.rank :: self.world_size]
        return ((int(index), int(seeds[index])) for index in mine)


class EvaluationBatches(Sampler[list[int]]):
    """Every photograph exactly once over all processes, in equally many batches for each.

    torch's own distributed sampler repeats photographs until the shares are equal, and these
    would count twice in a figure. Shares that differ by one photograph may still differ by a
    batch, and a process with a batch more would wait for the others for ever; so each share is
    divided evenly into the same number of batches.

    Args:
        length: number of photographs, at least one for each process.
        batch_size: photographs in a batch at most (one more where that alone keeps batches equal).
        rank: this process.
        world_size: number of processes.
    """

    def __init__(self, length: int, batch_size: int, rank: int = 0, world_size: int = 1) -> None:
        self.indices = np.arange(rank, length, world_size)
        largest, smallest = -(-length // world_size), length // world_size
        self.batches = min(-(-largest // batch_size), smallest)

    def __len__(self) -> int:
        """Batches of this process, and of every other."""
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        """The photographs' indices, batch by batch, in order."""
        return (part.tolist() for part in np.array_split(self.indices, self.batches))
