"""Millimetres of pixels, with what is not known of the scale carried along."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from crackseg.errors import ConfigError

# Standard deviations on each side of a value that make an interval of 95 %.
COVERAGE = 1.96
_MOST_MM = 1e6
# Standard deviation of a point that somebody names, along the line to another one, in pixels.
_POINT_ERROR = 0.5


@dataclass(frozen=True)
class Measured:
    """A length with its interval of 95 %, or with bounds where it is not resolved.

    Attributes:
        value: Value, or the best guess where it is not resolved.
        low: Lower end.
        high: Upper end.
        resolved: Whether the ends are those of an interval, and not bounds alone.
    """

    value: float
    low: float
    high: float
    resolved: bool = True

    @property
    def order(self) -> tuple[float, float]:
        """Key that sorts widths: by what they surely reach, then by what they may reach.

        So a wide crack that is not resolved does not stand behind a narrow one that is.
        """
        return self.low, self.high


def width_digits(width: float) -> str:
    """A width as all pages, pictures, drawings and tables in a terminal write it.

    Below .1 it has two digits behind its zeros, since a microscope's intervals are as narrow.

    >>> [width_digits(width) for width in (0.4, 12.345, 130.0, 1530.0, 0.0436, 0.0015, 0.0)]
    ['0.40', '12.3', '130', '1530', '0.044', '0.0015', '0.00']
    """
    bounds = ((1e-4, 2), (0.01, 4), (0.1, 3), (10, 2), (100, 1))
    digits = next((digits for bound, digits in bounds if width < bound), 0)
    return f"{width:.{digits}f}"


@dataclass(frozen=True)
class Scale:
    """Millimetres for each pixel of a photograph.

    Attributes:
        mm_per_pixel: Millimetres for each pixel.
        uncertainty: Standard deviation of it.
    """

    mm_per_pixel: float
    uncertainty: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.mm_per_pixel <= _MOST_MM:
            raise ConfigError(
                f"mm_per_pixel={self.mm_per_pixel}: millimetres for each pixel, greater than 0, "
                f"and {_MOST_MM:,.0f} (a kilometre) at the most"
            )
        if not 0 <= self.uncertainty < self.mm_per_pixel:
            raise ConfigError(
                f"uncertainty={self.uncertainty}: standard deviation of the {self.mm_per_pixel:g} "
                "mm for each pixel, at least 0 and below them"
            )

    @classmethod
    def of_two_points(
        cls,
        one: tuple[float, float],
        other: tuple[float, float],
        length_mm: float,
        length_error_mm: float = 0.0,
    ) -> "Scale":
        """The scale at which two points, each of which is half a pixel off, are so far apart.

        Args:
            one: Position x and y of the first point, in pixels.
            other: That of the second.
            length_mm: Distance of the two in millimetres.
            length_error_mm: Standard deviation of the length, in millimetres.

        Raises:
            ConfigError: The points are the same, the length is not greater than 0, or its error
                not below it.

        Example:
            >>> Scale.of_two_points((0, 0), (300, 400), 100.0).mm_per_pixel
            0.2
        """
        distance = math.dist(one, other)
        if distance == 0:
            raise ConfigError(f"both points are at {one}: take two that are far apart")
        if not length_mm > 0:
            raise ConfigError(f"length_mm={length_mm}: the distance of the points, greater than 0")
        if not 0 <= length_error_mm < length_mm:
            raise ConfigError(
                f"length_error_mm={length_error_mm}: standard deviation of the {length_mm:g} mm "
                "between the points, at least 0 and below them"
            )
        share = math.hypot(math.sqrt(2) * _POINT_ERROR / distance, length_error_mm / length_mm)
        return cls(length_mm / distance, length_mm / distance * share)

    def millimetres(self, pixels: Measured) -> Measured:
        """A length in millimetres: ``u^2 = (s u_px)^2 + (w u_s / s)^2``, for each side.

        There ``w`` is the length in millimetres. Bounds, which are no interval, are multiplied by
        the ends of the scale's own interval: what is not resolved may be anything between them.
        """
        scale, error = self.mm_per_pixel, COVERAGE * self.uncertainty
        value = scale * pixels.value
        if not pixels.resolved:
            low = pixels.low * max(scale - error, 0.0)
            return Measured(value, low, pixels.high * (scale + error), resolved=False)
        by_scale = error * pixels.value
        below = math.hypot(scale * (pixels.value - pixels.low), by_scale)
        above = math.hypot(scale * (pixels.high - pixels.value), by_scale)
        return Measured(value, max(value - below, 0.0), value + above)


def said_of_sizes(sizes: Iterable[tuple[int, int]]) -> str:
    """What is to be said of photographs of several sizes (H, W) that have one scale; else empty."""
    # A camera that is turned is no other camera.
    counts = Counter((max(size), min(size)) for size in sizes)
    if len(counts) < 2:
        return ""
    listed = ", ".join(f"{n} of {w}x{h}" for (w, h), n in counts.most_common(5))
    return (
        f"one scale was taken for photographs of {len(counts)} sizes ({listed}), as several "
        "cameras take them or a program has resized them; its millimetres hold for those alone "
        "that it was measured on: measure each size by itself"
    )
