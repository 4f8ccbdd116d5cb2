"""What the page asks for: taking in, finding, measuring, scales, and limits of all of it."""

import errno
import gzip
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.app import desk as desk_module
from crackseg.app import finding
from crackseg.app.desk import Desk
from crackseg.app.finding import read_image, read_probability
from crackseg.app.sessions import AppPhotograph, Session, Sessions
from crackseg.inference.predictor import Predictor
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Scale
from tests.app.stand_ins import ROWS, DarkIsCrack, darkness, draw_photograph, work_off
from tests.images.geotiffs import UTM, geotiff, keys

Upload = Callable[..., Path]


def found(desk: Desk, session: Session) -> AppPhotograph:
    """The last photograph of a page, when all are done."""
    work_off(desk, session)
    return session.photographs[-1]


def test_a_photograph_is_found_and_measured(desk: Desk, session: Session, upload: Upload) -> None:
    desk.take_in(session, [upload(width=6.0)])
    photograph = found(desk, session)
    assert photograph.measured is not None
    (crack,) = photograph.measured.measurement.cracks
    assert crack.widths is not None
    assert crack.widths.mean.value == pytest.approx(6.0, abs=0.3)
    assert crack.length.value == pytest.approx(150.0, abs=3)
    assert photograph.measured.name == "wall.png"
    assert photograph.measured.method.threshold == photograph.threshold == 0.5


def test_progress_is_told_by_rows(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = []
    update = session.update

    def listen(key: str, **changes: object) -> AppPhotograph:
        words.extend([changes["words"]] if "words" in changes else [])
        return update(key, **changes)

    monkeypatch.setattr(session, "update", listen)
    desk.take_in(session, [upload()])
    assert found(desk, session).words == ""
    shares = [f"finding cracks, {min(ROWS * part / 200, 1):.0%}" for part in range(1, 5)]
    assert words == ["finding cracks", *shares, "measuring"]


def test_a_page_sees_each_change_until_all_is_done(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload("a.png"), upload("b.png")])
    seen = session.watch()
    assert [one.words for one in next(seen)] == ["waiting", "waiting"]
    desk.work_on_next()
    assert [one.measured is not None for one in next(seen)] == [True, False]
    desk.work_on_next()
    assert [one.measured is not None for one in next(seen)] == [True, True]
    assert list(seen) == []


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
    desk.measure(session, before.key, 0.05)
    after = session.get(before.key)
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
    second = found(desk, session)
    for photograph in (session.get(first.key), second):
        assert photograph is not None
        assert photograph.measured is not None
        assert photograph.measured.measurement.scale == Scale(0.2, 0.01)
        assert photograph.measured.measurement.unit == "mm"


def test_a_map_brings_its_own_scale_until_its_user_takes_it_away(
    desk: Desk, session: Session, opened: Sessions
) -> None:
    opened.uploads.mkdir(parents=True)
    drawn = draw_photograph(opened.uploads / "drawn.png", 6.0)
    pixels = np.asarray(Image.open(drawn).convert("RGB"))
    upload = geotiff(opened.uploads / "dam.tif", keys(model=1, projected=UTM, unit=9001), pixels)
    desk.take_in(session, [upload])
    photograph = found(desk, session)
    assert photograph.measured is not None
    assert photograph.scale == Scale(50.0, 0.0)
    assert photograph.measured.measurement.scale == photograph.scale
    assert photograph.measured.georeference is not None
    assert photograph.measured.georeference.crs == f"EPSG:{UTM}"
    desk.set_scale(session, [photograph.key], None)
    desk.measure(session, photograph.key, 0.4)
    again = session.photographs[-1]
    assert again.scale is None
    assert again.measured is not None
    assert again.measured.measurement.scale is None


