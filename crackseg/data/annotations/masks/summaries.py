"""Counts what masks hold, as far as the meaning of their values depends on it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.masks.stored import Form, StoredMask, white_of

Colour = tuple[int, int, int]

# PASCAL VOC's colour of pixels that are of no class.
VOID: Colour = (224, 224, 192)
# Classes of a label image are fewer; a blurred edge or JPEG makes more.
MOST_DISCRETE = 32
# Colours whose red, green and blue are in the same eighths of 64 levels are one colour with noise.
_NOISE_BITS = 3
# Levels up to there are nearly black, and from there on nearly white.
_DARK, _BRIGHT = 16, 239


@dataclass(frozen=True)
class MaskSummary:
    """What a mask file holds, as far as the meaning of its values depends on it.

    Attributes:
        form: How the file stores it.
        lossy: Whether the format may have changed single values.
        values: Pixels by value, or by index of a palette; of colours and opacities none.
        colours: Pixels by colour, the most frequent alone, where there are more of them with those
            that differ by noise; of greys and palettes none.
        palette: Colours of a palette's indices in use.
        is_discrete: Whether all values or colours in use are listed.
        white: Value that deeper files take for white: 1, 255 or 65535.
        highest: Largest value of deeper files; 0 of others.
        isolated: Share of the pixels above 0 without another one around them, 0-1; measured only
            where there are a few values, none above 127.
        alike: Share of the pixels that differ from the next one in their row by a level at most,
            0-1; measured only of greys and colours not all of which are listed.
        extreme: Share of the pixels that are nearly black or white, 0-1; measured as the former.
        size: (H, W) in pixels.
    """

    form: Form
    lossy: bool
    values: Mapping[int, int]
    colours: Mapping[Colour, int]
    palette: Mapping[int, Colour]
    is_discrete: bool
    white: int
    highest: float
    isolated: float
    alike: float
    extreme: float
    size: tuple[int, int]


def summarise(stored: StoredMask) -> MaskSummary:
    """Counts what a mask holds."""
    values: dict[int, int] = {}
    colours: dict[Colour, int] = {}
    palette: dict[int, Colour] = {}
    discrete, white, highest, isolated = True, 255, 0.0, 0.0
    if stored.form in ("grey", "palette"):
        counts = np.bincount(stored.pixels.ravel(), minlength=256)
        values = {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
        discrete = len(values) <= MOST_DISCRETE
        if stored.palette is not None:
            table = stored.palette.tolist()
            palette = {value: (*table[value],) for value in values}
    elif stored.form == "deep":
        values, discrete = _deep_counts(stored.pixels)
        white, highest = white_of(stored.pixels), float(stored.pixels.max())
    elif stored.form == "transparent":
        colours, discrete = _colour_counts(stored.pixels[:, :, :3])
    else:
        colours, discrete = _colour_counts(stored.pixels)
    if stored.form in ("grey", "deep") and discrete and 0 < max(values, default=0) <= 127:
        isolated = _isolated_share(np.asarray(stored.pixels > 0))
    alike, extreme = 1.0, 1.0
    if stored.form in ("grey", "colour") and not discrete:
        alike, extreme = _texture(np.atleast_3d(stored.pixels))
    height, width = stored.pixels.shape[:2]
    return MaskSummary(
        form=stored.form,
        lossy=stored.lossy,
        values=values,
        colours=colours,
        palette=palette,
        is_discrete=discrete,
        white=white,
        highest=highest,
        isolated=isolated,
        alike=alike,
        extreme=extreme,
        size=(height, width),
    )


def _deep_counts(pixels: npt.NDArray[np.generic]) -> tuple[dict[int, int], bool]:
    values, counts = np.unique(pixels, return_counts=True)
    whole = bool((values == np.round(values)).all())
    if not whole or len(values) > MOST_DISCRETE:
        return {}, False
    return {int(value): int(n) for value, n in zip(values, counts, strict=True)}, True


def _colour_counts(pixels: npt.NDArray[np.generic]) -> tuple[dict[Colour, int], bool]:
    """Pixels by colour, and whether all colours are listed.

    Of a painted mask those colours that are rather opaque than not.
    """
    rgb = pixels.reshape(-1, pixels.shape[2])
    if pixels.shape[2] == 4:
        rgb = rgb[np.asarray(rgb[:, 3]) > 127]
    # One number for each colour: to sort those is ten times as fast as to sort rows.
    packed = rgb[:, :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, counts = np.unique(packed, return_counts=True)
    discrete = len(colours) <= MOST_DISCRETE
    if not discrete:
        colours, counts = _without_noise(colours, counts)
    most = np.argsort(-counts, kind="stable")[:MOST_DISCRETE]
    listed = {
        (int(colours[i]) >> 16, int(colours[i]) >> 8 & 255, int(colours[i]) & 255): int(counts[i])
        for i in most
    }
    return listed, discrete


def _without_noise(
    colours: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Colours as those that are nearly the same: the most frequent of each kind for all of it.

    A lossy format makes hundreds of colours of one, each of which few pixels have.
    """
    mask = np.uint32(0xFF >> _NOISE_BITS << _NOISE_BITS)
    kinds = colours & (mask << np.uint32(16) | mask << np.uint32(8) | mask)
    order = np.lexsort((-counts, kinds))
    kinds, colours, counts = kinds[order], colours[order], counts[order]
    first = np.flatnonzero(np.diff(kinds, prepend=kinds[:1] + np.uint32(1)))
    return colours[first], np.add.reduceat(counts, first)


def _isolated_share(marked: npt.NDArray[np.bool_]) -> float:
    padded = np.pad(marked, 1)
    height, width = marked.shape
    around = sum(
        padded[1 + down : 1 + down + height, 1 + right : 1 + right + width].astype(np.uint8)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
        if (down, right) != (0, 0)
    )
    count = int(marked.sum())
    return float((marked & (around == 0)).sum() / count) if count else 0.0


def _texture(pixels: npt.NDArray[np.generic]) -> tuple[float, float]:
    """Shares of the pixels (H, W, bands) alike to the next one, and nearly black or white."""
    steps = np.abs(np.diff(pixels.astype(np.int16), axis=1)).max(axis=2)
    alike = float((steps <= 1).mean()) if steps.size else 1.0
    levels = np.asarray(pixels)
    extreme = (levels.max(axis=2) <= _DARK) | (levels.min(axis=2) >= _BRIGHT)
    return alike, float(extreme.mean())
