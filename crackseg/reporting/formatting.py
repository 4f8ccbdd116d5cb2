"""Numbers, lengths of time and names as people read them, in tables and on pages."""

import re


def literal(text: str) -> str:
    """Escapes Markdown's special characters; underscores only where a word ends."""
    marks = r"[\\`*\[\]<>|~&$]|(?<![^\W_])_|_(?![^\W_])"
    return re.sub(marks, r"\\\g<0>", " ".join(text.splitlines()))


def score(figure: float) -> str:
    """Writes a figure with three digits after the decimal point."""
    return f"{figure:.3f}"


def counted(count: int, what: str) -> str:
    """Writes a number of things.

    >>> counted(1, "photograph"), counted(1200, "photograph")
    ('1 photograph', '1,200 photographs')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def interval(bounds: tuple[float | None, float | None]) -> str:
    """Writes a 95 % interval; empty where there is none."""
    low, high = bounds
    return "" if low is None or high is None else f"{low:.3f}\N{EN DASH}{high:.3f}"


def signed(figure: float) -> str:
    """Writes a difference with its sign.

    >>> signed(0.1), signed(-0.0004)
    ('+0.100', '0.000')
    """
    text = f"{figure:+.3f}"
    return text[1:] if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}")


def duration(seconds: float | None) -> str:
    """Writes a length of time for people; empty where it is not known.

    >>> duration(7), duration(436.4), duration(5000), duration(None)
    ('7 s', '7 min', '1 h 23', '')
    """
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d}"
    return f"{minutes} min" if minutes else f"{rest} s"


def percent(share: float | None) -> str:
    r"""Writes a share in percent with two significant digits.

    >>> percent(0.0123), percent(0.00001), percent(0), percent(None)
    ('1.2\xa0%', '0.001\xa0%', '0\xa0%', '-')
    """
    if share is None:
        return "-"
    digits = f"{100 * share:.2g}"
    return f"{float(digits):f}".rstrip("0").rstrip(".") + "\N{NO-BREAK SPACE}%"


def pixels(length: float) -> str:
    """Writes a length in whole pixels, or with one decimal where it is small.

    >>> pixels(19.6), pixels(2.52), pixels(3.0)
    ('20', '2.5', '3')
    """
    return f"{length:.0f}" if length >= 10 else f"{round(length, 1):g}"


def weight(of_class: float) -> str:
    """Writes a class weight with three significant digits.

    >>> weight(0.5351), weight(7.6277), weight(98304.0)
    ('0.535', '7.63', '98,304')
    """
    return f"{of_class:.3g}" if of_class < 1000 else f"{of_class:,.0f}"


def size(height_and_width: tuple[int, int]) -> str:
    """Writes a size (height, width) as width x height."""
    height, width = height_and_width
    return f"{width} \N{MULTIPLICATION SIGN} {height}"


def rounded_count(pixels: float) -> str:
    """Writes a count with five digits at most.

    >>> rounded_count(1234.5), rounded_count(1234567), rounded_count(1234567890)
    ('1,234', '1,235k', '1,235M')
    """
    for unit, sign in ((1, ""), (1000, "k")):
        if pixels < 100_000 * unit:
            return f"{count_of_pixels(pixels / unit)}{sign}"
    return f"{count_of_pixels(pixels / 1_000_000)}M"


def count_of_pixels(pixels: float) -> str:
    """Writes a count in whole pixels; a small mean has one decimal.

    >>> count_of_pixels(12), count_of_pixels(0.25), count_of_pixels(1234.5)
    ('12', '0.2', '1,234')
    """
    small = pixels < 100 and pixels != round(pixels)
    return f"{pixels:.1f}" if small else f"{pixels:,.0f}"


def short_score(figure: float) -> str:
    """Writes a figure without the zero before the decimal point.

    >>> short_score(0.6234), short_score(1.0)
    ('.623', '1.000')
    """
    return f"{figure:.3f}".removeprefix("0")
