"""Everything that was found, in one ZIP file."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath

import numpy as np
import pytest
from PIL import Image

from crackseg.app.archive import formats, write_archive
from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.formats.record import read_record
from crackseg.measurement.classes import class_limits
from tests.app.stand_ins import draw_photograph, work_off

LIMITS = class_limits("en1992")
SOME = ("csv", "mask", "numbered")
Upload = Callable[..., Path]


def test_it_holds_masks_pictures_tables_and_records(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    desk.take_in(session, [upload("a.png"), upload("b.png", 3.0)])
    work_off(desk, session)
    last = session.photographs[-1]
    desk.measure(session, last.key, 0.3)
    path = write_archive(session, desk.predictor, LIMITS, SOME)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("cracks.csv").decode())))
        mask = np.asarray(Image.open(archive.open("mask/b.png")))
        overlay = Image.open(archive.open("numbered/b.jpg"))
        archive.extract("record/b_cracks.json", tmp_path)
    assert [row["photograph"] for row in rows] == ["a.png", "b.png"]
    assert set(np.unique(mask)) == {0, 255}
    assert overlay.size == (200, 200)
    record = read_record(tmp_path / "record" / "b_cracks.json")
    # The mask is that of the threshold at which the cracks were measured.
    assert record.method.threshold == 0.3
    assert (mask == 255).sum() == record.measurement.cracks[0].area


def test_photographs_of_one_stem_do_not_replace_each_other(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    others = [draw_photograph(tmp_path / name) for name in ("a.bmp", "a_png.png")]
    desk.take_in(session, [upload("a.png"), *others])
    work_off(desk, session)
    with zipfile.ZipFile(write_archive(session, desk.predictor, LIMITS, SOME)) as archive:
        masks = [name for name in archive.namelist() if name.startswith("mask/")]
    assert masks == ["mask/a_bmp.png", "mask/a_png.png", "mask/a_png_.png"]


def test_nothing_but_the_file_itself_stays_beside_the_photographs(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    work_off(desk, session)
    photograph = session.photographs[-1]
    path = write_archive(session, desk.predictor, LIMITS, SOME)
    assert {one.name for one in path.parent.iterdir()} == {photograph.key, path.name}


def test_every_format_that_is_installed_can_be_written_and_names_no_private_path(
    desk: Desk, session: Session, upload: Upload, caplog: pytest.LogCaptureFixture
) -> None:
    desk.take_in(session, [upload()])
    work_off(desk, session)
    names = [one.name for one in formats()]
    assert {"csv", "mask", "labelme"} <= set(names)
    with zipfile.ZipFile(write_archive(session, desk.predictor, LIMITS, names)) as archive:
        top = {PurePath(name).parts[0] for name in archive.namelist()}
    assert {"cracks.csv", "labelme", "record"} <= top
    assert "crackseg-app-" not in caplog.text


def test_formats_whose_library_is_missing_are_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackseg.app.archive.find_spec", lambda _: None)
    assert all(one.libraries == () for one in formats())
    assert "csv" in [one.name for one in formats()]
