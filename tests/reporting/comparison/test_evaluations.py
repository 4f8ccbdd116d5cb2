"""Evaluations read back from their folders."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from crackseg.evaluation.results import IMAGES, METRICS
from crackseg.metrics.overlap import total_scores
from crackseg.metrics.thin_structures import measure_thin
from crackseg.reporting.comparison.evaluations import read_evaluation
from tests.helpers.evaluations import (
    NAMES,
    THRESHOLD,
    judgement,
    probability_of,
    truth_of,
)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    judgement(folder)
    return folder


def test_images_hold_what_was_counted_in_each(kept: Path) -> None:
    found = read_evaluation(kept / "evaluation", kept / "best.ckpt")
    assert found is not None
    assert found.images.names == NAMES
    place = 2
    truth = truth_of(NAMES[place])
    mask = probability_of(NAMES[place], 1.0) > np.float32(THRESHOLD)
    pairs = [(mask & truth), (mask & ~truth), (~mask & truth), (~mask & ~truth)]
    assert found.images.counts[place].tolist() == [int(one.sum()) for one in pairs]
    assert found.images.crack[place] == truth.sum()
    assert found.images.ious()[place] == pytest.approx((mask & truth).sum() / (mask | truth).sum())
    assert found.images.strays.sum(axis=1).tolist() == found.images.counts[:, 1].tolist()
    # The false alarm in a corner that :func:`probability_of` draws.
    assert found.images.strays[place, 1] >= 10
    assert found.histogram.sum() == len(NAMES) * truth.size


def test_an_interval_is_missing_where_nothing_could_be_drawn(tmp_path: Path) -> None:
    found = judgement(tmp_path, NAMES[:1])
    assert found.metrics.stored.intervals.totals["crack_iou"] == (None, None)
    several = judgement(tmp_path / "more")
    low, high = several.metrics.stored.intervals.totals["crack_iou"]
    assert low < high


def test_sources_without_crack_have_no_crack_iou(tmp_path: Path) -> None:
    names = [*NAMES, "images/noncrack_1.png", "images/wall_1.png", "images/wall_2.png"]
    found = judgement(tmp_path, names)
    sources = found.sources()
    assert set(sources) == {"CFD", "wall"}
    chosen = [source == "wall" for source in found.images.sources]
    total = total_scores(found.images.counts[chosen])["crack_iou"]
    assert sources["wall"].value == pytest.approx(total)
    assert sources["CFD"].low < sources["CFD"].value < sources["CFD"].high


def test_missed_is_the_length_of_true_lines_that_were_not_found(tmp_path: Path) -> None:
    images = judgement(tmp_path, NAMES, blur=1.7).images
    for name, missed in zip(images.names, images.missed, strict=True):
        mask = probability_of(name, 1.7) > np.float32(THRESHOLD)
        lines = measure_thin(mask, truth_of(name)).centreline
        assert missed == lines.true - lines.true_hits
    assert images.missed.any()


@pytest.mark.parametrize("name", ["metrics.json", "images.csv", "histogram.npy"])
def test_what_is_missing_or_broken_is_no_evaluation(tmp_path: Path, name: str) -> None:
    judgement(tmp_path)
    path = tmp_path / "evaluation" / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt") is None
    path.write_bytes(b"")
    assert read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt") is None
    path.unlink()
    assert read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt") is None


def test_an_evaluation_of_an_earlier_checkpoint_is_none(tmp_path: Path) -> None:
    judgement(tmp_path)
    later = (tmp_path / "evaluation" / IMAGES).stat().st_mtime + 10
    os.utime(tmp_path / "best.ckpt", (later, later))
    assert read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt") is None


def test_an_evaluation_of_an_earlier_version_lacks_best_thresholds(tmp_path: Path) -> None:
    judgement(tmp_path)
    path = tmp_path / "evaluation" / METRICS
    told = json.loads(path.read_text())
    for part in told["by"]["source"].values():
        del part["own_best"]
    path.write_text(json.dumps(told))
    found = read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt")
    assert found
    assert found.metrics.by.source["CFD"].own_best is None


def test_an_evaluation_without_its_protocol_is_none(tmp_path: Path) -> None:
    judgement(tmp_path)
    path = tmp_path / "evaluation" / METRICS
    told = json.loads(path.read_text())
    del told["protocol"]
    path.write_text(json.dumps(told))
    assert read_evaluation(tmp_path / "evaluation", tmp_path / "best.ckpt") is None
