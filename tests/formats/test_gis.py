"""GeoJSON and GeoPackage, opened again by fiona and by shapely."""

import json
import logging
import re
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from crackseg.errors import OutputError
from crackseg.measurement.classes import class_limits
from crackseg.measurement.photograph import Georeference
from crackseg.measurement.scale import Scale
from tests.formats.measured import MAP, blank, result, write_folder

fiona = pytest.importorskip("fiona", reason="opens the files again")
pytest.importorskip("pyogrio", reason="needs the extra gis")
pyproj = pytest.importorskip("pyproj", reason="needs the extra gis")

OTHER = Georeference((0.01, 0.0, 300000.0, 0.0, -0.01, 200000.0), "EPSG:27700")
UNNAMED = Georeference(MAP.affine, None)


def opened(path: Path, layer: str | None = None) -> tuple[str, list]:
    with fiona.open(path, layer=layer) as file:
        return file.crs.to_string(), list(file)


def test_geojson_is_in_wgs_84(tmp_path: Path) -> None:
    one = result(scale=Scale(2.0), georeference=MAP)
    path, other = write_folder("geojson", [blank(), one], tmp_path, class_limits("tm5-826-6"))
    assert not other.exists()
    crs, lines = opened(path)
    assert crs == "EPSG:4326"
    cracks = one.photograph.measurement.cracks
    assert len(lines) == sum(len(crack.branches) for crack in cracks)
    branch = cracks[0].branches[0]
    back = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:25832", always_xy=True)
    there = np.stack(back.transform(*np.array(lines[0].geometry.coordinates).T), axis=1)
    assert there == pytest.approx(MAP.to_map(branch.line.points), abs=1e-3)
    attributes = lines[0].properties
    assert (attributes["photograph"], attributes["crack"], attributes["branch"]) == (
        ("walls/one.jpg", 1, 1)
    )
    assert attributes["length_mm"] == pytest.approx(2 * branch.line.length, abs=1e-3)
    assert attributes["length_low_mm"] < attributes["length_mm"] < attributes["length_high_mm"]
    assert attributes["width_mean_low_px"] < attributes["width_mean_px"]
    assert attributes["class"] in class_limits("tm5-826-6").labels
    about = json.loads(path.read_text())["about"]
    assert "longitude and latitude in WGS 84" in about[0]
    assert "no verdict on a structure" in about[-1]


def test_geojson_of_what_is_on_no_map_is_in_pixels_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = result()
    on_map, path = write_folder("geojson", [one], tmp_path)
    assert not on_map.exists()
    assert "3 lines are on no map that is known" in caplog.text
    document = json.loads(path.read_text())
    assert "y upwards from its upper left corner" in document["about"][0]
    assert "on no known map" in opened(path)[0]
    points = one.photograph.measurement.cracks[0].branches[0].line.points
    found = np.array(document["features"][0]["geometry"]["coordinates"])
    assert found[:, 0] == pytest.approx(points[:, 0] + 0.5, abs=1e-3)
    assert found[:, 1] == pytest.approx(-points[:, 1] - 0.5, abs=1e-3)


SITE = 'LOCAL_CS["site",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
FAR_AWAY = Georeference((1.0, 0.0, 1e12, 0.0, -1.0, 1e12), "EPSG:25832")


@pytest.mark.parametrize("where", [Georeference(MAP.affine, SITE), FAR_AWAY])
def test_geojson_of_what_is_nowhere_on_the_earth_is_told_apart(
    tmp_path: Path, where: Georeference
) -> None:
    on_map, path = write_folder("geojson", [result(georeference=where)], tmp_path)
    assert not on_map.exists()
    assert "Infinity" not in path.read_text()
    assert len(json.loads(path.read_text())["features"]) > 0


@pytest.mark.parametrize("where", [(1e-7, 0.0, 11.5, 0.0, -1e-7, 48.1), MAP.affine])
def test_geojson_keeps_what_is_on_an_unknown_map_to_a_hundredth_of_a_pixel(
    tmp_path: Path, where: tuple[float, ...]
) -> None:
    """Which may be in degrees, of which four decimals are 11 m."""
    one = result(georeference=Georeference(where, None))  # type: ignore[arg-type]
    _, path = write_folder("geojson", [one], tmp_path)
    found = json.loads(path.read_text())["features"][0]["geometry"]["coordinates"]
    branch = one.photograph.measurement.cracks[0].branches[0]
    wanted = Georeference(where, None).to_map(branch.line.points)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=where[0] / 100)


