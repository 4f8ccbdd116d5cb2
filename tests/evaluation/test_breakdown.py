"""Records of images, and their figures by source, photograph group and crack width."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

from crackseg.data.splits.manifest import Row
from crackseg.evaluation.assessment import assess
from crackseg.evaluation.breakdown import parts, summarise
from crackseg.evaluation.records import ImageRecord, measure_image
from crackseg.metrics.curves import Best
from crackseg.metrics.false_alarms import Alarm
from crackseg.metrics.histogram import THRESHOLDS, ProbabilityHistogram, count_probabilities
from crackseg.metrics.overlap import image_scores, total_scores
from crackseg.metrics.thin_structures import image_thin_scores, measure_thin, thin_scores

PLACE = THRESHOLDS.index(0.37)


def test_a_worker_that_measures_does_not_wait_for_torch() -> None:
    code = (
        "import sys, crackseg.evaluation.records; "
        "sys.exit(bool({'torch', 'lightning'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def row(name: str, source: str = "", photograph: str = "", group: str = "") -> Row:
    return Row(name, f"images/{name}.png", f"masks/{name}.png", source, photograph, group, "test")


def judged(seed: int, width: int, place: Row) -> tuple[ImageRecord, ProbabilityHistogram]:
    generator = np.random.default_rng(seed)
    truth = np.zeros((40, 60), bool)
    truth[10 : 10 + width, 5:55] = True
    probability = np.clip(0.6 * truth + generator.normal(0.15, 0.12, truth.shape), 0, 1)
    return measure_image(place, probability.astype(np.float32), truth, 0.37, truth.any())


@pytest.fixture(scope="module")
def records() -> list[ImageRecord]:
    rows = [
        row("a1", "CFD", "a", "a"),
        row("b1", "CRACK500", "b", "b"),
        row("b2", "CRACK500", "b", "b"),
        row("c1", "CFD", "c", "b"),
        row("n1", "noncrack", "n"),
        row("x"),
    ]
    widths = (1, 4, 7, 13, 0, 2)
    return [
        judged(seed, width, place)[0]
        for seed, (width, place) in enumerate(zip(widths, rows, strict=True))
    ]


def test_a_record_holds_what_each_measure_gives() -> None:
    truth = np.zeros((40, 60), bool)
    truth[10:14, 5:55] = True
    probability = np.random.default_rng(0).random((40, 60)).astype(np.float32)
    record, counted = measure_image(row("a1", "CFD", "a", "g"), probability, truth, 0.37, True)
    expected = count_probabilities(probability, truth)
    np.testing.assert_array_equal(record.counts, expected.counts)
    np.testing.assert_array_equal(counted.bins, expected.bins)
    assert record.thin == measure_thin(probability > np.float32(0.37), truth)
    assert (record.stem, record.image, record.source) == ("a1", "images/a1.png", "CFD")
    assert (record.photograph, record.group, record.unit) == ("a", "g", "g")
    assert (record.width, record.width_class, record.alarm) == (4, "3-6 px", None)


def test_the_mask_is_cut_in_float32() -> None:
    """The float32 nearest to .37 is greater than .37, and is not greater than itself."""
    probability = np.full((8, 8), 0.37, np.float32)
    record, _ = measure_image(row("x"), probability, np.zeros((8, 8), bool), 0.37, False)
    assert record.alarm == Alarm(0, 0)
    assert record.counts[PLACE].tolist() == [0, 0, 0, 64]


def test_crack_free_photographs_are_told_by_their_truth(records: list[ImageRecord]) -> None:
    assert [record.alarm is None for record in records] == [True] * 4 + [False, True]
    assert records[4].alarm == Alarm(int(records[4].counts[PLACE, 1]), records[4].alarm.largest)


def test_what_is_drawn_as_one_falls_back_to_the_photograph_and_the_image(
    records: list[ImageRecord],
) -> None:
    assert [one.unit for one in records] == ["a", "b", "b", "b", "n", "images/x.png"]


def test_records_travel_between_processes(records: list[ImageRecord]) -> None:
    again = pickle.loads(pickle.dumps(records[1]))
    assert isinstance(again, ImageRecord)
    np.testing.assert_array_equal(again.counts, records[1].counts)
    assert again.thin == records[1].thin
    assert len(pickle.dumps(records[1])) < 6000
    assert pickle.loads(pickle.dumps(measure_image)) is measure_image


def test_summary_is_what_the_measures_say_of_all(records: list[ImageRecord]) -> None:
    whole = summarise(records, PLACE)
    counts = np.stack([record.counts[PLACE] for record in records])
    assert (whole.images, whole.photographs, whole.crack_free) == (6, 4, 1)
    assert whole.totals == total_scores(counts)
    by_image = [image_scores(one)["crack_iou"] for one in counts]
    assert whole.means["crack_iou"] == pytest.approx(np.mean(by_image))
    thin = np.sum([np.array(record.thin) for record in records], axis=0)
    assert whole.thin_totals == thin_scores(thin)
    by_image = [image_thin_scores(record.thin)["cldice"] for record in records]
    assert whole.thin_means["cldice"] == pytest.approx(np.mean(by_image))
    assert whole.alarms is not None
    assert whole.alarms.images == 1


def test_sources_in_order_of_their_names(records: list[ImageRecord]) -> None:
    rows = parts(records, "source")
    assert list(rows) == ["CFD", "CRACK500", "noncrack", "unknown"]
    assert [len(one) for one in rows.values()] == [2, 2, 1, 1]
    assert rows["CFD"] == [records[0], records[3]]
    assert summarise(rows["CFD"], PLACE).alarms is None
    assert summarise(rows["noncrack"], PLACE).crack_free == 1


def test_the_best_threshold_of_a_part_is_the_best_on_its_own_images(
    records: list[ImageRecord],
) -> None:
    members = parts(records, "source")["CRACK500"]
    found = assess(members, judged(1, 4, row("b1"))[1], 0.37).by.source["CRACK500"].own_best
    ious = [total_scores(np.sum([one.counts[k] for one in members], 0)) for k in range(100)]
    best = max(range(100), key=lambda place: ious[place]["crack_iou"])
    assert found
    assert found == Best(ious[best]["crack_iou"], THRESHOLDS[best])
    assert found.value > ious[PLACE]["crack_iou"]


def test_a_part_without_crack_has_no_best_threshold(records: list[ImageRecord]) -> None:
    found = assess(records, judged(1, 4, row("b1"))[1], 0.37).by
    assert found.source["noncrack"].own_best is None
    assert found.width["no crack"].own_best is None


def test_groups_join_near_duplicates(records: list[ImageRecord]) -> None:
    rows = parts(records, "group")
    assert {name: len(one) for name, one in rows.items()} == {
        "a": 1,
        "b": 3,
        "images/x.png": 1,
        "n": 1,
    }


def test_widths_from_none_to_wide(records: list[ImageRecord]) -> None:
    rows = parts(records, "width")
    assert list(rows) == ["no crack", "<3 px", "3-6 px", "6-12 px", ">=12 px"]
    assert [len(one) for one in rows.values()] == [1, 2, 1, 1, 1]


@pytest.mark.parametrize("by", ["source", "group", "width"])
def test_parts_make_up_the_whole(records: list[ImageRecord], by: str) -> None:
    found = [summarise(one, PLACE) for one in parts(records, by).values()]
    whole = summarise(records, PLACE)
    assert sum(one.images for one in found) == whole.images
    for name in ("false_positives", "false_negatives"):
        assert sum(one.totals[name] for one in found) == whole.totals[name]


def test_a_crack_that_vanished_is_no_false_alarm(records: list[ImageRecord]) -> None:
    """Its mask is empty where it is judged, yet who finds the crack is right."""
    probability = np.zeros((8, 8), np.float32)
    probability[4] = 0.9
    record, _ = measure_image(row("t"), probability, np.zeros((8, 8), bool), 0.37, True)
    assert (record.alarm, record.vanished, record.width_class) == (None, True, "vanished")
    whole = summarise([*records, record], PLACE)
    assert (whole.crack_free, whole.vanished) == (1, 1)
    assert list(parts([*records, record], "width"))[:2] == ["no crack", "vanished"]
    assert not any(one.vanished for one in records)
