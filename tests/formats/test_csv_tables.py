"""Tables, opened again by the csv module, and by pandas where it is there."""

import csv
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from crackseg.measurement.classes import class_limits
from crackseg.measurement.photograph import Location
from crackseg.measurement.scale import Scale
from tests.formats.measured import MAP, blank, result, write_folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file, strict=True))


def numbers(table: list[dict[str, str]], *columns: str) -> np.ndarray:
    return np.array([[float(row[name] or "nan") for name in columns] for row in table])


def test_a_row_a_crack_has_what_was_measured(tmp_path: Path) -> None:
    one = result(scale=Scale(0.2, 0.001))
    cracks = rows(write_folder("csv", [one], tmp_path, class_limits("en1992"))[0])
    measurement = one.photograph.measurement
    assert [row["crack"] for row in cracks] == ["1", "2", "3"]
    summary = measurement.cracks[0].widths
    assert summary is not None
    mean = measurement.in_unit(summary.mean)
    columns = ("length_px", "width_mean_mm", "width_mean_low_mm", "width_mean_high_mm")
    assert numbers(cracks, *columns)[0] == pytest.approx(
        (measurement.cracks[0].length.value, mean.value, mean.low, mean.high), abs=1e-4
    )
    assert [row["resolved"] for row in cracks] == ["true", "true", "false"]
    classes = {cracks[0][name] for name in ("class", "class_low", "class_high")}
    assert classes == {"above 0.4 mm"}


def test_a_class_whose_interval_spans_two_cannot_be_told(tmp_path: Path) -> None:
    one = result(scale=Scale(0.2))
    widths = one.photograph.measurement.cracks[0].widths
    assert widths is not None
    limit = class_limits([0.2 * widths.percentile95.value])
    first = rows(write_folder("csv", [one], tmp_path, limit)[0])[0]
    assert first["class"] == "cannot tell"
    assert (first["class_low"], first["class_high"]) == limit.labels


def test_photographs_without_cracks_have_a_row_too(tmp_path: Path) -> None:
    photographs = rows(write_folder("csv", [blank(), result()], tmp_path)[1])
    assert [row["photograph"] for row in photographs] == ["walls/none.jpg", "walls/one.jpg"]
    assert [row["cracks"] for row in photographs] == ["0", "3"]
    assert {row["length_mm"] for row in photographs} == {""}
    assert not {"class", "latitude_deg"} & set(photographs[0])


def test_the_widest_crack_of_a_photograph_is_a_resolved_one(tmp_path: Path) -> None:
    [row] = rows(write_folder("csv", [result()], tmp_path)[1])
    assert (row["widest_crack"], row["cracks_resolved"]) == ("2", "2")
    assert float(row["width_p95_px"]) == pytest.approx(6, abs=0.3)


def test_points_are_those_of_the_centrelines(tmp_path: Path) -> None:
    one = result(scale=Scale(0.5), georeference=MAP)
    points = rows(write_folder("csv", [one], tmp_path)[2])
    crack = one.photograph.measurement.cracks[1]
    of_crack = [row for row in points if row["crack"] == "2"]
    assert numbers(of_crack, "x_px", "y_px") == pytest.approx(crack.points, abs=1e-4)
    assert numbers(of_crack, "x_map", "y_map") == pytest.approx(MAP.to_map(crack.points))
    pixels, millimetres = numbers(of_crack, "width_px", "width_mm").T
    measured = np.isfinite(pixels)
    assert 0 < measured.sum() < len(measured)
    assert [row["resolved"] != "" for row in of_crack] == measured.tolist()
    assert millimetres[measured] == pytest.approx(0.5 * pixels[measured], abs=1e-3)


def test_location_and_time_stand_in_the_table_of_photographs_where_they_were_asked_for(
    tmp_path: Path,
) -> None:
    where = Location(48.1, 11.6, datetime(2024, 5, 6, 7, 8, 9))
    found = [result(location=where), result("two.jpg", location=Location(None, None, None))]
    cracks, photographs, points = map(rows, write_folder("csv", found, tmp_path))
    names = ("latitude_deg", "longitude_deg", "time_of_camera")
    places = [tuple(row[name] for name in names) for row in photographs]
    assert places == [("48.1", "11.6", "2024-05-06T07:08:09"), ("", "", "")]
    assert not set(names) & (set(cracks[0]) | set(points[0]))


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg", "\ta.jpg", "'a.jpg"])
def test_no_name_is_a_formula(name: str, tmp_path: Path) -> None:
    for path in write_folder("csv", [result(name)], tmp_path):
        assert {row["photograph"] for row in rows(path)} == {f"'{name}"}


def test_of_nothing_the_tables_have_their_columns(tmp_path: Path) -> None:
    full = [path.read_text() for path in write_folder("csv", [result()], tmp_path)]
    empty = [path.read_text() for path in write_folder("csv", [], tmp_path)]
    assert empty == [f"{text.splitlines()[0]}\n" for text in full]


def test_pandas_reads_numbers_and_truths(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas", reason="opens the tables too")
    cracks = pandas.read_csv(write_folder("csv", [result()], tmp_path)[0])
    assert cracks.resolved.tolist() == [True, True, False]
    assert cracks.width_mean_px.dtype == cracks.width_mean_mm.dtype == "float64"
    assert cracks.width_mean_mm.isna().all()
