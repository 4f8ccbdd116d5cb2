"""Figures of a whole data set and of its parts: sources, photograph groups, crack widths."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from crackseg.evaluation.records import ImageRecord
from crackseg.evaluation.results import Summary
from crackseg.metrics.false_alarms import alarm_scores
from crackseg.metrics.overlap import mean_figures, mean_scores, total_scores
from crackseg.metrics.thin_structures import image_thin_scores, thin_scores, total_thin_counts
from crackseg.metrics.width_classes import CLASSES

Part = Literal["source", "group", "width"]

_KEYS: dict[Part, Callable[[ImageRecord], str]] = {
    "source": lambda record: record.source or "unknown",
    "group": lambda record: record.unit,
    "width": lambda record: record.width_class,
}


def summarise(records: Sequence[ImageRecord], place: int) -> Summary:
    """Computes the figures of a set of images, at least one.

    Args:
        records: Records of images that were judged at the same threshold.
        place: Index of the threshold for overlap in the sweep.
    """
    counts = np.stack([record.counts[place] for record in records])
    alarms = [record.alarm for record in records if record.alarm is not None]
    return Summary(
        images=len(records),
        photographs=len({record.unit for record in records}),
        crack_free=len(alarms),
        vanished=sum(record.vanished for record in records),
        totals=total_scores(counts),
        means=mean_scores(counts),
        thin_totals=thin_scores(total_thin_counts([record.thin for record in records])),
        thin_means=mean_figures([image_thin_scores(record.thin) for record in records]),
        alarms=alarm_scores(alarms) if alarms else None,
    )


def parts(records: Sequence[ImageRecord], by: Part) -> dict[str, list[ImageRecord]]:
    """Sorts images into sources, photograph groups or crack width classes.

    Returns:
        Images by the name of their part: width classes from none to wide, other parts by name.
    """
    members: dict[str, list[ImageRecord]] = {}
    for record in records:
        members.setdefault(_KEYS[by](record), []).append(record)
    order = CLASSES if by == "width" else sorted(members)
    return {name: members[name] for name in order if name in members}
