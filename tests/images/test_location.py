"""Place and time of a photograph, as its camera wrote them."""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from crackseg.images.location import read_location
from crackseg.images.photographs import read_photograph
from crackseg.measurement.photograph import Location
from tests.images.heics import TURNED

GPS = {1: "N", 2: (50.0, 5.0, 6.0), 3: "E", 4: (14.0, 25.0, 12.0)}


def photograph(folder: Path, gps: dict[int, Any], time: str | None = None) -> Path:
    exif = Image.Exif()
    exif[0x8825] = gps
    if time is not None:
        exif[0x0132] = time
    path = folder / "wall.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("hemispheres", "wanted"), [("NE", (50.085, 14.42)), ("SW", (-50.085, -14.42))]
)
def test_degrees_have_the_sign_of_their_hemisphere(
    hemispheres: str, wanted: tuple[float, float], tmp_path: Path
) -> None:
    north, east = hemispheres
    found = read_location(photograph(tmp_path, GPS | {1: north, 3: east}))
    assert (found.latitude, found.longitude) == pytest.approx(wanted)
    assert found.time is None


@pytest.mark.parametrize(
    "gps", [{}, {1: "N", 2: (50.0, 5.0, 6.0)}, GPS | {2: (95.0, 0.0, 0.0)}], ids=str
)
def test_a_place_that_is_no_place_is_left_out(gps: dict[int, Any], tmp_path: Path) -> None:
    found = read_location(photograph(tmp_path, gps, "2025:06:01 10:20:30"))
    assert (found.latitude, found.longitude) == (None, None)
    assert str(found.time) == "2025-06-01 10:20:30"


def test_a_time_that_is_no_time_is_left_out(tmp_path: Path) -> None:
    found = read_location(photograph(tmp_path, GPS, "0000:00:00 00:00:00"))
    assert found.time is None


def test_a_file_that_is_no_photograph_has_no_place(tmp_path: Path) -> None:
    (tmp_path / "wall.jpg").write_bytes(b"no picture")
    assert read_location(tmp_path / "wall.jpg") == Location(None, None, None)


def test_a_tiff_has_its_place_too(tmp_path: Path) -> None:
    jpeg = photograph(tmp_path, GPS)
    with Image.open(jpeg) as opened:
        opened.save(tmp_path / "wall.tif", exif=opened.getexif())
    assert read_location(tmp_path / "wall.tif") == read_location(jpeg)
    assert read_location(jpeg).latitude == pytest.approx(50.085)


def test_a_photograph_of_a_phone_has_its_place(tmp_path: Path) -> None:
    pytest.importorskip("pi_heif")
    path = tmp_path / "IMG_1.HEIC"
    path.write_bytes(TURNED)
    read_photograph(path)
    found = read_location(path)
    assert found.latitude == pytest.approx(48 + 8 / 60 + 13.75 / 3600)
    assert str(found.time) == "2024-05-06 07:08:09"
