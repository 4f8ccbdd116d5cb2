"""Legend below a picture: what lines of each colour and thickness mean."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from crackseg.formats.pictures.labels import font, text_size
from crackseg.formats.pictures.lines import NOT_MEASURED, NOT_RESOLVED, draw_line
from crackseg.formats.pictures.steps import Steps
from crackseg.images.pixels import UInt8Array

_PAPER, _INK = (96, 96, 96), "white"
# Length of a line in the legend, and spaces, in heights of letters.
_LINE, _SPACE, _WORD_SPACE = 2.5, 0.6, 0.3


def with_legend(picture: UInt8Array, steps: Steps, base: int, texts: Sequence[str]) -> UInt8Array:
    """Puts a legend below a picture.

    Args:
        picture: Picture, uint8 (H, W, 3).
        steps: Steps of width.
        base: Thickness of the thinnest line, in pixels.
        texts: Sentences below the lines.
    """
    width, height = picture.shape[1], text_size(picture.shape[:2])
    space = round(_SPACE * height)
    strips = _rows(_samples(steps, base, height), width, space, space)
    for text in texts:
        words = [_text(word, height) for word in text.split()]
        strips += _rows(words, width, space, round(_WORD_SPACE * height))
    edge = np.full((space, width, 3), _PAPER, np.uint8)
    return np.concatenate([picture, edge, *strips, edge])


def _samples(steps: Steps, base: int, height: int) -> list[UInt8Array]:
    """A line of each state with what it means, each a small picture."""
    meanings = dict(enumerate(steps.labels))
    meanings |= {NOT_RESOLVED: "not resolved", NOT_MEASURED: "not measured"}
    return [
        np.concatenate([_line(state, steps, base, height), _text(meaning, height)], axis=1)
        for state, meaning in meanings.items()
    ]


def _line(state: int, steps: Steps, base: int, height: int) -> UInt8Array:
    tile = np.full((_row_height(height), round((_LINE + 1) * height), 3), _PAPER, np.uint8)
    along = np.arange(0.3 * height, (_LINE + 0.3) * height)
    points = np.stack([along, np.full(len(along), tile.shape[0] / 2)], axis=1)
    for is_rim in (True, False):
        draw_line(tile, points, state, steps, base, is_rim)
    return tile


def _text(text: str, height: int) -> UInt8Array:
    letters = font(height)
    wide = round(ImageDraw.Draw(Image.new("L", (1, 1))).textlength(text, letters))
    tile = Image.new("RGB", (wide + 1, _row_height(height)), _PAPER)
    ImageDraw.Draw(tile).text((0, 0.2 * height), text, _INK, letters)
    return np.asarray(tile)


def _row_height(height: int) -> int:
    return round(1.6 * height)


def _rows(tiles: Sequence[UInt8Array], width: int, margin: int, gap: int) -> list[UInt8Array]:
    """Rows of small pictures; one that is too wide for the picture is cut off."""
    rows, x = [_row_of_paper(tiles[0], width)], margin
    for tile in tiles:
        if x > margin and x + tile.shape[1] > width - margin:
            rows.append(_row_of_paper(tile, width))
            x = margin
        rows[-1][:, x : x + tile.shape[1]] = tile[:, : max(width - x, 0)]
        x += tile.shape[1] + gap
    return rows


def _row_of_paper(tile: UInt8Array, width: int) -> UInt8Array:
    return np.full((tile.shape[0], width, 3), _PAPER, np.uint8)
