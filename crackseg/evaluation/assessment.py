"""Everything that an evaluation says of a network, as plain values for a JSON file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from crackseg.evaluation.bootstrap import Statistic, bootstrap, mean_statistic, mean_sums
from crackseg.evaluation.breakdown import Summary, breakdown, summarise
from crackseg.evaluation.calibration import calibration_error, reliability
from crackseg.evaluation.curves import average_precision, image_bests, ods, optimistic_threshold
from crackseg.evaluation.records import ImageRecord
from crackseg.evaluation.tally import Counts, Tally
from crackseg.evaluation.thin import ThinCounts, thin_scores
from crackseg.evaluation.totals import image_scores, total_scores

# The figures that get an interval.
_WITH_INTERVAL = ("crack_iou", "mean_iou", "dice", "precision", "recall")
_THIN_WITH_INTERVAL = ("cldice", "centreline_iou", "tolerant_f1", "boundary_f1")


def assess(
    records: Sequence[ImageRecord], tally: Tally, threshold: float, seed: int = 0
) -> dict[str, Any]:
    """Sums up an examination.

    Args:
        records: of all images.
        tally: the sum over them.
        threshold: the stored one, among the tally's.
        seed: of the bootstrap.

    Returns:
        ``half``, ``stored``, ``own_best`` (the threshold with the largest crack IoU on these very
        images, an optimistic figure): each with ``threshold``, ``totals``, ``means``; ``thin`` and
        ``alarms`` at the stored threshold; ``intervals`` of totals and means there; ``curves``,
        ``calibration``; and ``by``, the parts ``source``, ``width`` and ``group``.
    """
    thresholds = tally.thresholds
    own = optimistic_threshold(tally.counts, thresholds)
    place = thresholds.index(threshold)
    counts = np.stack([record.counts for record in records])
    stored = summarise(records, place)
    return {
        "images": stored.images,
        "photographs": stored.photographs,
        "crack_free": stored.crack_free,
        "half": _at(records, thresholds, 0.5),
        "stored": _at(records, thresholds, threshold),
        "own_best": _at(records, thresholds, own),
        "thin": {"totals": stored.thin_totals, "means": stored.thin_means},
        "alarms": stored.alarms and stored.alarms._asdict(),
        "intervals": _intervals(records, counts, thresholds, place, seed),
        "curves": {
            "average_precision": average_precision(tally.histogram),
            "ods": ods(tally.counts, thresholds)._asdict(),
            "ois": float(image_bests(counts, thresholds).mean()),
        },
        "calibration": _calibration(tally),
        "by": {
            part: {name: _row(one) for name, one in breakdown(records, part, place).items()}
            for part in ("source", "width", "group")
        },
    }


def table_of_images(records: Sequence[ImageRecord], place: int) -> list[dict[str, Any]]:
    """A row for every image: where it is from, its counts and figures at one threshold.

    Whole numbers, so that the rows of two runs can be compared, and resampled, exactly.
    """
    return [
        {
            "image": record.image,
            "source": record.source,
            "photograph": record.photograph,
            "unit": record.unit,
            "width": record.width,
            **_named(record.counts[place]),
            **{name: image_scores(record.counts[place])[name] for name in ("crack_iou", "dice")},
            **_thin_columns(record.thin),
            **{f"strays_{name}": pixels for name, pixels in record.strays._asdict().items()},
        }
        for record in records
    ]


def _at(
    records: Sequence[ImageRecord], thresholds: tuple[float, ...], threshold: float
) -> dict[str, Any]:
    summary = summarise(records, thresholds.index(threshold))
    return {"threshold": threshold, "totals": summary.totals, "means": summary.means}


def _row(summary: Summary) -> dict[str, Any]:
    plain = asdict(summary)
    plain["alarms"] = summary.alarms and summary.alarms._asdict()
    return plain


def _calibration(tally: Tally) -> dict[str, Any]:
    curve = reliability(tally)
    bins = {name: column.tolist() for name, column in curve._asdict().items()}
    return {"error": calibration_error(curve), "bins": bins}


def _intervals(
    records: Sequence[ImageRecord],
    counts: Counts,
    thresholds: tuple[float, ...],
    place: int,
    seed: int,
) -> dict[str, dict[str, Any]]:
    units = [record.unit for record in records]
    of_images = [_chosen(image_scores(row), _WITH_INTERVAL) for row in counts[:, place]]
    thin = np.stack([np.asarray(record.thin).ravel() for record in records])
    swept = counts.reshape(len(records), -1)

    def of_totals(summed: Counts) -> Mapping[str, float]:
        return _chosen(total_scores(np.rint(summed).astype(np.int64)), _WITH_INTERVAL)

    def of_thin(summed: Counts) -> Mapping[str, float]:
        return _chosen(thin_scores(summed.reshape(4, 4)), _THIN_WITH_INTERVAL)

    def of_sweep(summed: Counts) -> Mapping[str, float]:
        return {"ods": ods(summed.reshape(len(thresholds), 4), thresholds).value}

    def drawn(sums: Any, statistic: Statistic) -> dict[str, Any]:
        found = bootstrap(sums, units, statistic, seed)
        return {name: [one.low, one.high] for name, one in found.items()}

    return {
        "totals": drawn(counts[:, place], of_totals),
        "means": drawn(mean_sums(of_images), mean_statistic(_WITH_INTERVAL)),
        "thin": drawn(thin, of_thin),
        "curves": drawn(swept, of_sweep),
    }


def _chosen(figures: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    return {name: figures[name] for name in names}


def _named(counts: Counts) -> dict[str, int]:
    names = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    return dict(zip(names, map(int, counts), strict=True))


def _thin_columns(thin: ThinCounts) -> dict[str, int]:
    return {
        f"{kind}_{name}": int(value)
        for kind, matches in thin._asdict().items()
        for name, value in matches._asdict().items()
    }
