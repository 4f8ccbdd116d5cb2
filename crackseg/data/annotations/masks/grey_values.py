"""Decides what the greys of a data set's masks mean: shades, black and white, or class numbers."""

from collections.abc import Collection, Mapping

from crackseg.data.annotations.masks.encoding import CrackMeaning, MaskEncoding
from crackseg.data.annotations.masks.parts import (
    Files,
    Parts,
    count_as_crack,
    listed_with_and,
    total_of,
)
from crackseg.data.annotations.masks.summaries import MOST_DISCRETE
from crackseg.errors import name_some

# More levels than these are no classes but shades.
_MOST_CLASSES = 8
# Class numbers are small; what is stored as grey goes further up.
HIGHEST_NUMBER = 31
# Shades that end below this are probably of masks whose white is darker than white.
_DIM = 200
# Share by which the largest value of a mask may miss its white.
_NEAR_WHITE = 0.01
# Half white, by which annotators mark what they are not sure of.
_MIDDLE = range(100, 161)
# Greys that the usual mask threshold would cut away, above class numbers and below half white.
_DARK_GREYS = range(32, 100)
NO_CRACK = MaskEncoding(crack_values=frozenset())
"""Encoding of masks that mark nothing."""
# A crack's pixels touch others, whatever its width; those of noise and rounding do not.
_NOISE = 0.1


def decide_greys(files: Files, meaning: CrackMeaning, parts: Parts, coloured: int = 0) -> None:
    """Adds to the parts how grey masks are read, and what is unknown about them.

    Args:
        files: What each grey mask holds, by name.
        meaning: What the settings say.
        parts: What was decided about the masks of other forms.
        coloured: Number of coloured masks beside them, of which they may be those without a crack.
    """
    white = max(one.white for one in files.values())
    counts = total_of(one.values for one in files.values())
    few = {name: one for name, one in files.items() if max(one.values, default=255) == 1}
    shades = any(not one.is_discrete for one in files.values()) or len(counts) > MOST_DISCRETE
    if meaning.values is not None and _is_about(meaning.values, counts, shades):
        crack = meaning.values
        parts.choose(files, len(counts) < 2 or bool(crack & set(counts)))
        parts.set(
            f"{_listed(counts, shades)}; {listed_with_and(map(str, sorted(crack)))} "
            f"{count_as_crack(len(crack))}",
            files,
            MaskEncoding(crack_values=crack),
        )
        return
    used = sorted(set(counts) - {0})
    if not shades and (question := _question(files, counts)):
        parts.question = question
        parts.set(
            f"{_listed(counts, shades)}; which of them is crack is not known",
            files,
            MaskEncoding(crack_values=frozenset(used)),
        )
        return
    if used == [1] and coloured and _are_lossy(files):
        _decide_few(few, len(files) + coloured, parts)
        parts.set("values 0 and 1", files)
        return
    if used == [1]:
        # Each file by itself is read so.
        parts.set("values 0 and 1; 1 is crack", files)
        return
    if not shades and _is_one_level(files, counts, used):
        encoding = MaskEncoding(crack_values=frozenset(used))
        parts.set(f"values 0 and {used[0]}; {used[0]} is crack", files, encoding)
        return
    _decide_white(files, parts)
    known = {255} if white == 1 else {255, white}
    if set(used) & known:
        _decide_dim(files, parts)
    if few and (shades or set(used) & known):
        _decide_few(few, len(files), parts)
    if not used and not shades:
        parts.set("black, without any crack", files)
    elif not shades and set(used) == {255}:
        parts.set("black and white (0 and 255); white is crack", files)
    else:
        parts.set(f"{_listed(counts, shades)}; what is above the mask threshold is crack", files)
        parts.remarks += _odd_levels(files, used, shades)


def _odd_levels(files: Files, used: list[int], shades: bool) -> list[str]:
    """Remarks on levels between black and white that may not mean how much of a pixel is crack."""
    deep = {name: one for name, one in files.items() if one.form == "deep"}
    others = {name: one for name, one in files.items() if name not in deep}
    dim = [
        (what, brightest)
        for what, group in (("mask", others), ("deeper mask", deep))
        if group
        and (shades or group is deep)
        and (0 if group is deep else HIGHEST_NUMBER) < (brightest := _brightest(group)) < _DIM
    ]
    if dim:
        return [
            f"no {what} holds anything brighter than {brightest} of 255: if that is crack, a mask "
            f"threshold of half as much fits, data.mask_threshold={brightest // 2}"
            for what, brightest in dim
        ]
    together = sum({0, *used} <= set(one.values) for one in files.values()) > 1
    if not shades and together and len(used) == 2 and used[0] in _MIDDLE:
        middle, white = used
        return [
            f"the masks hold {middle} beside 0 and {white}, as areas do that nobody is sure of; "
            f"what of them is above the mask threshold is crack, data.crack_values=[{white}] "
            "leaves them out"
        ]
    return []


def _brightest(files: Files) -> int:
    """The largest level of masks in 8 bits."""
    white = max((one.white for one in files.values() if one.form == "deep"), default=255)
    return max(
        int(one.highest / white * 255) if one.form == "deep" else max(one.values, default=0)
        for one in files.values()
    )


