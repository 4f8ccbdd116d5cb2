"""Writes pictures for people: JPEG files, which stay small at 24 megapixels."""

from pathlib import Path

from PIL import Image

from crackseg.images.pixels import UInt8Array
from crackseg.system.files import atomic_write

# At a lower quality, or with fewer colours, thin lines of colour fray.
_QUALITY, _ALL_COLOURS = 90, 0


def write_jpeg(picture: UInt8Array, path: Path) -> None:
    """Writes a picture (H, W, 3), completely or not at all.

    Raises:
        OutputError: The file cannot be written.
    """
    with atomic_write(path) as name:
        Image.fromarray(picture).save(
            name, format="JPEG", quality=_QUALITY, subsampling=_ALL_COLOURS
        )
