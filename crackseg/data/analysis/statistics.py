"""Sums up pairs that were measured: what is typical of them, and what each cut leaves."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from crackseg.data.analysis.explore import Measured
from crackseg.data.class_weights import balancing_weights


class Profile(NamedTuple):
    """What is typical of some pairs.

    Attributes:
        pairs: their number.
        photographs: that they were cut from, as far as names tell.
        unknown: pairs whose names do not tell.
        crack_free: masks that hold nothing but background.
        crack_share: median of the photographs that show any, 0-1; None where none does.
        widths: of cracks, in pixels of the photograph: what 5 %, half and 95 % of their length do
            not exceed; None without any crack.
        below_a_pixel: of the cracks' length, what is thinner than one pixel at training size, 0-1.
    """

    pairs: int
    photographs: int
    unknown: int
    crack_free: int
    crack_share: float | None
    widths: tuple[float, float, float] | None
    below_a_pixel: float


class Kept(NamedTuple):
    """What a cut leaves: the share of crack in all pixels, 0-1, and the masks that it empties."""

    share: float
    emptied: int


class ClassBalance(NamedTuple):
    """What a cut leaves at the masks' own sizes and at training size.

    ``weights`` are those of background and crack in a loss, at training size.
    """

    cut: int
    own: Kept
    small: Kept
    weights: tuple[float, float]


def profile(measured: Sequence[Measured], mask_threshold: int) -> Profile:
    """Tells what is typical of these pairs, of which there is at least one."""
    photographs = [one.origin.photograph for one in measured]
    shares = [one.crack_share(mask_threshold) for one in measured]
    cracked = [share for share in shares if share > 0]
    widths = np.concatenate([one.widths for one in measured])
    small = np.concatenate([one.widths * one.small.scale for one in measured])
    low, middle, high = np.quantile(widths, (0.05, 0.5, 0.95)).tolist() if widths.size else (0,) * 3
    return Profile(
        pairs=len(measured),
        photographs=len(set(filter(None, photographs))),
        unknown=photographs.count(""),
        crack_free=sum(one.own.crack_pixels(0) == 0 for one in measured),
        crack_share=float(np.median(cracked)) if cracked else None,
        widths=(low, middle, high) if widths.size else None,
        below_a_pixel=float((small < 1).mean()) if widths.size else 0.0,
    )


def balance(measured: Sequence[Measured], mask_threshold: int) -> ClassBalance:
    """Sums up what a cut leaves of these pairs."""
    own, small = [one.own for one in measured], [one.small for one in measured]
    pixels = sum(int(one.values.sum()) for one in own)
    small_pixels = sum(one.pixels for one in small)
    small_crack = sum(one.crack_pixels(mask_threshold) for one in small)
    crack = [one.crack_pixels(mask_threshold) for one in own]
    emptied = sum(
        not left and bool(one.crack_pixels(0)) for left, one in zip(crack, own, strict=True)
    )
    return ClassBalance(
        cut=mask_threshold,
        own=Kept(sum(crack) / pixels, emptied),
        small=Kept(
            small_crack / small_pixels,
            sum(one.is_emptied(mask_threshold) for one in small),
        ),
        weights=balancing_weights(small_pixels, small_crack),
    )
