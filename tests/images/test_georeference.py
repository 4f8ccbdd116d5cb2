"""Where a photograph lies on a map: tags of GeoTIFF, world files, units."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.images.georeference import read_placement
from tests.images.geotiffs import PIXELS, UTM, geotiff, keys

WKT = (
    'PROJCS["ETRS_1989_UTM_Zone_32N",GEOGCS["GCS_ETRS_1989",DATUM["D_ETRS_1989",'
    'SPHEROID["GRS_1980",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    'PARAMETER["False_Easting",500000.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(("raster", "offset"), [(1, 0.025), (2, 0.0)])
def test_a_pixel_lies_at_its_middle_whatever_the_file_counts_from(
    tmp_path: Path, raster: int, offset: float
) -> None:
    found = read_placement(
        geotiff(tmp_path / "a.tif", keys(model=1, raster=raster, projected=UTM, unit=9001))
    )
    assert found is not None
    assert found.georeference.crs == "EPSG:25832"
    assert found.metres_per_unit == 1.0
    first, other = found.georeference.to_map(np.array([[0.0, 0.0], [20.0, 10.0]]))
    assert first == pytest.approx([691000 + offset, 5334000 - offset], abs=1e-9)
    assert other == pytest.approx([691001 + offset, 5333999.5 - offset], abs=1e-9)


def test_a_turned_map_is_read_from_its_transformation(tmp_path: Path) -> None:
    # A quarter turn of pixels of 2 cm.
    rows = [0.0, 0.02, 0, 100.0, 0.02, 0.0, 0, 200.0, 0, 0, 0, 0, 0, 0, 0, 1]
    found = read_placement(
        geotiff(tmp_path / "a.tif", keys(model=1, projected=UTM, unit=9001), transformation=rows)
    )
    assert found is not None
    at = found.georeference.to_map(np.array([[0.0, 0.0], [10.0, 0.0]]))
    assert at.tolist() == [pytest.approx([100.01, 200.01]), pytest.approx([100.01, 200.21])]


def test_a_tie_point_may_be_any_pixel(tmp_path: Path) -> None:
    tags = {"scale": [0.5, 0.5, 0.0], "tie": [10.0, 20.0, 0.0, 105.0, 90.0, 0.0]}
    found = read_placement(
        geotiff(tmp_path / "a.tif", keys(model=1, raster=2, projected=UTM, unit=9001), **tags)
    )
    assert found is not None
    assert found.georeference.to_map(np.array([[0.0, 0.0]])).tolist() == [[100.0, 100.0]]


OWN = {"model": 1, "geographic": 4326, "projected": 32767, "unit": 9001}


@pytest.mark.parametrize("code", [3395, 3752, 3785, 3832, 3857, 3994, 5641, 3388, 4087, 32662])
def test_codes_of_mercator_and_of_equal_degrees_have_no_metres(tmp_path: Path, code: int) -> None:
    found = read_placement(geotiff(tmp_path / "a.tif", keys(model=1, projected=code, unit=9001)))
    assert found is not None
    assert (found.georeference.crs, found.metres_per_unit) == (f"EPSG:{code}", None)
    assert found.why_not.startswith("its projection stretches, as Mercator's does")


@pytest.mark.parametrize(
    ("directory", "metres", "why_not"),
    [
        (keys(model=1, projected=2263, unit=9003), pytest.approx(0.3048006096), ""),
        (keys(model=1, projected=UTM), 1.0, ""),
        (keys(model=1, projected=26910, unit=9003), pytest.approx(0.3048006096), ""),
        (keys(model=1, projected=2263), None, "nothing says the unit"),
        (keys(model=2, geographic=4326), None, "in degrees"),
        (keys(model=1, projected=3857, unit=9001), None, "stretches, as Mercator's does"),
        # Mercator, equidistant cylindrical, Miller, polar stereographic.
        (keys(**OWN, conversion=32767, method=7), None, "stretches"),
        (keys(**OWN, method=17), None, "stretches"),
        (keys(**OWN, method=20), None, "stretches"),
        (keys(**OWN, method=15), None, "stretches"),
        # Transverse Mercator, a zone of UTM by its number, Lambert's conformal cone.
        (keys(**OWN, method=1), 1.0, ""),
        (keys(**OWN, conversion=16032), 1.0, ""),
        (keys(**OWN, method=8), 1.0, ""),
        (keys(**OWN), None, "nothing says in which projection it is"),
        (keys(**OWN, method=32767), None, "nothing says in which projection it is"),
        (keys(model=1, unit=9001), None, "nothing says in which projection it is"),
        # No type of model: degrees where a system in degrees is all that is named.
        (keys(geographic=4326, unit=9001), None, "in degrees"),
        (keys(geographic=4326, projected=UTM, unit=9001), 1.0, ""),
        # A site's own axes.
        (keys(unit=9001), 1.0, ""),
        (keys(model=32767, unit=9001), 1.0, ""),
        # Geocentric.
        (keys(model=3, geographic=4978, unit=9001), None, "nothing says in which projection"),
    ],
)
def test_the_unit_of_a_map_on_the_ground_is_known_or_the_reason_is(
    tmp_path: Path, directory: list[int], metres: float | None, why_not: str
) -> None:
    found = read_placement(geotiff(tmp_path / "a.tif", directory))
    assert found is not None
    assert found.metres_per_unit == metres
    assert why_not in found.why_not
    assert bool(found.why_not) == bool(why_not)


def test_words_instead_of_a_number_name_no_projection(tmp_path: Path) -> None:
    """Some programs describe Web Mercator in words alone, under key 3073."""
    words = [1, 1, 0, 2, 3073, 34737, 20, 0, 3076, 0, 1, 9001]
    found = read_placement(geotiff(tmp_path / "a.tif", words))
    assert found is not None
    assert found.metres_per_unit is None


@pytest.mark.parametrize(
    ("photograph", "world", "projection"),
    [
        ("a.tif", "a.tfw", "a.prj"),
        ("a.jpg", "a.jgw", "a.PRJ"),
        ("a.JPG", "a.jgw", "a.prj"),
        ("a.png", "a.PGW", "a.PRJ"),
        ("a.jpeg", "a.wld", "a.prj"),
    ],
)
def test_a_world_file_counts_from_the_middle_of_the_first_pixel(
    tmp_path: Path, photograph: str, world: str, projection: str
) -> None:
    Image.fromarray(PIXELS).save(tmp_path / photograph)
    numbers = "0.05\n0.01\n0,02\n-0.05\n691000.025\n5333999.975\n"
    (tmp_path / world).write_text(numbers, "utf-8-sig")
    bare = read_placement(tmp_path / photograph)
    assert bare is not None
    assert (bare.georeference.crs, bare.metres_per_unit) == (None, None)
    assert "there is no .prj file" in bare.why_not
    assert bare.georeference.affine == (0.05, 0.02, 691000.025, 0.01, -0.05, 5333999.975)
    (tmp_path / projection).write_text(WKT)
    known = read_placement(tmp_path / photograph)
    assert known is not None
    assert (known.georeference.crs, known.metres_per_unit) == (WKT, 1.0)


@pytest.mark.parametrize(
    ("text", "crs", "metres", "why_not"),
    [
        (WKT[:-1] + ',AUTHORITY["EPSG","25832"]]', "EPSG:25832", 1.0, ""),
        (WKT.replace('"Meter",1.0', '"Foot_US",0.3048006096'), None, 0.3048006096, ""),
        ('GEOGCS["WGS 84",UNIT["degree",0.01745]]', None, None, "in degrees"),
        ('LOCAL_CS["site",UNIT["metre",1],AXIS["x",EAST]]', None, 1.0, ""),
        (WKT.replace("Transverse_Mercator", "Mercator_1SP"), None, None, "stretches"),
        (WKT.replace("Transverse_Mercator", "Equidistant_Cylindrical"), None, None, "stretches"),
        (WKT.replace("Transverse_Mercator", "Miller_Cylindrical"), None, None, "stretches"),
        (WKT.replace("Transverse_Mercator", "Lambert_Conformal_Conic"), None, 1.0, ""),
        (WKT.replace("Transverse_Mercator", "Hotine_Oblique_Mercator"), None, 1.0, ""),
        (WKT[:-1] + ',AUTHORITY["EPSG","3994"]]', "EPSG:3994", None, "stretches"),
        (
            'PROJCRS["x",CONVERSION["UTM",PARAMETER["False easting",500,LENGTHUNIT["km",1000]]],'
            'CS[Cartesian,2],AXIS["(E)",east],LENGTHUNIT["metre",1],ID["EPSG",25832]]',
            "EPSG:25832",
            1.0,
            "",
        ),
    ],
)
def test_a_description_of_a_projection_names_its_unit(
    tmp_path: Path, text: str, crs: str | None, metres: float | None, why_not: str
) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    (tmp_path / "a.pgw").write_text("0.05 0 0 -0.05 0 0")
    (tmp_path / "a.prj").write_text(text)
    found = read_placement(tmp_path / "a.png")
    assert found is not None
    assert found.georeference.crs == (crs or text)
    assert found.metres_per_unit == metres
    assert why_not in found.why_not


def test_a_projection_of_its_own_is_not_called_what_it_is_a_projection_of(tmp_path: Path) -> None:
    directory = keys(**OWN, method=1)
    found = read_placement(geotiff(tmp_path / "a.tif", directory))
    assert found is not None
    assert (found.georeference.crs, found.metres_per_unit) == (None, 1.0)


def test_what_is_of_no_use_lies_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    assert read_placement(tmp_path / "a.png") is None
    assert not caplog.messages
    for text in ("0 0 0 0 1 2", "nan 0 0 1 1 2", "0.05 0 0", "letters", ""):
        (tmp_path / "a.pgw").write_text(text)
        assert read_placement(tmp_path / "a.png") is None
    assert caplog.messages == [
        f"{tmp_path / 'a.pgw'}: no world file of six numbers, so a.png lies on no map"
    ]
    directory = keys(model=1, projected=UTM, unit=9001)
    assert read_placement(geotiff(tmp_path / "turned.tif", directory, orientation=6)) is None
    # Several points that are measured on the ground make no map of a single slope.
    points = [0.0, 0, 0, 1, 2, 0, 10, 0, 0, 3, 4, 0]
    assert (
        read_placement(geotiff(tmp_path / "b.tif", directory, scale=[1.0, 1.0, 0.0], tie=points))
        is None
    )
    (tmp_path / "cut.tif").write_bytes((tmp_path / "turned.tif").read_bytes()[:200])
    assert read_placement(tmp_path / "cut.tif") is None
    assert read_placement(tmp_path / "missing.tif") is None
