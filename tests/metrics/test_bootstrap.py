"""Intervals against a plain loop, known spreads and cases by hand."""

import numpy as np
import pytest

from crackseg.metrics.bootstrap import (
    Interval,
    bootstrap,
    mean_statistic,
    mean_sums,
    paired_bootstrap,
    resampled,
)
from crackseg.metrics.overlap import total_scores


def counted(seed: int = 0, images: int = 60) -> np.ndarray:
    generator = np.random.default_rng(seed)
    true = generator.integers(100, 900, images)
    found = (true * generator.beta(6, 3, images)).astype(int)
    wrong = generator.integers(0, 400, images)
    return np.stack([found, wrong, true - found, 20_000 - true - wrong], axis=1)


def each_its_own(images: int) -> list[str]:
    return [f"{place:05d}" for place in range(images)]


def mean(sums: np.ndarray) -> dict[str, float]:
    return {"mean": float(sums[0] / sums[1])}


def test_draws_equal_a_plain_loop() -> None:
    counts = counted(images=9)
    groups = ["b", "a", "b", "c", "a", "d", "d", "d", "c"]
    draws = resampled(counts, groups, seed=5, resamples=3)
    drawn = np.random.default_rng(5).integers(4, size=(3, 4))
    for row, chosen in zip(draws, drawn, strict=True):
        expected = np.zeros(4)
        for group in chosen:
            for count, name in zip(counts, groups, strict=True):
                if name == "abcd"[group]:
                    expected += count
        assert row.tolist() == expected.tolist()


def test_figures_are_those_of_the_data_set_itself() -> None:
    counts = counted()
    intervals = bootstrap(counts, each_its_own(60), total_scores)
    assert {name: one.value for name, one in intervals.items()} == total_scores(counts)
    for name in ("crack_iou", "precision", "recall", "dice"):
        value, low, high = intervals[name]
        assert low < value < high


def test_interval_holds_the_middle_of_the_draws() -> None:
    counts, groups = counted(), each_its_own(60)
    draws = resampled(counts, groups, seed=3)
    assert draws.shape == (1000, 4)
    ious = np.sort([total_scores(row)["crack_iou"] for row in draws])
    _, low, high = bootstrap(counts, groups, total_scores, seed=3)["crack_iou"]
    assert ious[24] <= low <= ious[25]
    assert ious[974] <= high <= ious[975]


def test_width_is_that_of_theory_for_a_mean() -> None:
    values = np.random.default_rng(1).normal(10, 2, 400)
    sums = np.stack([values, np.ones(400)], axis=1)
    value, low, high = bootstrap(sums, each_its_own(400), mean, resamples=4000)["mean"]
    assert value == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.08)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(2)
    covered = 0
    for _ in range(100):
        sums = np.stack([generator.normal(5, 1, 50), np.ones(50)], axis=1)
        _, low, high = bootstrap(sums, each_its_own(50), mean, resamples=200)["mean"]
        covered += low <= 5 <= high
    assert 86 <= covered <= 99


def test_crops_of_one_photograph_are_no_further_evidence() -> None:
    counts = counted(images=30)
    groups = each_its_own(30)
    once = bootstrap(counts, groups, total_scores)["crack_iou"]
    as_crops = bootstrap(np.repeat(counts, 8, axis=0), np.repeat(groups, 8).tolist(), total_scores)
    as_photographs = bootstrap(np.repeat(counts, 8, axis=0), each_its_own(240), total_scores)
    assert as_crops["crack_iou"] == pytest.approx(once)
    _, low, high = as_photographs["crack_iou"]
    assert high - low < 0.6 * (once.high - once.low)


def test_the_seed_decides_and_the_images_order_does_not() -> None:
    counts, groups = counted(), [f"{place // 3}" for place in range(60)]
    one = bootstrap(counts, groups, total_scores, seed=7)
    assert one == bootstrap(counts, groups, total_scores, seed=7)
    assert one != bootstrap(counts, groups, total_scores, seed=8)
    order = np.random.default_rng(0).permutation(60)
    shuffled = [groups[place] for place in order]
    assert one == bootstrap(counts[order], shuffled, total_scores, seed=7)


def test_one_group_has_no_interval() -> None:
    counts = counted(images=5)
    figure = bootstrap(counts, ["a"] * 5, total_scores)["crack_iou"]
    assert figure == Interval(total_scores(counts)["crack_iou"], None, None)
    change = paired_bootstrap(counts, counted(1, 5), ["a"] * 5, total_scores)["crack_iou"]
    assert (change.low, change.high, change.beyond_noise) == (None, None, False)


def test_sums_are_exact_beyond_float32() -> None:
    counts = np.full((3, 4), 2**40 + 1)
    assert (resampled(counts, each_its_own(3)) == 3 * (2**40 + 1)).all()


def test_every_image_needs_a_group() -> None:
    with pytest.raises(ValueError, match="60 images and 59 groups"):
        bootstrap(counted(), each_its_own(59), total_scores)


# Two runs.


def test_a_run_does_not_differ_from_itself() -> None:
    counts = counted()
    change = paired_bootstrap(counts, counts, each_its_own(60), total_scores)
    assert set(change["crack_iou"]) == {0}
    assert not change["crack_iou"].beyond_noise


def better(counts: np.ndarray, pixels: int) -> np.ndarray:
    gain = np.minimum(pixels, counts[:, 2])
    return counts + np.stack([gain, 0 * gain, -gain, 0 * gain], axis=1)


def test_a_small_gain_in_every_photograph_is_beyond_noise_though_intervals_overlap() -> None:
    before, groups = counted(), each_its_own(60)
    after = better(before, 10)
    change = paired_bootstrap(before, after, groups, total_scores)["recall"]
    assert change.beyond_noise
    assert 0 < change.low < change.value < change.high
    assert change.value == total_scores(after)["recall"] - total_scores(before)["recall"]
    apart = [bootstrap(counts, groups, total_scores)["recall"] for counts in (before, after)]
    assert apart[1].low < apart[0].high
    back = paired_bootstrap(after, before, groups, total_scores)["recall"]
    assert back == pytest.approx((-change.value, -change.high, -change.low, True))


def test_a_gain_in_one_photograph_is_within_noise() -> None:
    before = counted()
    after = before.copy()
    after[:1] = better(before[:1], 10_000)
    change = paired_bootstrap(before, after, each_its_own(60), total_scores)["recall"]
    assert change.value > 0
    assert not change.beyond_noise


def test_runs_on_other_images_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(60, 4\) and \(59, 4\)"):
        paired_bootstrap(counted(), counted()[1:], each_its_own(60), total_scores)


# Means over images.


def test_means_over_images_have_intervals_too() -> None:
    generator = np.random.default_rng(4)
    rows = [{"dice": value, "recall": value / 2} for value in generator.random(50)]
    names = list(rows[0])
    intervals = bootstrap(mean_sums(rows), each_its_own(50), mean_statistic(names))
    expected = np.mean([row["dice"] for row in rows])
    assert intervals["dice"].value == pytest.approx(expected)
    assert intervals["dice"].low < expected < intervals["dice"].high
    assert intervals["recall"] == pytest.approx([one / 2 for one in intervals["dice"]])


def test_a_mean_divides_by_the_images_that_were_drawn() -> None:
    rows = [{"dice": 0.5}] * 7
    groups = ["a", "b", "b", "b", "b", "c", "c"]
    interval = bootstrap(mean_sums(rows), groups, mean_statistic(["dice"]))["dice"]
    assert interval == (0.5, 0.5, 0.5)
