"""The pictures of the page about a data set; each section is written as PNGs too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from crackseg.data.analysis.explore import Exploration, Measured
from crackseg.data.analysis.problems import KINDS, Problem
from crackseg.data.analysis.selection import most_changed, spread
from crackseg.images.pixels import UInt8Array
from crackseg.reporting.exploration.pictures import (
    Strip,
    beside,
    enlarged,
    of_problem,
    strips,
    with_overlay,
    write_rows,
)
from crackseg.reporting.exploration.wording import UNKNOWN
from crackseg.reporting.formatting import percent, size
from crackseg.reporting.html.data_uris import EmbeddedPicture, embed
from crackseg.system.progress import progress

# Most photographs on all contact sheets together, and on each of several.
_ON_SHEETS, _ON_A_SHEET = 24, 6
_CUT_EXAMPLES = 6
_PICTURED, _NAMED = 6, 100
_PER_LINE = 3


@dataclass(frozen=True)
class Sheet:
    """Contact sheet of a source, from the least to the most cracked photograph."""

    source: str
    anchor: str
    pairs: int
    pictures: tuple[EmbeddedPicture, ...]


@dataclass(frozen=True)
class CutExample:
    """A thin crack at its own size and at training size, each as panels."""

    image: str
    rows: tuple[tuple[str, tuple[EmbeddedPicture, ...]], ...]


@dataclass(frozen=True)
class Found:
    """Problems of one kind that were found."""

    title: str
    spoils: bool
    remedy: str
    count: int
    pictures: tuple[EmbeddedPicture, ...]
    names: tuple[str, ...]
    unnamed: int


def draw_sheets(exploration: Exploration, folder: Path) -> list[Sheet]:
    """Draws the contact sheets."""
    sources = exploration.sources
    count = max(_ON_A_SHEET, _ON_SHEETS // len(sources))
    items = progress(sources.items(), "Drawing contact sheets", len(sources))
    return [_draw_sheet(exploration, source, ones, count, folder) for source, ones in items]


def draw_cuts(exploration: Exploration, folder: Path) -> list[CutExample]:
    """Draws the cracks that the mask thresholds change most, at each of these thresholds."""
    chosen = most_changed(exploration, _CUT_EXAMPLES)
    drawn = [(one, strips(exploration, one)) for one in chosen]
    if drawn:
        rows = [[enlarged(one) for one in _panels(strip)] for _, both in drawn for strip in both]
        titles = (
            "photograph",
            "mask",
            *(f"> {threshold}" for threshold in exploration.mask_thresholds),
        )
        write_rows(rows, folder / "cuts.png", titles)
    return [
        CutExample(one.pair.image, tuple(_embed_strip(one, strip) for strip in both))
        for one, both in drawn
    ]


def draw_findings(exploration: Exploration, folder: Path) -> list[Found]:
    """Draws the problems that the verification found, by kind."""
    return [
        _draw_found(exploration, kind, problems, folder)
        for kind in KINDS
        if (problems := exploration.verification.of_kind(kind))
    ]


def _draw_sheet(
    exploration: Exploration, source: str, measured: Sequence[Measured], count: int, folder: Path
) -> Sheet:
    chosen = spread(measured, count, exploration.mask_threshold)
    rows = [with_overlay(exploration.root, one.pair, exploration.mask_threshold) for one in chosen]
    anchor = re.sub(r"\W", "_", source or "unknown")
    lines = [
        [picture for row in rows[start : start + _PER_LINE] for picture in row]
        for start in range(0, len(rows), _PER_LINE)
    ]
    write_rows(lines, folder / f"sheet-{anchor}.png", ("photograph", "truth") * _columns(lines))
    return Sheet(
        source or UNKNOWN,
        anchor,
        len(measured),
        tuple(_embed_pair(exploration, *drawn) for drawn in zip(chosen, rows, strict=True)),
    )


def _columns(lines: Sequence[Sequence[UInt8Array]]) -> int:
    return max(map(len, lines)) // 2


def _embed_pair(
    exploration: Exploration, one: Measured, row: Sequence[UInt8Array]
) -> EmbeddedPicture:
    share = one.crack_share(exploration.mask_threshold)
    crack = f"{percent(share)} crack" if share else "no crack"
    alt = f"{one.pair.stem}: the photograph, and the same with its crack coloured; {crack}"
    return embed(beside(*row), alt, one.pair.stem, crack)


def _panels(strip: Strip) -> list[UInt8Array]:
    return [strip.photograph, strip.mask, *(left for left, _ in strip.cuts.values())]


def _embed_strip(one: Measured, strip: Strip) -> tuple[str, tuple[EmbeddedPicture, ...]]:
    where = f"{one.pair.stem} at {size(strip.size)}"
    photograph = embed(strip.photograph, f"{where}: part of the photograph", "photograph")
    mask = embed(strip.mask, f"{where}: the same part of its mask", "mask", exact=True)
    left = [
        embed(
            picture,
            f"{where}: what the cut at {threshold} leaves of the crack",
            f"> {threshold}",
            percent(share),
            exact=True,
        )
        for threshold, (picture, share) in strip.cuts.items()
    ]
    return size(strip.size), (photograph, mask, *left)


def _draw_found(
    exploration: Exploration, kind: str, problems: Sequence[Problem], folder: Path
) -> Found:
    rows = [
        of_problem(exploration.root, one, exploration.mask_threshold)
        for one in problems[:_PICTURED]
    ]
    drawn = [(problem, row) for problem, row in zip(problems, rows, strict=False) if row]
    if drawn:
        write_rows([row for _, row in drawn], folder / f"found-{kind}.png")
    named = list(problems[len(drawn) :])
    title, spoils, remedy = KINDS[kind]
    return Found(
        title=title,
        spoils=spoils,
        remedy=remedy,
        count=len(problems),
        pictures=tuple(_embed_problem(*one) for one in drawn),
        names=tuple(
            " \u2014 ".join(filter(None, _describe(problem))) for problem in named[:_NAMED]
        ),
        unnamed=max(len(named) - _NAMED, 0),
    )


def _embed_problem(problem: Problem, row: Sequence[UInt8Array]) -> EmbeddedPicture:
    names, detail = _describe(problem)
    return embed(beside(*row), f"{names}: {detail}", names, detail)


def _describe(problem: Problem) -> tuple[str, str]:
    return " = ".join(pair.image for pair in problem.pairs), problem.detail
