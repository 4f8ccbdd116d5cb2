"""Texts on photographs: of a size that can be read, beside the cracks that they name."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from crackseg.images.pixels import UInt8Array
from crackseg.measurement.cracks import Crack
from crackseg.measurement.graph import FloatArray

# Height of letters as a share of the photograph's longer side, and the least one in pixels.
_SHARE, _LEAST = 1 / 75, 13
# Places along a crack where its label may stand, as shares of its points, the middle first.
_PLACES = (0.5, 0.3, 0.7, 0.15, 0.85, 0.0, 0.999)


def text_size(size: tuple[int, int]) -> int:
    """Height of letters, in pixels, on a photograph of size (H, W)."""
    return max(round(_SHARE * max(size)), _LEAST)


@lru_cache(maxsize=8)
def font(height: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that comes with Pillow."""
    return ImageFont.load_default(height)


def draw_labels(image: UInt8Array, cracks: Sequence[Crack], texts: Sequence[str]) -> UInt8Array:
    """Writes a text beside each crack, where it covers as little of other texts and cracks as can.

    Args:
        image: Picture, uint8 (H, W, 3).
        cracks: Cracks, the most important first.
        texts: Text of each.
    """
    picture = Image.fromarray(image)
    draw, height = ImageDraw.Draw(picture), text_size(image.shape[:2])
    rim = max(height // 8, 1)
    # So far apart, no text covers a crack between two of them.
    covered = np.concatenate(
        [np.empty((0, 2)), *(crack.points[:: height // 2] for crack in cracks)]
    )
    for crack, text in zip(cracks, texts, strict=True):
        wide, high = draw.textbbox((0, 0), text, font(height), stroke_width=rim)[2:]
        places = _places(crack, wide, high, 0.6 * height, picture.size)
        x, y = min(places, key=lambda place: _covered(place, wide, high, covered))
        covered = np.concatenate([covered, _grid(x, y, wide, high, height / 2)])
        draw.text((x, y), text, "white", font(height), stroke_width=rim, stroke_fill="black")
    return np.asarray(picture)


def _places(
    crack: Crack, wide: float, high: float, away: float, size: tuple[int, int]
) -> Iterator[tuple[float, float]]:
    """Upper left corners of a crack's text: on all sides of some of its points."""
    points = crack.points
    for share in _PLACES:
        x, y = points[int(share * len(points))].tolist()
        for corner in (
            (x + away, y - high - away),
            (x + away, y + away),
            (x - away - wide, y - high - away),
            (x - away - wide, y + away),
            (x - wide / 2, y - high - 2 * away),
            (x - wide / 2, y + 2 * away),
        ):
            yield (
                min(max(corner[0], 0.0), max(size[0] - wide, 0.0)),
                min(max(corner[1], 0.0), max(size[1] - high, 0.0)),
            )


def _covered(corner: tuple[float, float], wide: float, high: float, points: FloatArray) -> int:
    """Number of points that a text would cover."""
    inside = (points >= corner) & (points <= (corner[0] + wide, corner[1] + high))
    return int(inside.all(axis=1).sum())


def _grid(x: float, y: float, wide: float, high: float, step: float) -> FloatArray:
    """Points all over a text, by which the next one knows of it."""
    columns, rows = np.meshgrid(np.arange(x, x + wide, step), np.arange(y, y + high, step))
    # Several times, as a text must not be covered where a crack may.
    return np.repeat(np.stack([columns.ravel(), rows.ravel()], axis=1), 4, axis=0)
