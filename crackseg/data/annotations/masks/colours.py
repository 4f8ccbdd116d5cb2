"""Colours of masks: which are shades of one, which is the background's, and which are mixtures."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from crackseg.data.annotations.masks.summaries import MOST_DISCRETE, Colour

# Darker than this is black that a lossy format has changed.
DARK = 32
# More levels than these are no classes but shades.
_MOST_CLASSES = 8
# A mixture's share of the one colour, and how far from their line JPEG moves it, over its length.
_MIXED = (0.05, 0.95)
_OFF_LINE = 0.35


def any_nearest(colours: Iterable[Colour], known: Sequence[Colour], to: Collection[Colour]) -> bool:
    """Whether one of the colours is nearest to some of the known ones."""
    return any(nearest(colour, known) in to for colour in colours)


def nearest(colour: Colour, known: Sequence[Colour]) -> Colour:
    """The one of the known colours that a colour is nearest to."""
    return min(known, key=lambda one: sum((a - b) ** 2 for a, b in zip(colour, one, strict=True)))


def is_near(colour: Colour, others: Iterable[Colour]) -> bool:
    """Whether a colour is a shade of one of the others."""
    return any(sum((a - b) ** 2 for a, b in zip(colour, o, strict=True)) <= 60**2 for o in others)


def is_grey(colour: Colour) -> bool:
    """Whether red, green and blue are the same."""
    return colour[0] == colour[1] == colour[2]


def background_of(counts: Mapping[Colour, int]) -> Colour:
    """Black, where a tenth is black; else the most frequent colour."""
    dark = sum(count for colour, count in counts.items() if max(colour) < DARK)
    black: Colour = (0, 0, 0)
    if counts.get(black, 0) >= 0.1 * sum(counts.values()) or not counts:
        return black
    most = max(counts, key=lambda colour: counts[colour])
    # Colour maps such as magma begin with what is nearly black.
    return most if dark < counts[most] or black not in counts else black


def is_mixture(
    colour: Colour, background: Colour, others: Collection[Colour], counts: Mapping[Colour, int]
) -> bool:
    """Whether a lossy format has made a colour of the background and a more frequent one."""
    start = np.array(background, float)
    for other in others:
        along, aside = np.array(other) - start, np.array(colour) - start
        length = float(along @ along) or 1.0
        share = float(aside @ along) / length
        off = float(((aside - share * along) ** 2).sum()) / length
        rarer = counts[colour] < counts[other]
        if rarer and _MIXED[0] < share < _MIXED[1] and off < _OFF_LINE**2:
            return True
    return False


def principal(counts: Mapping[Colour, int], background: Colour | None = None) -> list[Colour]:
    """The most frequent colours that are not shades of one another nor of the background."""
    found: list[Colour] = []
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for colour, _ in most[:MOST_DISCRETE]:
        near = [*found, *([] if background is None else [background])]
        if not is_near(colour, near):
            found.append(colour)
    return found[:_MOST_CLASSES]