def test_a_scale_that_is_set_while_cracks_are_measured_again_holds(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take_in(session, [upload()])
    key = found(desk, session).key
    measured_then = desk_module.measured

    def slow(
        photograph: AppPhotograph, threshold: float, predictor: Predictor
    ) -> MeasuredPhotograph:
        result = measured_then(photograph, threshold, predictor)
        desk.set_scale(session, [key], Scale(0.2))
        return result

    monkeypatch.setattr(desk_module, "measured", slow)
    desk.measure(session, key, 0.4)
    photograph = session.photographs[-1]
    assert photograph.measured is not None
    assert photograph.measured.measurement.scale == photograph.scale == Scale(0.2)


def test_a_bad_file_names_itself_and_others_go_on(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    bad = tmp_path / "report.png"
    bad.write_bytes(b"no picture")
    desk.take_in(session, [bad, upload()])
    work_off(desk, session)
    failed, good = session.photographs
    assert (failed.name, failed.is_failed, good.is_failed) == ("report.png", True, False)
    assert good.measured is not None
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
    work_off(desk, session)
    assert [one.is_failed for one in session.photographs] == [True, True]
    assert "a fault of crackseg" in session.photographs[0].words
    assert "ZeroDivisionError" in caplog.text


def test_a_scale_that_is_set_does_not_bring_back_the_cracks_of_another_threshold(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take_in(session, [upload()])
    before = found(desk, session)
    get = session.get

    def get_and_measure(key: str) -> AppPhotograph | None:
        seen = get(key)
        monkeypatch.setattr(session, "get", get)
        desk.measure(session, key, 0.05)
        return seen

    monkeypatch.setattr(session, "get", get_and_measure)
    desk.set_scale(session, [before.key], Scale(0.2))
    after = session.photographs[-1]
    assert after.measured is not None
    assert after.measured.method.threshold == after.threshold == 0.05
    assert after.measured.measurement.scale == after.scale == Scale(0.2)


def test_a_page_that_closes_while_a_fault_is_told_does_not_end_the_work(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take_in(session, [upload()])

    def closing(error: Exception, photograph: AppPhotograph) -> str:
        desk.sessions.end("page")
        return f"{photograph.name}: {error}"

    monkeypatch.setattr(desk_module, "_reason", closing)
    monkeypatch.setattr(desk.predictor, "open", lambda _: 1 / 0)
    assert desk.work_on_next()


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
    assert failed.is_failed
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
    assert failed.is_failed
    assert "not done after -1 s" in failed.words
    assert "--max-seconds" in failed.words


def test_photographs_beyond_the_limit_are_named(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload(f"{number}.png") for number in range(4)])
    assert [one.is_failed for one in session.photographs] == [False, False, False, True]
    assert "3 are the most at a time" in session.photographs[-1].words
    assert not session.photographs[-1].path.exists()


def test_a_page_that_closes_ends_its_work_without_a_trace(
    desk: Desk, session: Session, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    update, seen = session.update, []

    def close_in_the_middle(key: str, **changes: object) -> AppPhotograph:
        seen.append(changes)
        if len(seen) == 2:
            desk.sessions.end("page")
        return update(key, **changes)

    monkeypatch.setattr(session, "update", close_in_the_middle)
    desk.take_in(session, [upload("a.png"), upload("b.png")])
    desk.work_on_next()
    desk.work_on_next()
    assert len(seen) == 2
    assert list(session.watch()) == []
    assert list(desk.sessions.shown.rglob("*")) == []


def test_every_page_has_its_first_photograph_done_before_any_has_its_second(
    desk: Desk, session: Session, upload: Upload, predictor: DarkIsCrack
) -> None:
    desk.take_in(session, [upload("a1.png"), upload("a2.png"), upload("a3.png")])
    desk.take_in(desk.sessions.of("other"), [upload("b1.png")])
    for _ in range(4):
        desk.work_on_next()
    assert predictor.predicted == ["a1.png", "b1.png", "a2.png", "a3.png"]


def test_another_thread_works_through_the_queue_and_ends_with_the_desk(
    desk: Desk, session: Session, upload: Upload
) -> None:
    before = threading.active_count()
    with desk.at_work():
        desk.take_in(session, [upload()])
        *_, last = session.watch()
        assert last[0].measured is not None
    assert threading.active_count() == before
    assert session.ended
