"""The figures of a whole data set and of its parts: sources, photograph groups, crack widths."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from crackseg.evaluation.records import ImageRecord
from crackseg.metrics.false_alarms import AlarmScores, alarm_scores
from crackseg.metrics.overlap import mean_figures, mean_scores, total_scores
from crackseg.metrics.thin_structures import image_thin_scores, thin_scores, total_thin_counts
from crackseg.metrics.width_classes import CLASSES

Part = Literal["source", "group", "width"]

_KEYS: dict[Part, Callable[[ImageRecord], str]] = {
    "source": lambda record: record.source or "unknown",
    "group": lambda record: record.unit,
    "width": lambda record: record.width_class,
}


@dataclass(frozen=True)
class Summary:
    """The figures of some images.

    Attributes:
        images: how many.
        photographs: how many groups they belong to.
        crack_free: how many of the images have no crack.
        vanished: how many have cracks of which resizing and cutting left nothing.
        totals: see :func:`crackseg.metrics.overlap.total_scores`.
        means: the same as means over images.
        thin_totals: see :func:`crackseg.metrics.thin_structures.thin_scores`.
        thin_means: the same as means over images.
        alarms: of the crack-free ones, None without any.
    """

    images: int
    photographs: int
    crack_free: int
    vanished: int
    totals: dict[str, float]
    means: dict[str, float]
    thin_totals: dict[str, float]
    thin_means: dict[str, float]
    alarms: AlarmScores | None


def summarise(records: Sequence[ImageRecord], place: int) -> Summary:
    """The figures of images, at least one.

    Args:
        records: of images that were judged at the same threshold.
        place: of the threshold in the sweep, at which overlap is told.
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
    """The images of each source, photograph group or crack width class.

    Returns:
        By the parts' names: width classes from none to wide, the others in order of their names.
    """
    members: dict[str, list[ImageRecord]] = {}
    for record in records:
        members.setdefault(_KEYS[by](record), []).append(record)
    order = CLASSES if by == "width" else sorted(members)
    return {name: members[name] for name in order if name in members}
