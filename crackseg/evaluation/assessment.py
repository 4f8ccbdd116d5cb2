"""All figures of an evaluation, computed from the records of its images."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crackseg.evaluation.breakdown import parts, summarise
from crackseg.evaluation.intervals import Intervals
from crackseg.evaluation.records import ImageRecord
from crackseg.evaluation.results import (
    Alarms,
    Assessment,
    Calibration,
    CurveScores,
    Part,
    PartIntervals,
    Parts,
    ReliabilityBins,
    ScoreIntervals,
    ScoresAtThreshold,
    ScoresWithIntervals,
    Summary,
)
from crackseg.metrics.calibration import binned, calibration_error, reliability
from crackseg.metrics.curves import Best, average_precision, ods, ois
from crackseg.metrics.histogram import THRESHOLDS, Counts, ProbabilityHistogram
from crackseg.metrics.overlap import image_scores, total_scores
from crackseg.metrics.thin_structures import ThinCounts


def assess(
    records: Sequence[ImageRecord], histogram: ProbabilityHistogram, threshold: float, seed: int = 0
) -> Assessment:
    """Computes all figures of an evaluation.

    Args:
        records: Records of all images.
        histogram: Sum of the images' histograms.
        threshold: Stored threshold, one of the sweep.
        seed: Seed of the bootstrap.
    """
    place, intervals = THRESHOLDS.index(threshold), Intervals(records, seed)
    whole = summarise(records, place)
    return Assessment(
        images=whole.images,
        photographs=whole.photographs,
        crack_free=whole.crack_free,
        vanished=whole.vanished,
        half=_at(records, intervals, 0.5),
        stored=_at(records, intervals, threshold),
        own_best=_at(records, intervals, ods(histogram.counts).threshold),
        thin=_thin(whole, intervals),
        alarms=_alarms(whole, intervals),
        curves=_curves(records, histogram, intervals),
        calibration=_calibration(histogram, intervals),
        by=Parts(
            source=_by(parts(records, "source"), place, seed),
            width=_by(parts(records, "width"), place, seed),
            group={name: summarise(one, place) for name, one in parts(records, "group").items()},
        ),
    )


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


def _at(
    records: Sequence[ImageRecord], intervals: Intervals, threshold: float
) -> ScoresAtThreshold:
    place = THRESHOLDS.index(threshold)
    summary = summarise(records, place)
    return ScoresAtThreshold(
        threshold=threshold,
        totals=summary.totals,
        means=summary.means,
        intervals=ScoreIntervals(intervals.totals(place), intervals.means(place)),
    )


def _thin(whole: Summary, intervals: Intervals) -> ScoresWithIntervals:
    return ScoresWithIntervals(
        totals=whole.thin_totals,
        means=whole.thin_means,
        intervals=ScoreIntervals(intervals.thin_totals(), intervals.thin_means()),
    )


def _alarms(whole: Summary, intervals: Intervals) -> Alarms | None:
    if whole.alarms is None:
        return None
    return Alarms(**vars(whole.alarms), intervals=intervals.alarms())


def _curves(
    records: Sequence[ImageRecord], histogram: ProbabilityHistogram, intervals: Intervals
) -> CurveScores:
    average = average_precision(histogram.bins)
    return CurveScores(
        average_precision=average,
        ods=ods(histogram.counts),
        ois=ois(np.stack([record.counts for record in records])),
        intervals=intervals.curves(average),
    )


def _calibration(histogram: ProbabilityHistogram, intervals: Intervals) -> Calibration:
    curve = reliability(binned(histogram))
    bins = {name: column.tolist() for name, column in curve._asdict().items()}
    return Calibration(
        error=calibration_error(curve),
        intervals=intervals.calibration(),
        bins=ReliabilityBins(**bins),
    )


def _by(
    members_by_part: Mapping[str, Sequence[ImageRecord]], place: int, seed: int
) -> dict[str, Part]:
    """Each part with intervals of its dataset totals."""
    return {name: _part(members, place, seed) for name, members in members_by_part.items()}


def _part(members: Sequence[ImageRecord], place: int, seed: int) -> Part:
    summary, intervals = summarise(members, place), Intervals(members, seed)
    return Part(
        **vars(summary),
        intervals=PartIntervals(
            intervals.totals(place), intervals.thin_totals(), intervals.alarms()
        ),
        own_best=_own_best(members) if summary.has_crack else None,
    )


def _own_best(members: Sequence[ImageRecord]) -> Best:
    counts = np.sum([record.counts for record in members], axis=0)
    threshold = ods(counts).threshold
    return Best(total_scores(counts[THRESHOLDS.index(threshold)])["crack_iou"], threshold)


def _named(counts: Counts) -> dict[str, int]:
    names = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    return dict(zip(names, map(int, counts), strict=True))


def _thin_columns(thin: ThinCounts) -> dict[str, int]:
    return {
        f"{kind}_{name}": int(value)
        for kind, matches in thin._asdict().items()
        for name, value in matches._asdict().items()
    }
