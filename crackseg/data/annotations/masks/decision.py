"""Decides what the values of a data set's masks mean, from what all of them hold."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from crackseg.data.annotations.masks.encoding import CrackMeaning, MaskEncoding
from crackseg.data.annotations.masks.false_colours import is_false_coloured, is_shaded
from crackseg.data.annotations.masks.grey_values import NO_CRACK, decide_greys
from crackseg.data.annotations.masks.parts import (
    Decision,
    Files,
    Parts,
    count_as_crack,
    how_to_choose,
    listed_with_and,
    total_of,
)
from crackseg.data.annotations.masks.stored import MOST_DISCRETE, VOID, Colour, MaskSummary
from crackseg.errors import name_some

# More levels than these are no classes but shades.
_MOST_CLASSES = 8
# Darker than this is black that a lossy format has changed.
_DARK = 32
# A mask has at least this share of its pixels alike to the next one, or nearly black or white.
_ALIKE, _EXTREME = 0.5, 0.1
# A mixture's share of the one colour, and how far from their line JPEG moves it, over its length.
_MIXED = (0.05, 0.95)
_OFF_LINE = 0.35


def decide_encoding(files: Files, meaning: CrackMeaning) -> Decision:
    """Decides how the masks of one data set are read.

    Args:
        files: What each of its masks holds, by name.
        meaning: What the settings say; it is for the forms that it can be about.
    """
    parts = Parts()
    if not meaning.is_chosen:
        files = _without_pictures(files, parts)
    by_form: dict[str, dict[str, MaskSummary]] = {}
    for name, one in files.items():
        by_form.setdefault(one.form, {})[name] = one
    palettes, colours = by_form.get("palette", {}), by_form.get("colour", {})
    greys = {**by_form.get("grey", {}), **by_form.get("deep", {})}
    if palettes and all(_is_of_greys(one) for one in palettes.values()):
        greys |= {name: _looked_up(one) for name, one in palettes.items()}
    elif palettes and meaning.values is None and _palettes_differ(palettes):
        _decide_by_colours(palettes, meaning, parts)
    elif palettes:
        _decide_palettes(palettes, meaning, parts)
    painted, unpainted = by_form.get("alpha", {}), by_form.get("transparent", {})
    if painted:
        _decide_painted(painted, meaning, parts)
        parts.others.update(dict.fromkeys(unpainted, NO_CRACK))
    else:
        colours = {**colours, **unpainted}
    if colours and _decide_colours(colours, greys, meaning, parts):
        greys = {}
    if greys:
        decide_greys(greys, meaning, parts, len(colours))
        if parts.encoding.crack_colours is not None:
            apart = replace(parts.encoding, crack_colours=None, colours=())
            parts.others.update({name: apart for name in greys if name not in parts.others})
    line = "; ".join(parts.lines) or "no masks that are images"
    return Decision(
        parts.encoding,
        line,
        parts.question,
        tuple(parts.remarks),
        parts.others,
        parts.is_chosen,
    )


def as_text(colour: Colour) -> str:
    """A colour as the settings take it, and as its three numbers.

    >>> as_text((250, 50, 83))
    '#fa3253 (250,50,83)'
    """
    return "#{:02x}{:02x}{:02x} ({},{},{})".format(*colour, *colour)


def _without_pictures(files: Files, parts: Parts) -> Files:
    """The masks among files; those that show something else are none, which is kept in parts."""
    pictures = [name for name, one in files.items() if _is_picture(one)]
    shaded = [name for name, one in files.items() if is_shaded(one)]
    # What a program has painted it has painted everywhere, though not in all of its colours.
    if 2 * sum(is_false_coloured(files[name]) for name in shaded) > len(shaded):
        pictures += shaded
    parts.others.update(dict.fromkeys(pictures, MaskEncoding(is_picture=True)))
    return {name: one for name, one in files.items() if name not in parts.others}


def _is_picture(one: MaskSummary) -> bool:
    """Whether it has the texture of a photograph: hardly two of its pixels side by side are alike.

    Masks of sets in use have nine of ten alike, in a lossy format too; noisy ones and those full of
    cracks fewer, but they have something black or white.
    """
    return not one.is_discrete and one.alike < _ALIKE and one.extreme < _EXTREME


def _decide_palettes(files: Files, meaning: CrackMeaning, parts: Parts) -> None:
    """Label images: every index but the first is crack, as in those of PASCAL VOC."""
    table = {index: colour for one in files.values() for index, colour in one.palette.items()}
    used = sorted(set(table) - {0})
    crack = frozenset(index for index in used if (index, table[index]) != (255, VOID))
    if meaning.values is not None:
        crack, parts.is_chosen = meaning.values, True
    elif meaning.colours is not None:
        crack = frozenset(index for index in table if table[index] in meaning.colours)
        parts.is_chosen = True
    listed = name_some([f"{index} {as_text(table[index])}" for index in used], 8)
    parts.set(
        f"label images with {listed or 'nothing'} beside 0; "
        f"{listed_with_and(map(str, sorted(crack)))} {count_as_crack(len(crack))}"
        f"{how_to_choose(used, parts, 'values')}",
        crack_indices=None if _as_each_file_says(crack, used, table, parts) else crack,
    )


def _decide_by_colours(files: Files, meaning: CrackMeaning, parts: Parts) -> None:
    """Label images whose palettes differ, so that an index has not one meaning."""
    counts: Counter[Colour] = Counter()
    for one in files.values():
        for index, count in one.values.items():
            counts[one.palette[index]] += count
    background = _background(counts)
    found = _principal(counts, background)
    crack = frozenset(found)
    if meaning.colours is not None:
        crack, parts.is_chosen = meaning.colours, True
    known = [background, *found, *sorted(crack)]
    for name, one in files.items():
        indices = {index for index in one.palette if _nearest(one.palette[index], known) in crack}
        parts.others[name] = MaskEncoding(crack_indices=frozenset(indices))
    parts.set(
        f"label images whose palettes differ, {name_some(map(as_text, found), 8) or 'nothing'} on "
        f"{as_text(background)}; {listed_with_and(map(as_text, sorted(crack)))} "
        f"{count_as_crack(len(crack))}{how_to_choose(found, parts, 'colours')}"
    )


def _as_each_file_says(
    crack: frozenset[int], used: list[int], table: Mapping[int, Colour], parts: Parts
) -> bool:
    """Whether a file alone, all of whose colours may be greys, is read in the same way."""
    greys = [index for index in used if _is_grey(table[index])]
    return not parts.is_chosen and crack == frozenset(used) and not greys


def _decide_painted(files: Files, meaning: CrackMeaning, parts: Parts) -> None:
    found = _principal(total_of(one.colours for one in files.values()))
    chosen = None
    if meaning.colours is not None:
        chosen, parts.is_chosen = meaning.colours, True
    listed = name_some(map(as_text, found), 8)
    parts.set(
        f"painted on transparency in {listed}; "
        + ("what is opaque" if chosen is None else listed_with_and(map(as_text, sorted(chosen))))
        + f" is crack{how_to_choose(found, parts, 'colours')}",
        painted_colours=chosen,
        colours=() if chosen is None else tuple(found),
    )


def _decide_colours(colours: Files, greys: Files, meaning: CrackMeaning, parts: Parts) -> bool:
    """Says whether the greys among them are colours, too."""
    counts = total_of(one.colours for one in colours.values())
    shades = any(one.lossy or not one.is_discrete for one in colours.values())
    levels = total_of(one.values for one in greys.values())
    if any(not one.is_discrete for one in greys.values()):
        shades = True
    elif not shades:
        counts += Counter({(v, v, v): n for v, n in levels.items() if v <= 255})
        shades = len(counts) > MOST_DISCRETE
    background = _background(counts)
    found = _principal(counts, background) if shades else [*counts]
    if meaning.colours is not None:
        found = [one for one in found if one in meaning.colours or not _near(one, meaning.colours)]
    elif any(one.lossy for one in colours.values()):
        found = [one for one in found if not _is_mixture(one, background, found, counts)]
    others = [colour for colour in found if colour != background]
    crack, brightest = frozenset(others), 255
    if meaning.colours is not None:
        crack, parts.is_chosen = meaning.colours, True
        found = list(dict.fromkeys([*found, background, *sorted(crack)]))
    listed = name_some(map(as_text, others), 8) or "of many shades"
    told = f"coloured, {listed} on {as_text(background)}; "
    if shades and meaning.colours is None and max(background) < _DARK:
        brightest = max((max(colour) for colour in others[:1]), default=255)
        parts.set(
            f"{told}what is brighter than the mask threshold is crack"
            f"{how_to_choose(others, parts, 'colours')}",
            brightest=brightest if brightest < 200 else 255,
        )
        return False
    parts.set(
        f"{told}{listed_with_and(map(as_text, sorted(crack)))} {count_as_crack(len(crack))}"
        + how_to_choose(others, parts, "colours"),
        crack_colours=crack,
        colours=(background, *(colour for colour in found if colour != background)),
    )
    return not shades


def _looked_up(one: MaskSummary) -> MaskSummary:
    values: Counter[int] = Counter()
    for index, count in one.values.items():
        values[one.palette[index][0]] += count
    return replace(one, form="grey", values=values, palette={})


def _is_of_greys(one: MaskSummary) -> bool:
    """Whether a palette is one of greys, which tell its indices apart."""
    colours = set(one.palette.values())
    return all(map(_is_grey, colours)) and len(colours) == len(one.palette)


def _palettes_differ(files: Files) -> bool:
    named: dict[int, Colour] = {}
    return any(
        named.setdefault(index, colour) != colour
        for one in files.values()
        for index, colour in one.palette.items()
    )


def _nearest(colour: Colour, known: Collection[Colour]) -> Colour:
    return min(known, key=lambda one: sum((a - b) ** 2 for a, b in zip(colour, one, strict=True)))


def _near(colour: Colour, others: Iterable[Colour]) -> bool:
    """Whether a colour is a shade of one of the others."""
    return any(sum((a - b) ** 2 for a, b in zip(colour, o, strict=True)) <= 60**2 for o in others)


def _is_grey(colour: Colour) -> bool:
    return colour[0] == colour[1] == colour[2]


def _background(counts: Mapping[Colour, int]) -> Colour:
    """Black, where a tenth is black; else the most frequent colour."""
    dark = sum(count for colour, count in counts.items() if max(colour) < _DARK)
    black: Colour = (0, 0, 0)
    if counts.get(black, 0) >= 0.1 * sum(counts.values()) or not counts:
        return black
    most = max(counts, key=lambda colour: counts[colour])
    # Colour maps such as magma begin with what is nearly black.
    return most if dark < counts[most] or black not in counts else black


def _is_mixture(
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


def _principal(counts: Mapping[Colour, int], background: Colour | None = None) -> list[Colour]:
    """The most frequent colours that are not shades of one another nor of the background."""
    found: list[Colour] = []
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    for colour, _ in most[:MOST_DISCRETE]:
        near = [*found, *([] if background is None else [background])]
        if not _near(colour, near):
            found.append(colour)
    return found[:_MOST_CLASSES]
