"""The tables of an evaluation as they are printed, in a terminal and into a pipe."""

import re

import numpy as np
import pytest

from crackseg.data.splits.manifest import Row
from crackseg.evaluation.assessment import assess
from crackseg.evaluation.records import measure_image
from crackseg.evaluation.results import Assessment, Bounds
from crackseg.reporting.terminal.evaluation import print_assessment

PROTOCOL = "dataset totals over 12 images at 48x48 (area)"


def assessment() -> Assessment:
    """Images of four sources, some without crack; one crack vanished."""
    judged = []
    for number in range(12):
        generator = np.random.default_rng(number)
        source = ("cracktree200", "CRACK500", "noncrack", "a folder of a very long name")[
            number % 4
        ]
        truth = np.zeros((48, 48), bool)
        if source != "noncrack" and number:
            truth[10 : 12 + number] = True
        noise = generator.normal(0.2, 0.15, truth.shape)
        probability = np.clip(0.5 * truth + noise, 0, 1).astype(np.float32)
        row = Row(f"{number}", f"{number}.png", "m", source, "", "", "test")
        judged.append(measure_image(row, probability, truth, 0.6, source != "noncrack"))
    records = [record for record, _ in judged]
    return assess(records, sum((one for _, one in judged[1:]), start=judged[0][1]), 0.6)


@pytest.fixture(scope="module")
def found() -> Assessment:
    return assessment()


@pytest.fixture(params=["terminal", "pipe"])
def out(
    request: pytest.FixtureRequest,
    found: Assessment,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> str:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    if request.param == "terminal":
        monkeypatch.setenv("TTY_COMPATIBLE", "1")
        monkeypatch.setenv("TERM", "xterm")
    print_assessment("test: best.ckpt", found, PROTOCOL)
    printed = capsys.readouterr().out
    if request.param == "terminal":
        printed = re.sub("\x1b\\[[0-9;]*m", "", printed)
        assert max(map(len, printed.splitlines())) <= 80
    return printed


def three(value: float) -> str:
    return f"{value:.3f}".removeprefix("0")


def with_interval(value: float, bounds: Bounds) -> str:
    low, high = bounds
    return f"{three(value)} ({three(low)}-{three(high)})"


def test_no_figure_is_cut_off(out: str, found: Assessment) -> None:
    assert "…" not in out
    assert "cracktree200 " in out
    for part in found.by.source.values():
        if part.has_crack:
            bounds = part.intervals.totals["crack_iou"]
            assert with_interval(part.totals["crack_iou"], bounds) in out
            assert three(part.thin_totals["tolerant_f1"]) in out
            assert part.own_best
            best = part.own_best
            assert f"best {three(best.value)} at {best.threshold:.2f}" in out
    assert "(below: IoU at its own best, optimistic)" in " ".join(out.split())


@pytest.mark.parametrize("kind", ["totals", "means"])
def test_every_figure_has_its_interval(out: str, found: Assessment, kind: str) -> None:
    overlap = ("crack_iou", "mean_iou", "dice", "precision", "recall", "accuracy")
    thin = ("cldice", "centreline_iou", "tolerant_f1", "boundary_f1")
    for scores, names in (
        (found.half, overlap),
        (found.stored, overlap),
        (found.own_best, overlap),
        (found.thin, thin),
    ):
        for name in names:
            bounds = getattr(scores.intervals, kind)[name]
            assert with_interval(getattr(scores, kind)[name], bounds) in out


def test_every_figure_without_a_kind_has_its_interval(out: str, found: Assessment) -> None:
    curves, calibration, alarms = found.curves, found.calibration, found.alarms
    assert alarms is not None
    for value, bounds in (
        (curves.average_precision, curves.intervals["average_precision"]),
        (curves.ods.value, curves.intervals["ods"]),
        (curves.ois, curves.intervals["ois"]),
        (calibration.error, calibration.intervals["error"]),
        (alarms.share, alarms.intervals["share"]),
    ):
        assert with_interval(value, bounds) in out
    low, high = found.stored.intervals.totals["false_positives"]
    assert f"({low:,.0f}-{high:,.0f})" in out


def test_what_has_no_crack_has_no_overlap(out: str) -> None:
    (noncrack,) = (line for line in out.splitlines() if line.strip().startswith("noncrack"))
    (vanished,) = (line for line in out.splitlines() if line.strip().startswith("vanished"))
    assert noncrack.split() == ["noncrack", "3"]
    assert vanished.split() == ["vanished", "1"]
    assert "crack-free images (3), at the stored threshold" in out


def test_an_image_alone_is_printed_without_intervals(capsys: pytest.CaptureFixture[str]) -> None:
    truth = np.eye(48, dtype=bool)
    row = Row("a", "a.png", "m", "CFD", "", "", "test")
    record, histogram = measure_image(row, truth.astype(np.float32), truth, 0.6, True)
    print_assessment("test: best.ckpt", assess([record], histogram, 0.6), PROTOCOL)
    out = capsys.readouterr().out
    assert "None" not in out
    assert "1.000\n" in out.replace(" ", "")


def test_walls_without_crack_have_false_alarms_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """No overlap can be measured on them, and no threshold be the best."""
    truth = np.zeros((48, 48), bool)
    probability = np.full((48, 48), 0.2, np.float32)
    probability[:6, :6] = 0.9
    judged = [
        measure_image(Row(name, name, "", "", "", "", "test"), probability, truth, 0.6, False)
        for name in ("a", "b")
    ]
    records = [record for record, _ in judged]
    print_assessment("all: best.ckpt", assess(records, judged[0][1] + judged[1][1], 0.6), PROTOCOL)
    out = capsys.readouterr().out
    for heading in ("IoU  ", "Dice", "recall  ", "best here", "average precision", "clDice  "):
        assert heading not in out
    assert "false positives (px)" in out
    assert "share with a false alarm of 25 px or more  1.000" in out
