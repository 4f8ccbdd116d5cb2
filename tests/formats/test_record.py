"""The file that every format, the page and a resumed run are made from."""

import json
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from crackseg.errors import CrackSegError
from crackseg.formats.record import read_record, schema, write_record
from crackseg.measurement.cracks import Crack, Measurement
from crackseg.measurement.measuring import measure
from crackseg.measurement.photograph import Georeference, Location, MeasuredPhotograph, Method
from crackseg.measurement.scale import Scale
from tests.measurement.drawn import drawn_arc, drawn_line, photographed

METHOD = Method("research: a network", 0.5, "1.0", "0.1.0")


@pytest.fixture(scope="module")
def measured() -> MeasuredPhotograph:
    coverage = np.maximum(drawn_line(6.0, 30.0, 240), drawn_arc(3.0, 100.0))
    coverage[10:14, 10:60] = 1
    found = measure(photographed(coverage), coverage, 0.5, Scale(0.123456789, 0.00001))
    reference = Georeference((0.1, 0.0, 691000.123456, 0.0, -0.1, 5334000.5), "EPSG:25832")
    place = Location(48.137154, 11.576124, datetime(2024, 5, 6, 7, 8, 9))
    return MeasuredPhotograph("bridge/north/wall.jpg", found, METHOD, reference, place)


def assert_equal(one: Crack, other: Crack) -> None:
    assert one.number == other.number
    assert one.area == other.area
    assert one.length.high == pytest.approx(other.length.high, abs=1e-3)
    assert (one.widths is None) == (other.widths is None)
    if one.widths is not None and other.widths is not None:
        assert one.widths.largest_at == pytest.approx(other.widths.largest_at, abs=1e-4)
        assert one.widths.mean.resolved == other.widths.mean.resolved
        assert one.widths.mean.low == pytest.approx(other.widths.mean.low, abs=1e-4)
    assert len(one.branches) == len(other.branches)
    for mine, its in zip(one.branches, other.branches, strict=True):
        assert (mine.line.free, mine.line.closed) == (its.line.free, its.line.closed)
        np.testing.assert_allclose(mine.line.points, its.line.points, atol=1e-4)
        there = its.widths.measured
        np.testing.assert_array_equal(mine.widths.measured, there)
        for field in fields(mine.widths):
            left, right = (
                getattr(widths, field.name)[there] for widths in (mine.widths, its.widths)
            )
            np.testing.assert_allclose(left, right, atol=1e-4, err_msg=field.name)


def test_a_record_gives_back_what_was_measured(
    measured: MeasuredPhotograph, tmp_path: Path
) -> None:
    write_record(measured, tmp_path / "wall_cracks.json")
    back = read_record(tmp_path / "wall_cracks.json")
    assert (back.name, back.method) == (measured.name, measured.method)
    assert (back.georeference, back.location) == (measured.georeference, measured.location)
    assert back.measurement.scale == measured.measurement.scale
    assert back.measurement.size == measured.measurement.size
    assert back.measurement.blur == pytest.approx(measured.measurement.blur, abs=1e-4)
    assert len(back.measurement.cracks) == len(measured.measurement.cracks) >= 2
    for one, other in zip(back.measurement.cracks, measured.measurement.cracks, strict=True):
        assert_equal(one, other)


def test_a_record_is_written_alike_when_it_is_read_and_written_again(
    measured: MeasuredPhotograph, tmp_path: Path
) -> None:
    first, second = tmp_path / "a_cracks.json", tmp_path / "b_cracks.json"
    write_record(measured, first)
    write_record(read_record(first), second)
    again = json.loads(second.read_text())
    stored = json.loads(first.read_text())
    for one, other in zip(again["cracks"], stored["cracks"], strict=True):
        # They are computed from positions, which were rounded in between.
        for name in ("orientation", "tortuosity"):
            assert one.pop(name) == pytest.approx(other.pop(name), abs=1e-3)
        for end in ("value", "low", "high"):
            assert one["length"].pop(end) == pytest.approx(other["length"].pop(end), abs=1e-3)
    assert again == stored


def test_a_photograph_without_cracks_has_a_record(tmp_path: Path) -> None:
    nothing = Measurement((), (30, 40), None, float("nan"))
    write_record(MeasuredPhotograph("a.jpg", nothing, METHOD), tmp_path / "a_cracks.json")
    back = read_record(tmp_path / "a_cracks.json")
    assert back.measurement.cracks == ()
    assert back.measurement.size == (30, 40)
    assert np.isnan(back.measurement.blur)
    assert (back.measurement.scale, back.georeference, back.location) == (None, None, None)


def test_a_column_of_a_record_stands_on_one_line(
    measured: MeasuredPhotograph, tmp_path: Path
) -> None:
    write_record(measured, tmp_path / "wall_cracks.json")
    lines = (tmp_path / "wall_cracks.json").read_text().splitlines()
    branches = [branch for crack in measured.measurement.cracks for branch in crack.branches]
    assert len(lines) < 60 * len(branches)
    assert sum(line.lstrip().startswith('"x": [') for line in lines) == len(branches)


def test_records_follow_their_schema(measured: MeasuredPhotograph, tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(schema())
    check = jsonschema.Draft202012Validator(schema()).validate
    bare = replace(measured, georeference=None, location=None)
    for number, photograph in enumerate((measured, bare)):
        path = tmp_path / f"{number}_cracks.json"
        write_record(photograph, path)
        check(json.loads(path.read_text()))
    stored = json.loads(path.read_text())
    del stored["cracks"][0]["branches"][0]["x"]
    with pytest.raises(jsonschema.ValidationError, match="'x' is a required property"):
        check(stored)


def test_the_schema_of_the_docs_is_that_of_the_records() -> None:
    page = Path(__file__).parents[2] / "docs" / "measured_cracks.schema.json"
    assert json.loads(page.read_text(encoding="utf-8")) == schema()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "is no file of measured cracks"),
        ({"format_version": 99}, "was written by a newer crackseg .format 99, .* update crackseg"),
        ({"name": "../../a.jpg"}, "the name leads out of the folder"),
        ({"width": None}, r"is damaged .width: Input should be a valid integer"),
        ({"scale": {"mm_per_pixel": -1.0}}, r"is damaged .mm_per_pixel=-1.0"),
    ],
)
def test_a_foreign_or_damaged_record_is_refused_in_one_line(
    measured: MeasuredPhotograph, tmp_path: Path, change: dict[str, object], words: str
) -> None:
    path = tmp_path / "wall_cracks.json"
    write_record(measured, path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(CrackSegError, match=words) as refused:
        read_record(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_record_whose_lists_have_unequal_lengths_is_refused(
    measured: MeasuredPhotograph, tmp_path: Path
) -> None:
    path = tmp_path / "wall_cracks.json"
    write_record(measured, path)
    stored = json.loads(path.read_text())
    stored["cracks"][0]["branches"][0]["widths"]["low"].pop()
    path.write_text(json.dumps(stored))
    with pytest.raises(CrackSegError, match=r"cracks\.0\.branches\.0.*a number for each"):
        read_record(path)


@pytest.mark.parametrize("text", ["", '{"format": "crackseg cracks", "na', "[" * 100_000, "[1]"])
def test_a_record_that_was_cut_short_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wall_cracks.json"
    path.write_text(text)
    with pytest.raises(CrackSegError, match=r"is damaged|is no file of measured cracks"):
        read_record(path)


def test_a_missing_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrackSegError, match="there is no such file of measured cracks"):
        read_record(tmp_path / "wall_cracks.json")
