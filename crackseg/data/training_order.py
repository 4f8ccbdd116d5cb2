"""Which training photographs an epoch shows, how often, and in which order."""

from collections.abc import Sequence

from crackseg.config.settings import DataSettings
from crackseg.data.cache.widths import median_widths
from crackseg.data.prepare import PreparedData
from crackseg.data.samplers import (
    Quota,
    TrainingSampler,
    quotas_by_source,
    thin_more_often,
    weights_by_width,
)
from crackseg.data.splits.manifest import Row
from crackseg.data.splits.source_selection import known_source
from crackseg.preprocessing import Preprocessing


def training_sampler(
    settings: DataSettings,
    content: PreparedData,
    preprocessing: Preprocessing,
    rows: Sequence[Row],
    seed: int,
    place: tuple[int, int],
) -> TrainingSampler:
    """Makes the sampler of a training.

    Args:
        settings: Settings of the data.
        content: Photographs, read and divided.
        preprocessing: Preprocessing of every photograph.
        rows: Rows of the training photographs.
        seed: Seed of the run.
        place: Number of this process, from 0, and number of processes.

    Raises:
        DatasetError: The shares name a source that is not there, or do not fit the sources.
    """
    length = len(rows) * settings.crops
    sources = [row.source for row in rows]
    shares = {
        known_source("data.shares", name, rows): share for name, share in settings.shares.items()
    }
    quotas: Sequence[Quota] = quotas_by_source(sources, shares, length)
    if settings.thin_cracks is not None:
        widths = median_widths(content.root, rows, content.pixels, preprocessing, settings.cache)
        weights = weights_by_width(sources, widths, settings.thin_cracks)
        quotas = thin_more_often(quotas, weights, length)
    return TrainingSampler(length, seed, *place, quotas)
