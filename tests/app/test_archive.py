"""Everything that was found, in one ZIP file."""

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from crackseg.app.archive import write_archive
from crackseg.app.desk import Desk
from crackseg.app.sessions import Session
from crackseg.formats.record import read_record
from crackseg.measurement.classes import class_limits
from tests.app.stand_ins import draw_photograph

LIMITS = class_limits("en1992")
Upload = Callable[..., Path]


def test_it_holds_masks_overlays_tables_and_records(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    desk.take_in(session, [upload("a.png"), upload("b.png", 3.0)])
    *_, last = desk.find(session)
    desk.measure(session, last.key, 0.3)
    path = write_archive(session, desk.predictor, LIMITS)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        rows = list(csv.DictReader(io.StringIO(archive.read("cracks.csv").decode())))
        mask = np.asarray(Image.open(archive.open("masks/b_mask.png")))
        overlay = Image.open(archive.open("overlays/b_overlay.png"))
        archive.extract("records/b_cracks.json", tmp_path)
    assert [row["photograph"] for row in rows] == ["a.png", "b.png"]
    assert set(np.unique(mask)) == {0, 255}
    assert overlay.size == (200, 200)
    record = read_record(tmp_path / "records" / "b_cracks.json")
    # The mask is that of the threshold at which the cracks were measured.
    assert record.method.threshold == 0.3
    assert (mask == 255).sum() == record.measurement.cracks[0].area


def test_photographs_of_one_stem_do_not_replace_each_other(
    desk: Desk, session: Session, upload: Upload, tmp_path: Path
) -> None:
    desk.take_in(session, [upload("a.png"), draw_photograph(tmp_path / "a.bmp")])
    list(desk.find(session))
    with zipfile.ZipFile(write_archive(session, desk.predictor, LIMITS)) as archive:
        masks = [name for name in archive.namelist() if name.startswith("masks/")]
    assert masks == ["masks/a_bmp_mask.png", "masks/a_png_mask.png"]


def test_nothing_but_the_file_itself_stays_beside_the_photographs(
    desk: Desk, session: Session, upload: Upload
) -> None:
    desk.take_in(session, [upload()])
    *_, photograph = desk.find(session)
    path = write_archive(session, desk.predictor, LIMITS)
    assert {one.name for one in path.parent.iterdir()} == {photograph.key, path.name}
