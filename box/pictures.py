"""Pictures of what the networks of the box find, and where they fail.

All show photographs that crackseg draws, of seeds that no training took: those of the data sets
are not ours to print.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import crackseg
from crackseg.data.synthetic.rendering import SURFACES, render
from crackseg.images.pixels import UInt8Array, resize
from crackseg.inference.predictor import Predictor
from crackseg.system.files import atomic_write
from crackseg.visualization.overlays import overlay
from crackseg.weights.registry import BUNDLED, DEFAULT

# The seeds of training are hashes with 32 bits.
_SHOWN = 11
_SEARCHED = range(100, 112)
_WORN = ("asphalt", "concrete", "asphalt", "asphalt", "concrete")
_SIDE, _GAP = 220, 4
_QUALITY = 85
# A row: the photograph, its truth, what was found, all uint8 (H, W, 3).
Row = tuple[UInt8Array, UInt8Array, UInt8Array]


def write_pictures(folder: Path) -> None:
    """Writes the pictures of all networks whose files are here, and of what they learn from.

    Raises:
        CheckpointError: A file is damaged.
    """
    for model in (one for one in BUNDLED if one.path.is_file()):
        draw_failures(model.name, folder / f"box_failures_{model.name}.jpg")
    if DEFAULT.path.is_file():
        draw_found(folder / "box_found.jpg")
    draw_worn(folder / "worn.jpg")


def draw_worn(path: Path) -> None:
    """Draws worn photographs above their masks."""
    drawn = [render(surface, _SHOWN + i, worn=True) for i, surface in enumerate(_WORN)]
    masks = [overlay(photograph, coverage > 127) for photograph, coverage in drawn]
    _write([[photograph for photograph, _ in drawn], masks], path)


def draw_found(path: Path) -> None:
    """Draws photographs of every surface above what the default network found on them."""
    rows = [_row(crackseg.load(), surface, _SHOWN)[0] for surface in SURFACES]
    _write([[row[0] for row in rows], [row[2] for row in rows]], path)


def draw_failures(name: str, path: Path) -> None:
    """Draws where a network fails: photograph, truth, found.

    Args:
        name: Name of the network.
        path: Path of the picture, whose upper two rows are those of most missed crack, and the
            lower two those of most false crack.
    """
    predictor = crackseg.load(model=name)
    rows = [
        _row(predictor, surface, seed, cracked=seed % 2 == 0)
        for seed in _SEARCHED
        for surface in SURFACES
    ]
    missed = sorted(rows, key=lambda row: -row[1])[:2]
    false = sorted(rows, key=lambda row: -row[2])[:2]
    _write([row for row, _, _ in (*missed, *false)], path)


def _row(
    predictor: Predictor, surface: str, seed: int, cracked: bool = True
) -> tuple[Row, float, float]:
    """A row of pictures, the share of its crack that was missed, and of the image that is false."""
    photograph, coverage = render(surface, seed, cracked=cracked)
    truth = coverage > 127
    found = predictor.predict(photograph).mask
    missed = float((truth & ~found).sum() / max(truth.sum(), 1))
    row = photograph, overlay(photograph, truth), overlay(photograph, found)
    return row, missed, float((found & ~truth).mean())


def _write(rows: Sequence[Sequence[UInt8Array]], path: Path) -> None:
    """Writes a grid of pictures as JPEG."""
    grid = np.concatenate([np.concatenate(list(_framed(row)), axis=1) for row in rows])
    with atomic_write(path) as name:
        Image.fromarray(grid).save(name, format="JPEG", quality=_QUALITY)


def _framed(pictures: Sequence[UInt8Array]) -> Iterator[UInt8Array]:
    for picture in pictures:
        small = resize(picture, (_SIDE, _SIDE))
        yield np.pad(small, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255)
