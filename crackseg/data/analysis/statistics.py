"""Statistics of measured pairs: typical figures, and the crack at each mask threshold."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from crackseg.data.analysis.explore import Measured
from crackseg.data.class_weights import balancing_weights


class Profile(NamedTuple):
    """Typical figures of a set of pairs.

    Attributes:
        pairs: Number of pairs.
        photographs: Number of photographs that they were cut from, as far as names say it.
        unknown: Number of pairs whose names do not say it.
        crack_free: Number of masks that hold only background.
        crack_share: Median share of crack in the photographs that show any, in [0, 1]; None where
            none does.
        widths: Widths that 5 %, 50 % and 95 % of the length of cracks do not exceed, in pixels of
            the photograph; None without any crack.
        below_a_pixel: Share of the length of cracks that is thinner than one pixel at training
            size, in [0, 1].
    """

    pairs: int
    photographs: int
    unknown: int
    crack_free: int
    crack_share: float | None
    widths: tuple[float, float, float] | None
    below_a_pixel: float


class Kept(NamedTuple):
    """Crack above a mask threshold: its share of all pixels, and the number of emptied masks."""

    share: float
    emptied: int


class ClassBalance(NamedTuple):
    """Crack above a mask threshold (``cut``), at the masks' own sizes and at training size.

    ``weights`` are those of background and crack in a loss, at training size.
    """

    cut: int
    own: Kept
    small: Kept
    weights: tuple[float, float]


def profile(measured: Sequence[Measured], mask_threshold: int) -> Profile:
    """Computes the typical figures of pairs, at least one."""
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
    """Computes the class balance of pairs at a mask threshold."""
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
