"""How far seeds move runs, and which differences hold under each of them."""

from pathlib import Path

import pytest

from crackseg.reporting.comparison.entries import RunResult, ranked
from crackseg.reporting.comparison.evaluations import StoredEvaluation
from crackseg.reporting.comparison.seeds import SeedGroup, by_seed, seed_groups
from tests.helpers.evaluations import NAMES, entry, judgement

OTHER = tuple(name.replace("CFD_00", "CFD_90") for name in NAMES)


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[float, StoredEvaluation]:
    """By how blurred a run saw them: the larger, the worse."""
    folder = tmp_path_factory.mktemp("judged")
    return {blur: judgement(folder / f"{blur}", blur=blur) for blur in (0.6, 1.0, 1.7, 2.0)}


def iou(found: StoredEvaluation) -> float:
    return found.metrics.stored.totals["crack_iou"]


def runs(folder: Path, *found: tuple[str, str, StoredEvaluation]) -> list[RunResult]:
    """A run of each learning rate and seed."""
    return [
        entry(folder / f"{lr},{seed}", {"optimizer.lr": lr, "seed": seed}, one)
        for lr, seed, one in found
    ]


def rows(entries: list[RunResult], baseline: str) -> dict[str, SeedGroup]:
    order = ranked(entries)
    first = next(one for one in order if one.name == baseline)
    return {row.label: row for row in seed_groups(order, first)}


def test_runs_that_differ_in_their_seed_alone_belong_together(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    kinds = (("0.1", "0"), ("0.2", "0"), ("0.1", "1"), ("0.3", "0"), ("0.3", "0"))
    entries = runs(tmp_path, *((lr, seed, judged[1.0]) for lr, seed in kinds))
    together = [[one.name for one in members] for members in by_seed(entries)]
    assert together == [["0.1,0", "0.1,1"]]


def test_differences_are_of_runs_of_the_same_seed(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    entries = runs(
        tmp_path,
        ("1", "0", judged[1.0]),
        ("1", "1", judged[1.7]),
        ("1", "2", judged[1.0]),
        ("2", "0", judged[0.6]),
        ("2", "1", judged[1.0]),
        ("2", "2", judged[0.6]),
        ("3", "0", judged[1.7]),
        ("3", "1", judged[1.0]),
        ("3", "2", judged[1.7]),
        ("5", "0", judged[0.6]),
        ("5", "1", judged[1.0]),
        ("5", "9", judged[1.0]),
        ("4", "7", judged[1.0]),
        ("4", "8", judged[1.0]),
    )
    found = rows(entries, "1,0")
    better, mixed = found["lr=2"].difference, found["lr=3"].difference
    assert better is not None
    assert mixed is not None
    first, second = iou(judged[0.6]) - iou(judged[1.0]), iou(judged[1.0]) - iou(judged[1.7])
    assert better.seeds == 3
    assert better.mean == pytest.approx((2 * first + second) / 3)
    assert (better.low, better.high) == pytest.approx((min(first, second), max(first, second)))
    assert better.one_sided
    assert mixed.low < 0 < mixed.high
    assert not mixed.one_sided
    assert found["lr=1"].difference is None
    assert found["lr=1"].val.seeds == 3
    few = found["lr=5"].difference
    assert few is not None
    assert (few.seeds, few.low > 0, few.one_sided) == (2, True, False)
    # No seed has both.
    assert found["lr=4"].difference is None


def test_of_several_runs_of_a_seed_the_baseline_counts(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    """Its twin was trained with other threads, which say nothing of what was wanted."""
    entries = runs(
        tmp_path,
        ("1", "0", judged[0.6]),
        ("1", "1", judged[1.0]),
        ("2", "0", judged[1.0]),
        ("2", "1", judged[1.7]),
    )
    settings = {"optimizer.lr": "1", "seed": "0", "runtime.threads": "1"}
    for name, blur in (("better", 0.6), ("twin", 2.0)):
        entries.append(entry(tmp_path / name, settings, judged[blur]))
    found = rows(entries, "1,0")
    assert found["lr=1"].test.seeds == len(found["lr=1"].entries) == 2
    difference = found["lr=2"].difference
    assert difference is not None
    each = [iou(judged[1.0]) - iou(judged[0.6]), iou(judged[1.7]) - iou(judged[1.0])]
    assert (difference.low, difference.high) == pytest.approx((min(each), max(each)))


def test_the_best_mean_on_validation_comes_first(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    # The second has the best single run.
    entries = runs(
        tmp_path,
        ("1", "0", judged[1.0]),
        ("1", "1", judged[1.0]),
        ("2", "0", judged[0.6]),
        ("2", "1", judged[2.0]),
    )
    assert iou(judged[0.6]) + iou(judged[2.0]) < 2 * iou(judged[1.0])
    assert list(rows(entries, "2,0")) == ["lr=1", "lr=2"]


def test_runs_on_other_pixels_do_not_differ_by_seed(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    others = judgement(tmp_path / "others", OTHER)
    entries = runs(
        tmp_path,
        ("1", "0", judged[1.0]),
        ("1", "1", judged[1.0]),
        ("2", "0", others),
        ("2", "1", others),
    )
    assert rows(entries, "1,0")["lr=2"].difference is None


def test_nothing_is_compared_with_a_baseline_of_one_seed(
    judged: dict[float, StoredEvaluation], tmp_path: Path
) -> None:
    entries = runs(
        tmp_path,
        ("1", "0", judged[1.0]),
        ("2", "0", judged[0.6]),
        ("2", "1", judged[0.6]),
    )
    (row,) = seed_groups(entries, next(one for one in entries if one.name == "1,0"))
    assert (row.label, row.difference) == ("", None)
