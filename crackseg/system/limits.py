"""Ranges of numbers, shared by settings, checkpoints and the command line."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The range of a number.

    Attributes:
        low: Smallest value.
        high: Largest value.
        whole: Whether it must be a whole number.
        above: Whether ``low`` itself is out of range.
        below: Whether ``high`` itself is out of range.
        unit: Unit of the number, as a message says it.
    """

    low: float
    high: float
    whole: bool = False
    above: bool = False
    below: bool = False
    unit: str = ""

    def hold(self, value: object) -> bool:
        """Whether a value is a number of this kind and in range; True and False are not numbers."""
        if type(value) is not int and (self.whole or type(value) is not float):
            return False
        if isinstance(value, float) and not math.isfinite(value):
            return False
        over = value > self.low if self.above else value >= self.low
        return over and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        """The range in words.

        >>> str(Limits(0, 1, below=True))
        'at least 0 and below 1'
        """
        low = f"{'greater than' if self.above else 'at least'} {_plain(self.low)}"
        high = f"{'below' if self.below else 'at most'} {_plain(self.high)}"
        return f"{low} and {high}{self.unit and f' {self.unit}'}"


# Training pixels per photograph pixel: photographs a hundred times smaller than those of the
# training, or a thousand times larger, show nothing any more.
SCALE_LIMITS = Limits(1e-3, 100)
# Masks are crack above it: above 254 nothing would be left but what is fully white.
MASK_THRESHOLD_LIMITS = Limits(0, 254, whole=True)
# Shares of something, of which there is at least a little.
SHARE_LIMITS = Limits(0, 1, above=True)
# What numpy takes as a seed.
SEED_LIMITS = Limits(0, 2**32 - 1, whole=True)
# Values that may be white in photographs deeper than 8 bits.
WHITE_LIMITS = Limits(1, 2**32 - 1, whole=True)
# Largest size of a photograph in millions of pixels; the memory bounds it too.
MEGAPIXEL_LIMITS = Limits(0.01, 1e6)
# Sides of a network's input, in pixels; larger photographs are divided into tiles.
SIDE_LIMITS = Limits(1, 8192, whole=True)


def _plain(value: float) -> str:
    """Writes a number without an exponent if it is whole and short.

    >>> _plain(1e6), _plain(1e-4), _plain(3e38)
    ('1000000', '0.0001', '3e+38')
    """
    short = float(value).is_integer() and abs(value) < 1e16
    return str(int(value)) if short else f"{value:g}"
