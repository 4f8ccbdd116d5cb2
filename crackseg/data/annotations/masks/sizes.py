"""Whether a mask of another size may still be that of its photograph."""

from typing import Literal

SizeMatch = Literal["same", "resized", "another_shape"]

# Borders that a tool cut off: so many pixels, or that share of a side.
_FEW_PIXELS = 4
_FEW_SHARE = 0.01


def match_sizes(photograph: tuple[int, int], mask: tuple[int, int]) -> SizeMatch:
    """Compares the size of a mask with that of its photograph, each as (H, W) in pixels.

    >>> match_sizes((240, 320), (238, 317)), match_sizes((240, 320), (120, 160))
    ('resized', 'resized')
    >>> match_sizes((320, 240), (240, 320))
    'another_shape'
    """
    if photograph == mask:
        return "same"
    sides = list(zip(photograph, mask, strict=True))
    if all(abs(one - other) <= max(_FEW_PIXELS, _FEW_SHARE * one) for one, other in sides):
        return "resized"
    smaller, larger = sorted((photograph, mask), key=lambda size: size[0] * size[1])
    # Sides are whole pixels: the smaller one of the same shape is off by one at most.
    along = (smaller[0] - larger[0] * smaller[1] / larger[1]) if larger[1] else 0.0
    across = (smaller[1] - larger[1] * smaller[0] / larger[0]) if larger[0] else 0.0
    return "resized" if min(abs(along), abs(across)) <= 1 else "another_shape"


def sizes_text(photograph: tuple[int, int], mask: tuple[int, int]) -> str:
    """Both sizes as people write them, width x height.

    >>> sizes_text((240, 320), (120, 160))
    'mask 160x120, photograph 320x240'
    """
    return f"mask {mask[1]}x{mask[0]}, photograph {photograph[1]}x{photograph[0]}"
