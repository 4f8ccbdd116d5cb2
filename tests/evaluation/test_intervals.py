"""Intervals against draws of whole photographs, each judged anew in a plain loop."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from crackseg.data.splits.manifest import Row
from crackseg.evaluation.intervals import Intervals
from crackseg.evaluation.records import ImageRecord, measure_image
from crackseg.metrics.calibration import binned, calibration_error, reliability
from crackseg.metrics.curves import average_precision, ods, ois
from crackseg.metrics.false_alarms import LEAST
from crackseg.metrics.histogram import THRESHOLDS, ProbabilityHistogram
from crackseg.metrics.overlap import mean_scores, total_scores
from crackseg.metrics.thin_structures import image_thin_scores, thin_scores

PLACE = THRESHOLDS.index(0.5)
Judged = tuple[ImageRecord, ProbabilityHistogram]


def judged(number: int, crack: bool) -> Judged:
    """An image as clear as its photograph, of which there are two."""
    generator = np.random.default_rng(number)
    truth = np.zeros((32, 32), bool)
    if crack:
        truth[8 + number % 9 : 12 + number % 9] = True
    clear = np.random.default_rng(number // 2).uniform(0.2, 0.7)
    noise = generator.normal(0.2, 0.12, truth.shape)
    noise[-6:, : generator.integers(12)] += 0.5
    probability = np.clip(clear * truth + noise, 0, 1).astype(np.float32)
    photograph = f"p{number // 2}"
    row = Row(f"{number}", f"{number}.png", "m", "", photograph, photograph, "test")
    return measure_image(row, probability, truth, 0.5, crack)


@pytest.fixture(scope="module")
def cracked() -> list[Judged]:
    return [judged(number, crack=True) for number in range(24)]


@pytest.fixture(scope="module")
def free() -> list[Judged]:
    return [judged(number, crack=False) for number in range(24)]


def by_drawing(found: list[Judged], figure: Callable[[list[Judged]], float]) -> list[float]:
    """The interval from photographs that were drawn and judged together, one draw at a time."""
    units = sorted({record.unit for record, _ in found})
    generator = np.random.default_rng(1)
    values = []
    for _ in range(1000):
        drawn = [units[place] for place in generator.integers(len(units), size=len(units))]
        values.append(figure([one for unit in drawn for one in found if one[0].unit == unit]))
    return [float(end) for end in np.quantile(values, [0.025, 0.975])]


def added(found: list[Judged]) -> ProbabilityHistogram:
    return sum((histogram for _, histogram in found[1:]), start=found[0][1])


def counts(found: list[Judged]) -> np.ndarray:
    return np.stack([record.counts for record, _ in found])


def thin(found: list[Judged]) -> np.ndarray:
    return np.stack([np.asarray(record.thin) for record, _ in found])


FIGURES: dict[str, tuple[Callable[[Intervals, ProbabilityHistogram], dict], str, Callable]] = {
    "total IoU": (
        lambda intervals, _: intervals.totals(PLACE),
        "crack_iou",
        lambda found: total_scores(counts(found)[:, PLACE])["crack_iou"],
    ),
    "mean Dice": (
        lambda intervals, _: intervals.means(PLACE),
        "dice",
        lambda found: mean_scores(counts(found)[:, PLACE])["dice"],
    ),
    "total clDice": (
        lambda intervals, _: intervals.thin_totals(),
        "cldice",
        lambda found: thin_scores(thin(found).sum(axis=0))["cldice"],
    ),
    "mean boundary F1": (
        lambda intervals, _: intervals.thin_means(),
        "boundary_f1",
        lambda found: np.mean([image_thin_scores(one)["boundary_f1"] for one in thin(found)]),
    ),
    "average precision": (
        lambda intervals, histogram: intervals.curves(average_precision(histogram.bins)),
        "average_precision",
        lambda found: average_precision(added(found).bins),
    ),
    "ODS": (
        lambda intervals, histogram: intervals.curves(average_precision(histogram.bins)),
        "ods",
        lambda found: ods(added(found).counts).value,
    ),
    "OIS": (
        lambda intervals, histogram: intervals.curves(average_precision(histogram.bins)),
        "ois",
        lambda found: ois(counts(found)),
    ),
    "calibration error": (
        lambda intervals, _: intervals.calibration(),
        "error",
        lambda found: calibration_error(reliability(binned(added(found)))),
    ),
}


@pytest.mark.parametrize("name", FIGURES)
def test_intervals_are_those_of_photographs_judged_anew(cracked: list[Judged], name: str) -> None:
    ask, key, figure = FIGURES[name]
    low, high = ask(Intervals([record for record, _ in cracked]), added(cracked))[key]
    expected = by_drawing(cracked, figure)
    # The same draws would be in another order.
    assert [low, high] == pytest.approx(expected, abs=0.12 * (expected[1] - expected[0]))
    assert low < figure(cracked) < high


@pytest.mark.parametrize("name", ["share", "mean_pixels", "high_pixels"])
def test_intervals_of_false_alarms(free: list[Judged], name: str) -> None:
    figures = {
        "share": lambda pixels, largest: np.mean(largest >= LEAST),
        "mean_pixels": lambda pixels, largest: np.mean(pixels),
        "high_pixels": lambda pixels, largest: np.percentile(pixels, 90),
    }

    def figure(found: list[Judged]) -> float:
        return float(figures[name](*np.array([record.alarm for record, _ in found]).T))

    low, high = Intervals([record for record, _ in free]).alarms()[name]
    expected = by_drawing(free, figure)
    assert [low, high] == pytest.approx(expected, abs=0.12 * (expected[1] - expected[0]))
    assert low < high


def test_no_interval_leads_out_of_what_can_be() -> None:
    """A network that is nearly perfect and sure of it, judged roughly at the sweep's thresholds."""
    made = []
    for number in range(8):
        generator = np.random.default_rng(number)
        truth = np.zeros((32, 32), bool)
        truth[8:12] = True
        probability = np.where(truth, 0.9995, 0.0)
        # What is found wrongly lies above the last threshold as well, and below what is right.
        probability[20, : generator.integers(12)] = 0.9951
        row = Row(f"{number}", f"{number}.png", "m", "", "", "", "test")
        made.append(measure_image(row, probability.astype(np.float32), truth, 0.5, True))
    average = average_precision(added(made).bins)
    low, high = Intervals([record for record, _ in made]).curves(average)["average_precision"]
    assert average > 0.999
    assert 0 < low <= average <= high == 1


def test_images_of_a_photograph_are_drawn_together(cracked: list[Judged]) -> None:
    together = Intervals([record for record, _ in cracked])
    apart = Intervals([replace(one, photograph="", group="") for one, _ in cracked])
    low, high = together.totals(PLACE)["crack_iou"]
    lower, higher = apart.totals(PLACE)["crack_iou"]
    assert high - low > 1.15 * (higher - lower)


def test_false_alarms_are_those_of_crack_free_images_alone(
    cracked: list[Judged], free: list[Judged]
) -> None:
    alone = Intervals([record for record, _ in free[12:]]).alarms()
    both = Intervals([record for record, _ in (*cracked[:12], *free[12:])]).alarms()
    assert both == alone
    assert Intervals([record for record, _ in cracked]).alarms() == {}


def test_one_photograph_alone_has_no_interval(cracked: list[Judged]) -> None:
    intervals = Intervals([record for record, _ in cracked[:2]])
    assert intervals.totals(PLACE)["crack_iou"] == (None, None)
    assert intervals.curves(0.5)["average_precision"] == (None, None)
