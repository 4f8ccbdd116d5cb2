"""Tables, opened again by pandas and by the csv module."""

import csv
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from crackseg.measurement.classes import class_limits
from crackseg.measurement.photograph import Location
from crackseg.measurement.scale import Scale
from tests.formats.measured import MAP, blank, result, write_folder


def test_a_row_a_crack_has_what_was_measured(tmp_path: Path) -> None:
    one = result(scale=Scale(0.2, 0.001))
    cracks = pd.read_csv(write_folder("csv", [one], tmp_path, class_limits("en1992"))[0])
    measurement = one.photograph.measurement
    assert cracks.crack.tolist() == [crack.number for crack in measurement.cracks]
    first, summary = cracks.iloc[0], measurement.cracks[0].widths
    assert summary is not None
    assert first.length_px == pytest.approx(measurement.cracks[0].length.value, abs=1e-4)
    mean = measurement.in_unit(summary.mean)
    assert (first.width_mean_mm, first.width_mean_low_mm, first.width_mean_high_mm) == (
        pytest.approx((mean.value, mean.low, mean.high), abs=1e-4)
    )
    assert first.resolved
    assert first["class"] == first.class_low == first.class_high == "above 0.4 mm"


def test_a_class_whose_interval_spans_two_cannot_be_told(tmp_path: Path) -> None:
    one = result(scale=Scale(0.2))
    widths = one.photograph.measurement.cracks[0].widths
    assert widths is not None
    limit = class_limits([0.2 * widths.percentile95.value])
    first = pd.read_csv(write_folder("csv", [one], tmp_path, limit)[0]).iloc[0]
    assert first["class"] == "cannot tell"
    assert (first.class_low, first.class_high) == limit.labels


def test_photographs_without_cracks_have_a_row_too(tmp_path: Path) -> None:
    _, path, _ = write_folder("csv", [blank(), result()], tmp_path)
    photographs = pd.read_csv(path)
    assert photographs.photograph.tolist() == ["walls/none.jpg", "walls/one.jpg"]
    assert photographs.cracks.tolist() == [0, 3]
    assert photographs.length_mm.isna().all()
    assert "class" not in photographs.columns
    assert "latitude_deg" not in photographs.columns


def test_points_are_those_of_the_centrelines(tmp_path: Path) -> None:
    one = result(scale=Scale(0.5), georeference=MAP)
    points = pd.read_csv(write_folder("csv", [one], tmp_path)[2])
    crack = one.photograph.measurement.cracks[0]
    of_first = points[points.crack == 1]
    assert of_first[["x_px", "y_px"]].to_numpy() == pytest.approx(crack.points, abs=1e-4)
    assert of_first[["x_map", "y_map"]].to_numpy() == pytest.approx(MAP.to_map(crack.points))
    measured = of_first.width_px.notna()
    assert measured.any()
    assert not measured.all()
    assert of_first.resolved.notna().equals(measured)
    assert of_first.width_mm[measured].to_numpy() == pytest.approx(
        0.5 * of_first.width_px[measured].to_numpy(), abs=1e-3
    )


def test_location_and_time_stand_in_the_table_of_photographs_where_they_were_asked_for(
    tmp_path: Path,
) -> None:
    where = Location(48.1, 11.6, datetime(2024, 5, 6, 7, 8, 9))
    nowhere = Location(None, None, None)
    found = [result(location=where), result("two.jpg", location=nowhere)]
    table = pd.read_csv(write_folder("csv", found, tmp_path)[1])
    assert table.latitude_deg.tolist()[0] == 48.1
    assert table.time_of_camera.tolist()[0] == "2024-05-06T07:08:09"
    assert table.loc[1, ["latitude_deg", "longitude_deg", "time_of_camera"]].isna().all()


@pytest.mark.parametrize("name", ["=1+1.jpg", "+a.jpg", "-a.jpg", "@a.jpg", "\ta.jpg", "'a.jpg"])
def test_no_name_is_a_formula(name: str, tmp_path: Path) -> None:
    for path in write_folder("csv", [result(name)], tmp_path):
        with path.open(newline="", encoding="utf-8") as file:
            names = {row["photograph"] for row in csv.DictReader(file)}
        assert names == {f"'{name}"}


def test_of_nothing_the_tables_have_their_columns(tmp_path: Path) -> None:
    full = [path.read_text() for path in write_folder("csv", [result()], tmp_path)]
    empty = [path.read_text() for path in write_folder("csv", [], tmp_path)]
    assert empty == [f"{text.splitlines()[0]}\n" for text in full]
