"""Decides what the values of a data set's masks mean, from what all of them hold."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from crackseg.data.annotations.masks.colours import (
    DARK,
    any_nearest,
    background_of,
    is_grey,
    is_mixture,
    is_near,
    nearest,
    principal,
)
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
from crackseg.data.annotations.masks.summaries import MOST_DISCRETE, VOID, Colour, MaskSummary
from crackseg.errors import name_some

# A mask has at least this share of its pixels alike to the next one, or nearly black or white.
_ALIKE, _EXTREME = 0.5, 0.1


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
        parts.encodings.update(dict.fromkeys(unpainted, NO_CRACK))
    else:
        colours = {**colours, **unpainted}
    if colours and _decide_colours(colours, greys, meaning, parts):
        greys = {}
    if greys:
        decide_greys(greys, meaning, parts, len(colours))
    line = "; ".join(parts.lines) or "no masks that are images"
    return Decision(parts.encodings, line, parts.question, tuple(parts.remarks), parts.is_chosen)


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
    parts.encodings.update(dict.fromkeys(pictures, MaskEncoding(is_picture=True)))
    return {name: one for name, one in files.items() if name not in parts.encodings}


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
        crack = meaning.values
    elif meaning.colours is not None:
        crack = frozenset(index for index in table if table[index] in meaning.colours)
    if meaning.is_chosen:
        parts.choose(files, len(table) < 2 or bool(crack & set(table)))
    as_each_says = _as_each_file_says(crack, used, table, parts)
    listed = name_some([f"{index} {as_text(table[index])}" for index in used], 8)
    parts.set(
        f"label images with {listed or 'nothing'} beside 0; "
        f"{listed_with_and(map(str, sorted(crack)))} {count_as_crack(len(crack))}"
        f"{how_to_choose(used, parts, 'values')}",
        files,
        MaskEncoding() if as_each_says else MaskEncoding(crack_indices=crack),
    )


def _decide_by_colours(files: Files, meaning: CrackMeaning, parts: Parts) -> None:
    """Label images whose palettes differ, so that an index has not one meaning."""
    counts: Counter[Colour] = Counter()
    for one in files.values():
        for index, count in one.values.items():
            counts[one.palette[index]] += count
    background = background_of(counts)
    found = principal(counts, background)
    crack = frozenset(found) - {VOID} if meaning.colours is None else meaning.colours
    known = [background, *found, *sorted(crack)]
    if meaning.colours is not None:
        parts.choose(files, len(counts) < 2 or any_nearest(counts, known, crack))
    for name, one in files.items():
        indices = {index for index in one.palette if nearest(one.palette[index], known) in crack}
        if len(one.palette) > 1 and len(set(one.palette.values())) == 1:
            # Such a palette tells nothing, and its indices do.
            indices = set(one.palette) - {0}
        parts.encodings[name] = MaskEncoding(crack_indices=frozenset(indices))
    parts.set(
        f"label images whose palettes differ, {name_some(map(as_text, found), 8) or 'nothing'} on "
        f"{as_text(background)}; {listed_with_and(map(as_text, sorted(crack)))} "
        f"{count_as_crack(len(crack))}{how_to_choose(found, parts, 'colours')}",
        files,
    )


def _as_each_file_says(
    crack: frozenset[int], used: list[int], table: Mapping[int, Colour], parts: Parts
) -> bool:
    """Whether a file alone, all of whose colours may be greys, is read in the same way."""
    greys = [index for index in used if is_grey(table[index])]
    return not parts.is_chosen and crack == frozenset(used) and not greys


def _decide_painted(files: Files, meaning: CrackMeaning, parts: Parts) -> None:
    counts = total_of(one.colours for one in files.values())
    found, chosen = principal(counts), meaning.colours
    if chosen is not None:
        parts.choose(files, any_nearest(counts, [*found, *sorted(chosen)], chosen))
    listed = name_some(map(as_text, found), 8)
    parts.set(
        f"painted on transparency in {listed}; "
        + ("what is opaque" if chosen is None else listed_with_and(map(as_text, sorted(chosen))))
        + f" is crack{how_to_choose(found, parts, 'colours')}",
        files,
        MaskEncoding(painted_colours=chosen, colours=() if chosen is None else tuple(found)),
    )


def _decide_colours(colours: Files, greys: Files, meaning: CrackMeaning, parts: Parts) -> bool:
    """Says whether the greys among them are colours, too."""
    counts = total_of(one.colours for one in colours.values())
    shades = any(one.lossy or not one.is_discrete for one in colours.values())
    levels = total_of(_in_8_bits(one) for one in greys.values())
    if any(not one.is_discrete for one in greys.values()):
        shades = True
    elif not shades:
        counts += Counter({(v, v, v): n for v, n in levels.items()})
        shades = len(counts) > MOST_DISCRETE
    background = background_of(counts)
    found = principal(counts, background) if shades else [*counts]
    if meaning.colours is not None:
        found = [
            one for one in found if one in meaning.colours or not is_near(one, meaning.colours)
        ]
    elif any(one.lossy for one in colours.values()):
        found = [one for one in found if not is_mixture(one, background, found, counts)]
    others = [colour for colour in found if colour != background]
    crack, brightest = frozenset(others), 255
    if meaning.colours is not None:
        crack = meaning.colours
        found = list(dict.fromkeys([background, *found, *sorted(crack)]))
        parts.choose(colours, len(counts) < 2 or any_nearest(counts, found, crack))
    listed = name_some(map(as_text, others), 8) or "of many shades"
    told = f"coloured, {listed} on {as_text(background)}; "
    if shades and meaning.colours is None and max(background) < DARK:
        brightest = max((max(colour) for colour in others[:1]), default=255)
        brightest = brightest if brightest < 200 else 255
        parts.set(
            f"{told}what is brighter than the mask threshold is crack"
            f"{how_to_choose(others, parts, 'colours')}",
            colours,
            MaskEncoding(brightest=brightest),
        )
        parts.remarks += _lost_in_the_dark(others, brightest, background, counts)
        return False
    parts.set(
        f"{told}{listed_with_and(map(as_text, sorted(crack)))} {count_as_crack(len(crack))}"
        + how_to_choose(others, parts, "colours"),
        colours if shades else [*colours, *greys],
        MaskEncoding(
            crack_colours=crack,
            colours=(background, *(colour for colour in found if colour != background)),
        ),
    )
    return not shades


def _lost_in_the_dark(
    others: Sequence[Colour], brightest: int, background: Colour, counts: Mapping[Colour, int]
) -> list[str]:
    """A remark on colours that may be classes and are darker than half of what is white."""
    dark = [
        colour
        for colour in others
        if 2 * max(colour) < brightest and not is_mixture(colour, background, others, counts)
    ]
    if not dark:
        return []
    return [
        f"{name_some(map(as_text, dark), 8)} in the masks is darker than the usual mask threshold "
        'and not crack; where it is, say data.crack_colours=["#RRGGBB"] of all that is'
    ]


def _in_8_bits(one: MaskSummary) -> Mapping[int, int]:
    """Pixels of a grey mask by value, as they are where its greys are colours."""
    if one.form != "deep":
        return one.values
    return {int(value / one.white * 255): count for value, count in one.values.items()}


def _looked_up(one: MaskSummary) -> MaskSummary:
    values: Counter[int] = Counter()
    for index, count in one.values.items():
        values[one.palette[index][0]] += count
    return replace(one, form="grey", values=values, palette={})


def _is_of_greys(one: MaskSummary) -> bool:
    """Whether a palette is one of greys, which tell its indices apart."""
    colours = set(one.palette.values())
    return all(map(is_grey, colours)) and len(colours) == len(one.palette)


def _palettes_differ(files: Files) -> bool:
    named: dict[int, Colour] = {}
    return any(
        named.setdefault(index, colour) != colour
        for one in files.values()
        for index, colour in one.palette.items()
    )