def test_geojson_keeps_maps_and_pixels_apart(tmp_path: Path) -> None:
    paths = write_folder("geojson", [result(georeference=MAP), result("two.jpg")], tmp_path)
    names = [{line.properties["photograph"] for line in opened(path)[1]} for path in paths]
    assert names == [{"walls/one.jpg"}, {"two.jpg"}]


def test_geojson_without_cracks_is_an_empty_collection(tmp_path: Path) -> None:
    path, other = write_folder("geojson", [blank()], tmp_path)
    assert not other.exists()
    assert json.loads(path.read_text())["features"] == []


def test_a_geopackage_has_a_layer_for_each_reference_system(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = [
        result("a.tif", Scale(2.0), MAP),
        result("b.tif", georeference=OTHER),
        result("c.jpg"),
        result("d.jpg", georeference=UNNAMED),
        result("e.tif", Scale(2.0), MAP),
    ]
    with caplog.at_level(logging.WARNING):
        [path] = write_folder("gpkg", found, tmp_path)
    assert set(fiona.listlayers(path)) == {
        "cracks_epsg_25832",
        "cracks_epsg_27700",
        "cracks_pixels",
        "cracks_unnamed",
    }
    crs, lines = opened(path, "cracks_epsg_25832")
    assert crs == "EPSG:25832"
    assert {line.properties["photograph"] for line in lines} == {"a.tif", "e.tif"}
    branch = found[0].photograph.measurement.cracks[0].branches[0]
    assert np.array(lines[0].geometry.coordinates) == pytest.approx(
        MAP.to_map(branch.line.points), abs=1e-6
    )
    assert "layer cracks_pixels: Coordinates are pixels of each photograph" in caplog.text
    assert "layer cracks_unnamed: Coordinates are of a map" in caplog.text


def test_layers_whose_names_begin_alike_have_no_numbers(tmp_path: Path) -> None:
    """EPSG:2583 is no second EPSG:25832."""
    longer = replace(MAP, crs="EPSG:25832")
    shorter = replace(MAP, crs="EPSG:2583")
    found = [result("a.tif", georeference=longer), result("b.tif", georeference=shorter)]
    [path] = write_folder("gpkg", found, tmp_path)
    assert set(fiona.listlayers(path)) == {"cracks_epsg_25832", "cracks_epsg_2583"}


def test_what_is_not_known_is_null_in_a_geopackage(tmp_path: Path) -> None:
    [path] = write_folder("gpkg", [result()], tmp_path)
    crs, lines = opened(path, "cracks_pixels")
    assert "on no known map" in crs
    assert all(line.properties["width_mean_mm"] is None for line in lines)
    assert [line.properties["resolved"] for line in lines] == [True, True, False]
    with sqlite3.connect(path) as database:
        [about] = database.execute("select description from gpkg_contents").fetchone()
    assert "where a width is not resolved" in about
    assert "for research only" in about


def test_a_geopackage_without_cracks_has_an_empty_layer(tmp_path: Path) -> None:
    [path] = write_folder("gpkg", [], tmp_path)
    assert opened(path, "cracks_pixels")[1] == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["cracks.gpkg"]


def test_a_reference_system_that_is_none_is_said_to_be_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = result(georeference=Georeference(MAP.affine, "my own grid"))
    [path] = write_folder("gpkg", [one], tmp_path)
    assert fiona.listlayers(path) == ["cracks_unnamed"]
    assert "my own grid: no reference system that is known" in caplog.text


def test_a_full_disk_is_said_in_words_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyogrio = pytest.importorskip("pyogrio")
    [path] = write_folder("gpkg", [result()], tmp_path)
    old = path.read_bytes()

    def fail(*_: object, **__: object) -> None:
        raise pyogrio.errors.DataSourceError("database or disk is full")

    monkeypatch.setattr("pyogrio.raw.write", fail)
    message = re.escape(f"{path}: cannot be written (database or disk is full); is there room")
    with pytest.raises(OutputError, match=message):
        write_folder("gpkg", [result()], tmp_path)
    assert path.read_bytes() == old
