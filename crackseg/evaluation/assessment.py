"""All figures of an evaluation, as plain values for a JSON file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from crackseg.evaluation.breakdown import parts, summarise
from crackseg.evaluation.intervals import Intervals
from crackseg.evaluation.records import ImageRecord
from crackseg.metrics.calibration import binned, calibration_error, reliability
from crackseg.metrics.curves import average_precision, ods, ois
from crackseg.metrics.histogram import THRESHOLDS, Counts, ProbabilityHistogram
from crackseg.metrics.overlap import image_scores
from crackseg.metrics.thin_structures import ThinCounts


def assess(
    records: Sequence[ImageRecord], histogram: ProbabilityHistogram, threshold: float, seed: int = 0
) -> dict[str, Any]:
    """Computes all figures of an evaluation.

    Args:
        records: Records of all images.
        histogram: Sum of the images' histograms.
        threshold: Stored threshold, one of the sweep.
        seed: Seed of the bootstrap.

    Returns:
        ``half``, ``stored`` and ``own_best`` (the threshold with the largest crack IoU on these
        very images, an optimistic figure), each with ``threshold``, ``totals`` and ``means``;
        ``thin`` and ``alarms`` at the stored threshold; ``curves``; ``calibration``; and ``by``,
        with the parts ``source``, ``width`` and ``group``. All have their ``intervals`` beside
        them. Sources and widths have those of their totals. Groups have none, since groups are
        what the bootstrap draws.
    """
    place, intervals = THRESHOLDS.index(threshold), Intervals(records, seed)
    stored = summarise(records, place)
    return {
        "images": stored.images,
        "photographs": stored.photographs,
        "crack_free": stored.crack_free,
        "vanished": stored.vanished,
        "half": _at(records, intervals, 0.5),
        "stored": _at(records, intervals, threshold),
        "own_best": _at(records, intervals, ods(histogram.counts).threshold),
        "thin": {
            "totals": stored.thin_totals,
            "means": stored.thin_means,
            "intervals": {"totals": intervals.thin_totals(), "means": intervals.thin_means()},
        },
        "alarms": stored.alarms and {**stored.alarms._asdict(), "intervals": intervals.alarms()},
        "curves": _curves(records, histogram, intervals),
        "calibration": _calibration(histogram, intervals),
        "by": {
            "source": _by(parts(records, "source"), place, seed),
            "width": _by(parts(records, "width"), place, seed),
            "group": {name: _part(one, place) for name, one in parts(records, "group").items()},
        },
    }


def table_of_images(records: Sequence[ImageRecord], place: int) -> list[dict[str, Any]]:
    """Makes a row for every image: where it is from, its counts and figures at one threshold.

    Counts are whole numbers, so that the rows of two runs can be compared and resampled exactly.
    """
    return [
        {
            "image": record.image,
            "source": record.source,
            "photograph": record.photograph,
            "unit": record.unit,
            "width": record.width,
            "vanished": int(record.vanished),
            **_named(record.counts[place]),
            **{name: image_scores(record.counts[place])[name] for name in ("crack_iou", "dice")},
            **_thin_columns(record.thin),
            **{f"strays_{name}": pixels for name, pixels in record.strays._asdict().items()},
        }
        for record in records
    ]


def has_crack(part: Mapping[str, Any]) -> bool:
    """Whether an image of a part, or of the whole, has crack at the resolution that was judged.

    Without any crack there is no overlap either, only false alarms.

    Args:
        part: Figures of the whole or of a part, as :func:`assess` returns them.
    """
    return bool(part["images"] > part["crack_free"] + part["vanished"])


def _at(records: Sequence[ImageRecord], intervals: Intervals, threshold: float) -> dict[str, Any]:
    place = THRESHOLDS.index(threshold)
    summary = summarise(records, place)
    return {
        "threshold": threshold,
        "totals": summary.totals,
        "means": summary.means,
        "intervals": {"totals": intervals.totals(place), "means": intervals.means(place)},
    }


def _curves(
    records: Sequence[ImageRecord], histogram: ProbabilityHistogram, intervals: Intervals
) -> dict[str, Any]:
    average = average_precision(histogram.bins)
    return {
        "average_precision": average,
        "ods": ods(histogram.counts)._asdict(),
        "ois": ois(np.stack([record.counts for record in records])),
        "intervals": intervals.curves(average),
    }


def _calibration(histogram: ProbabilityHistogram, intervals: Intervals) -> dict[str, Any]:
    curve = reliability(binned(histogram))
    bins = {name: column.tolist() for name, column in curve._asdict().items()}
    return {
        "error": calibration_error(curve),
        "intervals": intervals.calibration(),
        "bins": bins,
    }


def _by(
    members_by_part: Mapping[str, Sequence[ImageRecord]], place: int, seed: int
) -> dict[str, Any]:
    """Each part with intervals of its dataset totals."""
    described = {}
    for name, members in members_by_part.items():
        intervals = Intervals(members, seed)
        totals, thin = intervals.totals(place), intervals.thin_totals()
        described[name] = {
            **_part(members, place),
            "intervals": {"totals": totals, "thin_totals": thin, "alarms": intervals.alarms()},
        }
    return described


def _part(members: Sequence[ImageRecord], place: int) -> dict[str, Any]:
    summary = summarise(members, place)
    return {**asdict(summary), "alarms": summary.alarms and summary.alarms._asdict()}


def _named(counts: Counts) -> dict[str, int]:
    names = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    return dict(zip(names, map(int, counts), strict=True))


def _thin_columns(thin: ThinCounts) -> dict[str, int]:
    return {
        f"{kind}_{name}": int(value)
        for kind, matches in thin._asdict().items()
        for name, value in matches._asdict().items()
    }
