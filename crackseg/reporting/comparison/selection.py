"""Chooses the photographs that a report shows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from crackseg.metrics.false_positives import NEAR
from crackseg.metrics.thin_structures import CENTRELINE_TOLERANCE
from crackseg.reporting.comparison.evaluations import Images

# A crack is thin below this median width, in pixels of the evaluated resolution.
THIN = 6
_EXAMPLES_EACH = 6


@dataclass(frozen=True)
class Choice:
    """An image and why it is shown."""

    place: str
    image: str


@dataclass(frozen=True)
class Failure:
    """A kind of failure, and the images in which it happened most.

    Attributes:
        key: Key for anchors and files.
        title: What went wrong.
        how: What was measured.
        unit: Unit of the measure.
        worst: Images with their measures, the largest first.
        total: Sum of the measure over all images.
    """

    key: str
    title: str
    how: str
    unit: str
    worst: tuple[tuple[str, int], ...]
    total: int


def choose_scenes(images: Images) -> list[Choice]:
    """Chooses the best, median and worst photograph by crack IoU, and one without crack."""
    ious, crack = images.ious(), images.crack > 0
    chosen: dict[str, str] = {}
    cracked = np.flatnonzero(crack)
    if len(cracked):
        order = cracked[np.argsort(ious[cracked], kind="stable")]
        places = {"best": order[-1], "median": order[len(order) // 2], "worst": order[0]}
        chosen |= {place: images.names[index] for place, index in places.items()}
    free = np.flatnonzero(~crack & ~images.vanished)
    if len(free):
        worst = free[np.argmax(images.counts[free, 1])]
        chosen["without any crack"] = images.names[worst]
    # With one or two photographs, the best is also the worst.
    first = {image: place for place, image in reversed(chosen.items())}
    return [Choice(place, image) for place, image in chosen.items() if first[image] == place]


def choose_failures(images: Images) -> list[Failure]:
    """Chooses the images in which each kind of failure is largest."""
    thin = (images.widths > 0) & (images.widths < THIN)
    kinds: tuple[tuple[str, str, str, str, Any], ...] = (
        (
            "missed",
            "Missed thin cracks",
            f"length of true centre line farther than {CENTRELINE_TOLERANCE} px from any that was "
            f"found, where cracks are thinner than {THIN} px in the median",
            "px missed",
            np.where(thin, images.missed, 0),
        ),
        (
            "mistaken",
            "Joints and edges taken for cracks",
            f"false positives farther than {NEAR} px from any true crack",
            "px of false alarm",
            # Where a crack vanished, a false alarm may well be that crack.
            np.where(images.vanished, 0, images.strays[:, 1]),
        ),
        (
            "thick",
            "Thick borders",
            f"false positives within {NEAR} px of a true crack",
            "px too much",
            images.strays[:, 0],
        ),
    )
    return [_failure(images.names.__getitem__, *kind) for kind in kinds]


def _failure(
    name_of: Callable[[int], str], key: str, title: str, how: str, unit: str, pixels: Any
) -> Failure:
    order = [int(index) for index in np.argsort(-pixels, kind="stable") if pixels[index]]
    worst = tuple((name_of(index), int(pixels[index])) for index in order[:_EXAMPLES_EACH])
    return Failure(key, title, how, unit, worst, int(pixels.sum()))