def _decide_white(files: Files, parts: Parts) -> None:
    """Deeper masks whose values end far below their own white, beside others with a larger one.

    A map of probabilities of 16 bits that finds nothing holds noise up to 200, say, of 65535.
    """
    # Of two values, the upper one is white, whatever it is.
    shaded = [one for one in files.values() if not one.is_discrete or len(one.values) > 2]
    white = max((one.white for one in shaded if one.form == "deep"), default=1)
    smaller = {n: one for n, one in files.items() if one.form == "deep" and one.white < white}
    faint = [
        name
        for name, one in smaller.items()
        if one.highest and abs(one.highest - one.white) > _NEAR_WHITE * one.white
    ]
    own = [name for name in smaller if name not in faint and smaller[name].highest]
    if faint:
        parts.encodings.update(dict.fromkeys(faint, MaskEncoding(white=white)))
        parts.remarks.append(
            f"{len(faint)} of {len(files)} masks hold small values alone beside masks up to "
            f"{white}, and are read on the same scale, as nearly black: {name_some(faint)}"
        )
    if own:
        parts.remarks.append(
            f"{len(own)} of {len(files)} masks end at {smaller[own[0]].white} beside masks up to "
            f"{white}, and are read with that as their white: {name_some(own)}"
        )


def _are_lossy(files: Files) -> bool:
    """Whether ones may be what a lossy format made of black."""
    return all(one.lossy for one in files.values())


def _is_one_level(files: Files, counts: Mapping[int, int], used: list[int]) -> bool:
    """Whether several masks hold one level beside black: a single one may be a faint crack."""
    if 0 not in counts or len(used) != 1 or used[0] == 255:
        return False
    return sum(used[0] in one.values for one in files.values()) > 1


def _decide_few(few: Files, of: int, parts: Parts) -> None:
    """Files of 0 and 1 among brighter ones: another encoding, or noise that is nearly black."""
    ones = sum(one.values[1] for one in few.values())
    lonely = sum(one.isolated * one.values[1] for one in few.values())
    what = _only(few, 1, of)
    if lonely > _NOISE * ones or _are_lossy(few):
        parts.encodings.update(dict.fromkeys(few, MaskEncoding(crack_values=frozenset({255}))))
        parts.remarks.append(
            f"{what}; their ones look like noise and are read as nearly "
            "black, that is, not as crack; where they are cracks, say data.crack_values=[1,255]"
        )
        return
    parts.remarks.append(
        f"{what}; their ones are read as crack, as they form lines; where they "
        "are not, say data.crack_values=[255]"
    )


def _only(names: Collection[str], level: int, of: int) -> str:
    return (
        f"{len(names)} of {of} masks hold only 0 and {level} beside masks up to white: "
        f"{name_some(names)}"
    )


def _decide_dim(files: Files, parts: Parts) -> None:
    """Files of black and one dark grey among brighter ones: their white is another one."""
    by_level: dict[int, list[str]] = {}
    # Beside a brighter one in the same file it is another class, or less sure.
    classes = {level for one in files.values() for level in one.values if level < max(one.values)}
    for name, one in files.items():
        levels = [level for level in one.values if level]
        exact = one.is_discrete and not one.lossy and one.isolated <= _NOISE
        if exact and len(levels) == 1 and levels[0] in _DARK_GREYS and levels[0] not in classes:
            by_level.setdefault(levels[0], []).append(name)
    for level, names in by_level.items():
        encoding = MaskEncoding(crack_values=frozenset({level}))
        parts.encodings.update(dict.fromkeys(names, encoding))
        parts.remarks.append(
            f"{_only(names, level, len(files))}; their {level} is read as crack, as no mask holds "
            "it beside a brighter one; where it is none, say data.crack_values=[255]"
        )


def _question(files: Files, counts: Mapping[int, int]) -> str:
    """What is unknown about values that may be class numbers; empty where nothing is."""
    lossless = {name: one for name, one in files.items() if not one.lossy}
    numbers = sorted(value for value in counts if value not in (0, 255, 65535))
    total = sum(n for one in files.values() for value, n in one.values.items() if value in numbers)
    lonely = sum(
        one.isolated * n
        for one in files.values()
        for value, n in one.values.items()
        if value in numbers
    )
    only_noise = lonely > _NOISE * total
    bright = max(counts) >= 255
    together = any(
        set(one.values) & set(numbers) and max(one.values) >= 255 for one in files.values()
    )
    small = bool(numbers) and numbers[-1] <= HIGHEST_NUMBER
    many = len(numbers) > 1 or 0 not in counts or (bright and together)
    classes = small and many and not (only_noise and not together)
    if not bright and not small and 2 <= len(set(counts) - {0}) <= _MOST_CLASSES:
        classes = True
    if not classes or not lossless:
        return ""
    if bright and not together and numbers == [1]:
        return ""
    told = ", ".join(map(str, sorted(counts)[:12]))
    examples = [
        f"{name} ({', '.join(map(str, sorted(one.values)))})" for name, one in lossless.items()
    ]
    return (
        f"the masks hold {told}, as class numbers do, and it is not known which of them is crack: "
        f"{name_some(examples, 3)}; say it with data.crack_values=[NUMBER], or to crackseg data "
        "with --crack-values NUMBER"
    )


def _is_about(chosen: frozenset[int], counts: Mapping[int, int], shades: bool) -> bool:
    """Whether the settings' values are for masks with these: others of a training are not."""
    numbers = not shades and max(counts, default=0) <= HIGHEST_NUMBER
    return numbers or bool(chosen & set(counts) - {0}) or (0 in chosen and not shades)


def _listed(counts: Mapping[int, int], shades: bool) -> str:
    if shades:
        return "grey, of many shades"
    return f"grey, values {name_some(map(str, sorted(counts)), 12)}"
