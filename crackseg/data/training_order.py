"""Which training photographs an epoch shows, how often, in which order, and what follows of it."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crackseg.config.settings import DataSettings
from crackseg.data.cache.widths import median_widths
from crackseg.data.class_weights import balancing_weights
from crackseg.data.crops import RandomCrop, count_in_crops
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


def class_weights(
    content: PreparedData,
    rows: Sequence[Row],
    cut_at: int,
    crop: RandomCrop | None,
    often: npt.NDArray[np.float64] | None,
) -> tuple[float, float]:
    """Weights of background and crack over photographs, each as often as it is shown.

    Args:
        content: Photographs, read and divided.
        rows: Rows of the photographs.
        cut_at: Threshold above which a grey mask is crack.
        crop: Way of cropping, for weights over all possible crops; None for whole photographs.
        often: How often each is shown, as a multiple of the mean; None for all alike.
    """
    if crop is None:
        found = content.statistics_of(rows)
        counts: list[tuple[float, float]] = [
            (one.pixels, one.crack_pixels(cut_at)) for one in found
        ]
    else:
        masks = (content.pixels.read(row)[1] for row in rows)
        counts = count_in_crops(masks, len(rows), crop)
    times = np.ones(len(rows)) if often is None else often
    pixels, crack = (np.asarray(counts, np.float64) * times[:, None]).sum(axis=0).tolist()
    return balancing_weights(pixels, crack)
