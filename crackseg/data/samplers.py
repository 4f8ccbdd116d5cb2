"""Order of photographs, decided by seed and epoch alone."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch.utils.data import Sampler

from crackseg.errors import DatasetError


@dataclass(frozen=True)
class Quota:
    """Photographs by their indices, and how often in an epoch one of them is shown.

    Attributes:
        indices: Indices of the photographs.
        count: Number of times that one of them is shown.
        weights: Proportions in which they are shown; None shows all of them equally often.
    """

    indices: npt.NDArray[np.intp]
    count: int
    weights: npt.NDArray[np.float64] | None = None


def quotas_by_source(
    sources: Sequence[str], shares: Mapping[str, float], length: int
) -> list[Quota]:
    """Divides an epoch among sources.

    Args:
        sources: Source of each photograph.
        shares: Share of an epoch by source; other sources divide what is left by their numbers of
            photographs.
        length: Number of photographs in an epoch.

    Returns:
        A quota for each source of ``shares``, and one for all others; their counts add up to
        ``length``. None where there are no shares.

    Raises:
        DatasetError: The shares leave nothing for other sources, or something for none.
    """
    if not shares:
        return []
    names = np.array(sources)
    parts = [np.flatnonzero(names == name) for name in shares]
    ends = np.cumsum(list(shares.values()))
    others = np.flatnonzero(~np.isin(names, list(shares)))
    whole = math.isclose(ends[-1], 1, abs_tol=1e-6)
    if len(others) and not whole:
        parts, ends = [*parts, others], np.append(ends, 1)
    elif len(others):
        left = ", ".join(sorted({name or "unknown" for name in names[others].tolist()}))
        raise DatasetError(
            f"data.shares: they add up to 1 and leave nothing for {left}; leave them out by "
            "data.without_sources, or lower the shares"
        )
    elif not whole:
        raise DatasetError(
            f"data.shares: they add up to {ends[-1]:g} and name all sources; let them add up to 1"
        )
    # Differences of rounded ends add up to the whole.
    counts = np.diff(np.rint(ends * length).astype(int), prepend=0)
    return [Quota(part, int(count)) for part, count in zip(parts, counts, strict=True)]


def weights_by_width(
    sources: Sequence[str], widths: npt.NDArray[np.floating], exponent: float
) -> npt.NDArray[np.float64]:
    """Proportions in which photographs are shown, the more often the thinner their cracks are.

    They go by the width to the power of ``-exponent``, compared within a source alone, as sources
    differ in how far away their cameras were and how broadly their masks are painted. Their mean
    over a source is 1, so that no source gains; photographs without a crack keep their part.

    Args:
        sources: Source of each photograph.
        widths: Median crack width of each photograph; not a number where there is no crack.
        exponent: Exponent; with 1 cracks of half the width are shown twice as often.

    >>> weights_by_width(["a", "a", "a", "b"], np.array([1.0, 3.0, np.nan, 9.0]), 1).tolist()
    [1.5, 0.5, 1.0, 1.0]
    """
    names, weights = np.array(sources), np.ones(len(sources))
    for name in np.unique(names):
        those = (names == name) & np.isfinite(widths)
        if those.any():
            powers = widths[those].astype(np.float64) ** -exponent
            weights[those] = powers / powers.mean()
    return weights


def thin_more_often(
    quotas: Sequence[Quota], weights: npt.NDArray[np.float64], length: int
) -> list[Quota]:
    """The same quotas with photographs in proportion to weights.

    Args:
        quotas: Quotas that divide an epoch; none shows all photographs.
        weights: Weight of each photograph.
        length: Number of photographs in an epoch.
    """
    quotas = quotas or [Quota(np.arange(len(weights)), length)]
    return [replace(quota, weights=weights[quota.indices]) for quota in quotas]


class TrainingSampler(Sampler[tuple[int, int]]):
    """Shuffles in every epoch and gives each photograph the seed of its augmentation.

    The order and the seeds follow from ``seed`` and the epoch, never from a generator's state. So a
    resumed run, and a run with another number of workers, see the same photographs in the same way.
    Every process of a distributed run gets an equal share. Where the number cannot be divided
    evenly, the first photographs come twice.

    Args:
        length: Number of photographs in an epoch.
        seed: Seed of the run.
        rank: Number of this process, from 0.
        world_size: Number of processes.
        quotas: Quotas that divide an epoch among photographs; none shows each once.
    """

    def __init__(
        self,
        length: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        quotas: Sequence[Quota] = (),
    ) -> None:
        self.length, self.seed, self.rank, self.world_size = length, seed, rank, world_size
        self.quotas = tuple(quotas)
        self.epoch = 0

    def frequencies(self, photographs: int) -> npt.NDArray[np.float64]:
        """How often each photograph is shown, on average, as a multiple of the mean of all."""
        often = np.zeros(photographs)
        for quota in self.quotas:
            weights = np.ones(len(quota.indices)) if quota.weights is None else quota.weights
            often[quota.indices] = quota.count * weights / weights.sum()
        return often * (photographs / self.length) if self.quotas else np.ones(photographs)

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
        shown = np.arange(self.length)
        if self.quotas:
            shown = np.concatenate([_drawn(one, generator) for one in self.quotas])
        # A photograph that is shown several times gets several seeds.
        return ((int(shown[place]), int(seeds[place])) for place in mine)


def _drawn(quota: Quota, generator: np.random.Generator) -> npt.NDArray[np.intp]:
    """A quota's photographs; without weights, none comes again before all others have come."""
    if quota.weights is not None:
        return _drawn_by_weight(quota.indices, quota.weights, quota.count, generator)
    rounds = -(-quota.count // len(quota.indices))
    drawn = [generator.permutation(quota.indices) for _ in range(rounds)]
    return np.concatenate([np.empty(0, np.intp), *drawn])[: quota.count]


def _drawn_by_weight(
    indices: npt.NDArray[np.intp],
    weights: npt.NDArray[np.float64],
    count: int,
    generator: np.random.Generator,
) -> npt.NDArray[np.intp]:
    """Each as often as its weight says, rounded up or down at random: systematic sampling."""
    order = generator.permutation(len(indices))
    ends = np.cumsum(weights[order])
    places = np.searchsorted(ends * (count / ends[-1]), generator.random() + np.arange(count))
    # The last one may lie beyond the end by a rounding.
    return indices[order[np.minimum(places, len(order) - 1)]]


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
