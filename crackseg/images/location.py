"""Where and when a photograph was taken, as its camera wrote into its EXIF data."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image

from crackseg.images.tiff.exif import DAMAGES
from crackseg.measurement.photograph import Location

_FORM = "%Y:%m:%d %H:%M:%S"


def read_location(path: Path) -> Location:
    """Reads place and time of a photograph, as far as its file says them."""
    try:
        with Image.open(path) as opened:
            exif = opened.getexif()
            # Those of a TIFF file are read when they are asked for, from the open file.
            gps, camera = exif.get_ifd(ExifTags.IFD.GPSInfo), exif.get_ifd(ExifTags.IFD.Exif)
    except DAMAGES:
        return Location(None, None, None)
    latitude = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, 90)
    longitude = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, 180)
    if latitude is None or longitude is None:
        latitude = longitude = None
    time = _time(camera.get(ExifTags.Base.DateTimeOriginal) or exif.get(ExifTags.Base.DateTime))
    return Location(latitude, longitude, time)


def _degrees(gps: Mapping[int, Any], value: int, reference: int, most: float) -> float | None:
    """Degrees north or east; None where there are none, or none that can be."""
    with suppress(TypeError, ValueError, ZeroDivisionError, KeyError):
        degrees, minutes, seconds = (float(part) for part in gps[value])
        found = degrees + minutes / 60 + seconds / 3600
        sign = -1 if str(gps[reference]).strip("\0 ").upper() in ("S", "W") else 1
        if 0 <= found <= most:
            return sign * found
    return None


def _time(text: object) -> datetime | None:
    with suppress(ValueError):
        return datetime.strptime(str(text).strip("\0 "), _FORM)
    return None
