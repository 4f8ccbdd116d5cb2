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


class EvaluationSampler(Sampler[int]):
    """Every photograph exactly once over all processes.

    torch's own distributed sampler repeats photographs until the shares are equal, and these
    would count twice in a figure.
    """

    def __init__(self, length: int, rank: int = 0, world_size: int = 1) -> None:
        self.indices = range(rank, length, world_size)

    def __len__(self) -> int:
        """Photographs that this process sees."""
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        """Their indices in order."""
        return iter(self.indices)
