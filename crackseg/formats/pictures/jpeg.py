"""Writes pictures for people: JPEG files, which stay small at 24 megapixels."""

from pathlib import Path

from PIL import Image

from crackseg.images.pixels import UInt8Array, resize, scaled_size
from crackseg.system.files import atomic_write

# At a lower quality, or with fewer colours, thin lines of colour fray.
_QUALITY, _ALL_COLOURS = 90, 0
# Most pixels of a side that libjpeg takes.
_LONGEST = 65_500


def write_jpeg(picture: UInt8Array, path: Path) -> None:
    """Writes a picture (H, W, 3), completely or not at all; smaller where JPEG takes no larger one.

    Raises:
        OutputError: The file cannot be written.
    """
    share = min(_LONGEST / max(picture.shape[:2]), 1.0)
    shown = resize(picture, scaled_size(picture.shape[:2], share))
    with atomic_write(path) as name:
        Image.fromarray(shown).save(name, format="JPEG", quality=_QUALITY, subsampling=_ALL_COLOURS)
