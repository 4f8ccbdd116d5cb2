"""Which runs differ beyond noise, and which cannot be compared at all."""

import numpy as np
import pytest

from crackseg.metrics.overlap import total_scores
from crackseg.metrics.thin_structures import thin_scores
from crackseg.reporting.comparison.differences import compare, other_pixels
from crackseg.reporting.comparison.entries import RunResult, ranked
from tests.helpers.evaluations import NAMES, entry, judgement

OTHER = tuple(name.replace("CFD_00", "CFD_90") for name in NAMES)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> list[RunResult]:
    """Four runs on the same photographs, two on others, one on the same at another size."""
    folder = tmp_path_factory.mktemp("runs")
    kinds = {
        "first": judgement(folder / "first", blur=1.0),
        "same": judgement(folder / "same", blur=1.0),
        "worse": judgement(folder / "worse", blur=2.0),
        "other": judgement(folder / "other", OTHER, blur=0.6),
        "other-too": judgement(folder / "other-too", OTHER, blur=0.8),
        "larger": judgement(folder / "larger", blur=1.0, size=64),
    }
    return ranked(
        entry(folder / name, {"kind": name}, found, minute)
        for minute, (name, found) in enumerate(kinds.items())
    )


def named(entries: list[RunResult], name: str) -> RunResult:
    return next(one for one in entries if one.name == name)


def test_differences_are_those_of_the_totals(entries: list[RunResult]) -> None:
    own = compare(entries, named(entries, "first"))[0]
    found = {run.name: differences for run, differences in own.others}
    assert set(found) == {"same", "worse"}
    first, worse = (named(entries, name).test.images for name in ("first", "worse"))
    totals = [total_scores(images.counts)["crack_iou"] for images in (first, worse)]
    thin = [
        thin_scores(images.thin.sum(axis=0).reshape(4, 4))["cldice"] for images in (first, worse)
    ]
    assert found["worse"]["crack_iou"].value == pytest.approx(totals[1] - totals[0])
    assert found["worse"]["cldice"].value == pytest.approx(thin[1] - thin[0])
    assert found["worse"]["crack_iou"].beyond_noise
    assert found["worse"]["crack_iou"].high < 0
    assert found["same"]["crack_iou"] == (0, 0, 0, False)


def test_the_order_of_images_does_not_matter(entries: list[RunResult]) -> None:
    worse = named(entries, "worse").test.images
    order = np.arange(len(worse.names))[::-1]
    turned = type(worse)(
        *(tuple(column[i] for i in order) for column in (worse.names, worse.sources, worse.units)),
        *(
            column[order]
            for column in (worse.widths, worse.vanished, worse.counts, worse.thin, worse.strays)
        ),
    )
    assert other_pixels(named(entries, "first").test.images, turned) == ""


def test_runs_on_other_pixels_are_compared_among_themselves(entries: list[RunResult]) -> None:
    own, others, larger = compare(entries, named(entries, "worse"))
    assert own.baseline.name == "worse"
    assert own.reason == ""
    assert others.baseline.name == "other"
    assert [run.name for run, _ in others.others] == ["other-too"]
    assert others.reason == "judged on other photographs (0 of 6 are the same)"
    assert larger.others == ()
    assert larger.reason == (
        "judged on the same photographs at another size or with another mask cut"
    )
    assert [one.number for one in own.entries] == sorted(one.number for one in own.entries)
