"""Lengths and widths as people read them; ``component.js`` words them alike."""

from dataclasses import dataclass

from crackseg.measurement.photograph import Location
from crackseg.measurement.scale import Measured, Scale, width_digits

NOT_RESOLVED = "not resolved"
# Digits of a measured pixel that are kept, so that a page's script reads what was written.
_DIGITS = 4


@dataclass(frozen=True)
class Worded:
    """A length in words.

    Attributes:
        value: The length with its unit, or that it is not resolved.
        ends: The ends of its interval, or its bounds with their unit.
    """

    value: str
    ends: str

    @property
    def line(self) -> str:
        """Both in one line."""
        return f"{self.value} ({self.ends})"


def rounded(pixels: Measured) -> Measured:
    """The length as it stands in a page."""
    value, low, high = (round(one, _DIGITS) for one in (pixels.value, pixels.low, pixels.high))
    return Measured(value, low, high, pixels.resolved)


def width_in_words(pixels: Measured, scale: Scale | None) -> Worded:
    """A width in millimetres, or in pixels where the scale is not known.

    >>> width_in_words(Measured(4.0, 3.6, 4.4), Scale(0.1)).line
    '0.40 mm (0.36 to 0.44)'
    >>> width_in_words(Measured(1.2, 0.4, 2.5, resolved=False), None).line
    'not resolved (0.40 to 2.50 px)'
    """
    shown, unit = _in_unit(pixels, scale)
    return _worded(shown, unit, [width_digits(one) for one in (shown.value, shown.low, shown.high)])


def length_in_words(pixels: Measured, scale: Scale | None) -> Worded:
    """A length in millimetres or metres, or in pixels where the scale is not known.

    >>> length_in_words(Measured(4000.0, 3980.0, 4020.0), Scale(0.5)).line
    '2.00 m (1.99 to 2.01)'
    >>> length_in_words(Measured(400.0, 398.0, 402.0), None).line
    '400 px (398 to 402)'
    """
    shown, unit = _in_unit(pixels, scale)
    return sum_in_words(shown, unit)


def sum_in_words(length: Measured, unit: str) -> Worded:
    """A length of a unit, ``mm`` or ``px``."""
    parts = (length.value, length.low, length.high)
    if unit == "mm" and length.value >= 1000:
        return _worded(length, "m", [f"{one / 1000:.2f}" for one in parts])
    digits = 1 if length.value < 100 else 0
    return _worded(length, unit, [f"{one:.{digits}f}" for one in parts])


def metres(millimetres: float) -> str:
    """A length without an interval.

    >>> metres(1234.0), metres(12.3)
    ('1.23 m', '12.3 mm')
    """
    return sum_in_words(Measured(millimetres, millimetres, millimetres), "mm").value


def place_in_words(location: Location) -> str:
    """Where a photograph was taken; empty where its file does not say it.

    >>> place_in_words(Location(-33.8568, 151.2153, None))
    '33.856800° S, 151.215300° E.'
    """
    north, east = location.latitude, location.longitude
    if north is None or east is None:
        return ""
    return f"{_degrees(north, 'NS')}, {_degrees(east, 'EW')}."


def _degrees(angle: float, sides: str) -> str:
    return f"{abs(angle):.6f}\N{DEGREE SIGN} {sides[angle < 0]}"


def scale_in_words(scale: Scale | None) -> str:
    """A scale; that it is not known where it is not."""
    if scale is None:
        return "not known: widths are in pixels"
    return f"{scale.mm_per_pixel:.4g} ± {scale.uncertainty:.2g} mm per pixel"


def _in_unit(pixels: Measured, scale: Scale | None) -> tuple[Measured, str]:
    if scale is None:
        return rounded(pixels), "px"
    return scale.millimetres(rounded(pixels)), "mm"


def _worded(length: Measured, unit: str, parts: list[str]) -> Worded:
    value, low, high = parts
    ends = f"{low} to {high}"
    if not length.resolved:
        return Worded(NOT_RESOLVED, f"{ends} {unit}")
    return Worded(f"{value} {unit}", ends)
