"""Runs, ranked and labelled."""

from pathlib import Path

import pytest

from crackseg.reporting.comparison.entries import labels_of, names_of, ranked, varied_settings
from crackseg.reporting.comparison.evaluations import StoredEvaluation
from tests.helpers.evaluations import a_run, entry, judgement


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> StoredEvaluation:
    return judgement(tmp_path_factory.mktemp("good"), blur=0.7)


@pytest.fixture(scope="module")
def poor(tmp_path_factory: pytest.TempPathFactory) -> StoredEvaluation:
    return judgement(tmp_path_factory.mktemp("poor"), blur=1.6)


def test_runs_are_ranked_by_validation_and_never_by_test(
    good: StoredEvaluation, poor: StoredEvaluation, tmp_path: Path
) -> None:
    entries = [
        entry(tmp_path / "best-on-test", {"seed": "0"}, good, val=poor),
        entry(tmp_path / "best-on-val", {"seed": "1"}, poor, val=good),
    ]
    order = ranked(entries)
    assert [(one.number, one.name) for one in order] == [(1, "best-on-val"), (2, "best-on-test")]
    assert [one.label for one in order] == ["seed=1", "seed=0"]


def test_labels_say_what_is_peculiar_to_a_run(tmp_path: Path) -> None:
    given = [
        {"experiment": "paper/unet_1", "data.root": "walls"},
        {"experiment": "paper/unet_1", "optimizer.lr": "0.1", "data.root": "walls"},
        {"optimizer.lr": "0.1", "data.root": "walls", "data.cache": "elsewhere"},
    ]
    runs = [a_run(tmp_path, one) for one in given]
    assert labels_of(runs) == ["unet_1", "unet_1, lr=0.1", "lr=0.1"]


def test_keys_that_end_alike_are_told_in_full(tmp_path: Path) -> None:
    given = [
        {"callbacks.patience": "1", "scheduler.patience": "2"},
        {"callbacks.patience": "2", "scheduler.patience": "1"},
    ]
    assert labels_of([a_run(tmp_path, one) for one in given])[0] == (
        "callbacks.patience=1, scheduler.patience=2"
    )


def test_runs_that_were_given_the_same_go_by_their_folders(
    good: StoredEvaluation, tmp_path: Path
) -> None:
    entries = [entry(tmp_path / name, {}, good) for name in ("monday", "tuesday")]
    assert [one.label for one in ranked(entries)] == ["monday", "tuesday"]


def test_names_are_as_long_as_they_must_be(tmp_path: Path) -> None:
    apart = [a_run(tmp_path / name) for name in ("a/1", "b/2")]
    alike = [a_run(tmp_path / name) for name in ("a/1", "b/1")]
    assert names_of(apart) == ["1", "2"]
    assert names_of(alike) == ["a/1", "b/1"]


def test_settings_vary_where_one_run_has_another_value(
    good: StoredEvaluation, tmp_path: Path
) -> None:
    entries = [
        entry(tmp_path / "a", {"optimizer.lr": "0.1", "data.cache": "x", "seed": "0"}, good),
        entry(tmp_path / "b", {"data.cache": "y", "seed": "0"}, good),
    ]
    assert varied_settings(entries) == ["optimizer.lr"]
