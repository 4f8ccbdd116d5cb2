"""Photographs small enough for a page."""

import base64
import io
from dataclasses import dataclass

from PIL import Image

from crackseg.images.pixels import UInt8Array, resize, scaled_size

# Bytes of a whole page that photographs and places along cracks may take together.
PAGE_BYTES = 48_000_000
# Longest side of a photograph in pixels, and the one below which it would show nothing.
LONGEST, _SHORTEST = 1600, 320
# Bytes that one photograph may take, however few there are.
_MOST = 1_000_000
# Share of the bytes that places take, and bytes of one place.
_PLACES, _PLACE = 0.25, 20
_LEAST_PLACES = 200
_QUALITY = 78


@dataclass(frozen=True)
class Room:
    """What one photograph may take of a page.

    Attributes:
        picture: Bytes of its picture, as text.
        places: Number of places along its cracks.
    """

    picture: int
    places: int

    @classmethod
    def for_one_of(cls, count: int) -> "Room":
        """The room of each of so many photographs.

        >>> Room.for_one_of(300)
        Room(picture=120000, places=2000)
        """
        each = min(PAGE_BYTES // max(count, 1), _MOST)
        return cls(int((1 - _PLACES) * each), max(int(_PLACES * each / _PLACE), _LEAST_PLACES))


@dataclass(frozen=True)
class ShownPicture:
    """A photograph as a page shows it.

    Attributes:
        address: Data URI.
        size: Height and width in pixels.
    """

    address: str
    size: tuple[int, int]


def shown_picture(picture: UInt8Array, room: Room) -> ShownPicture:
    """Shrinks a photograph (H, W, 3) until it fits."""
    longest = max(picture.shape[:2])
    scale = min(1.0, LONGEST / longest)
    address = ""
    # Bytes grow about like pixels: the second guess nearly always fits.
    while not address or len(address) > room.picture:
        if address:
            scale *= max(0.9 * (room.picture / len(address)) ** 0.5, 0.5)
        small = resize(picture, scaled_size(picture.shape[:2], scale))
        address = _address(small)
        if scale * longest <= _SHORTEST:
            break
    return ShownPicture(address, small.shape[:2])


def _address(picture: UInt8Array) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=_QUALITY)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
