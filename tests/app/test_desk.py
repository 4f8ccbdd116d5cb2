"""What the page asks for: taking in, finding, measuring, scales, and limits of all of it."""

import errno
import gzip
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crackseg.app import finding
from crackseg.app.desk import Desk
from crackseg.app.finding import read_image, read_probability
from crackseg.app.sessions import AppPhotograph, Session
from crackseg.measurement.scale import Scale
from tests.app.stand_ins import ROWS, DarkIsCrack, darkness

Upload = Callable[..., Path]


def found(desk: Desk, session: Session) -> AppPhotograph:
    *_, last = desk.find(session)
    return last


def test_a_photograph_is_found_and_measured(desk: Desk, session: Session, upload: Upload) -> None:
    desk.take_in(session, [upload(width=6.0)])
    photograph = found(desk, session)
    assert photograph.state == "measured"
    assert photograph.measured is not None
    (crack,) = photograph.measured.measurement.cracks
    assert crack.widths is not None
    assert crack.widths.mean.value == pytest.approx(6.0, abs=0.3)
    assert crack.length.value == pytest.approx(150.0, abs=3)
    assert photograph.measured.name == "wall.png"
    assert photograph.measured.method.threshold == photograph.threshold == 0.5


def test_progress_is_told_by_rows(desk: Desk, session: Session, upload: Upload) -> None:
    desk.take_in(session, [upload()])
    words = [one.words for one in desk.find(session)]
    shares = [f"finding cracks, {min(ROWS * part / 200, 1):.0%}" for part in range(1, 5)]
    assert words == ["finding cracks", *shares, "measuring", ""]


def test_what_the_browser_gets_is_the_probability(
    desk: Desk, session: Session, upload: Upload, predictor: DarkIsCrack
) -> None:
    desk.take_in(session, [upload()])
    photograph = found(desk, session)
    true = darkness(read_image(photograph, desk.predictor))
    shown = np.frombuffer(gzip.decompress(photograph.shown_probability_path.read_bytes()), np.uint8)
    np.testing.assert_array_equal(shown.reshape(true.shape), np.rint(255 * true))
    np.testing.assert_allclose(read_probability(photograph), true, atol=0.51 / 65535)
    assert photograph.shown_path.read_bytes()[:2] == b"\xff\xd8"


def test_another_threshold_needs_no_prediction(
    desk: Desk, session: Session, upload: Upload, predictor: DarkIsCrack
) -> None:
    desk.take_in(session, [upload()])
    before = found(desk, session)
    after = desk.measure(session, before.key, 0.05)
    assert predictor.predicted == ["wall.png"]
    assert after is not None
    assert after.measured is not None
    assert before.measured is not None
    areas = [one.measured.measurement.cracks[0].area for one in (before, after) if one.measured]
    assert areas[1] > areas[0]
    assert after.measured.method.threshold == after.threshold == 0.05


def test_a_scale_holds_at_once_for_measured_photographs_and_later_for_others(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload("a.png")])
    first = found(desk, session)
    desk.take_in(session, [upload("b.png")])
    desk.set_scale(session, [one.key for one in session.photographs], Scale(0.2, 0.01))
    *_, second = desk.find(session)
    for photograph in (session.get(first.key), second):
        assert photograph is not None
        assert photograph.measured is not None
        assert photograph.measured.measurement.scale == Scale(0.2, 0.01)
        assert photograph.measured.measurement.unit == "mm"


def test_a_bad_file_names_itself_and_others_go_on(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    bad = tmp_path / "report.png"
    bad.write_bytes(b"no picture")
    desk.take_in(session, [bad, upload()])
    list(desk.find(session))
    failed, good = session.photographs
    assert (failed.name, failed.state, good.state) == ("report.png", "failed", "measured")
    assert "cannot be decoded as an image" in failed.words
    assert str(tmp_path) not in failed.words
    assert not failed.words.startswith("report.png")


def test_a_fault_of_our_own_is_logged_and_others_go_on(
    desk: Desk,
    session: Session,
    upload: Upload,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    desk.take_in(session, [upload("a.png"), upload("b.png")])
    monkeypatch.setattr(desk.predictor, "open", lambda _: 1 / 0)
    list(desk.find(session))
    assert [one.state for one in session.photographs] == ["failed", "failed"]
    assert "a fault of crackseg" in session.photographs[0].words
    assert "ZeroDivisionError" in caplog.text


def test_a_full_disk_is_said_in_words(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    desk.take_in(session, [upload()])
    assert "the disk is full" in found(desk, session).words


def test_a_photograph_that_is_too_large_is_refused(
    desk: Desk, session: Session, upload: Upload, predictor: DarkIsCrack
) -> None:
    predictor.max_megapixels = 0.01
    desk.take_in(session, [upload()])
    failed = found(desk, session)
    assert failed.state == "failed"
    assert "200 x 200 pixels are more than the 0.01 megapixels" in failed.words


def test_a_photograph_longer_than_browsers_show_is_refused(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "LONGEST_SIDE", 199)
    desk.take_in(session, [upload()])
    assert "longer than 199 pixels, which no browser shows" in found(desk, session).words


def test_a_photograph_that_takes_too_long_is_refused(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.limits = replace(desk.limits, seconds=-1.0)
    desk.take_in(session, [upload()])
    failed = found(desk, session)
    assert failed.state == "failed"
    assert "not done after -1 s" in failed.words
    assert "--max-seconds" in failed.words


def test_photographs_beyond_the_limit_are_named(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload(f"{number}.png") for number in range(4)])
    assert [one.state for one in session.photographs] == ["waiting"] * 3 + ["failed"]
    assert "3 are the most at a time" in session.photographs[-1].words
    assert not session.photographs[-1].path.exists()


def test_a_closed_page_ends_its_work_without_a_trace(
    desk: Desk, session: Session, upload: Upload, predictor: DarkIsCrack
) -> None:
    desk.take_in(session, [upload("a.png"), upload("b.png")])
    work = desk.find(session)
    next(work)
    next(work)
    desk.sessions.end("page")
    assert list(work) == []
    assert predictor.predicted == ["a.png"]
    assert list(desk.sessions.shown.rglob("*")) == []


def test_a_page_that_closes_in_the_middle_frees_the_network(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    work = desk.find(session)
    next(work)
    work.close()  # type: ignore[attr-defined]
    assert session.photographs[0].state == "waiting"
    other = desk.sessions.of("other")
    desk.take_in(other, [upload()])
    assert found(desk, other).state == "measured"


def test_a_page_that_waits_is_told_how_many_are_ahead(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crackseg.app.desk._PATIENCE", 0.01)
    other = desk.sessions.of("other")
    for page in (session, other):
        desk.take_in(page, [upload()])
    first, second = desk.find(session), desk.find(other)
    next(first)
    assert next(second).words == "waiting, 1 before it"
    list(first)
    assert [one.state for one in second][-1] == "measured"
