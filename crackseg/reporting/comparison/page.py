"""Writes a report, as one HTML page or as Markdown with its pictures beside it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from crackseg import __version__
from crackseg.metrics.bootstrap import Interval
from crackseg.reporting.comparison import plots
from crackseg.reporting.comparison.differences import COMPARED, Comparison
from crackseg.reporting.comparison.entries import RunResult, varied_settings
from crackseg.reporting.comparison.media import InlineMedia, MediaFolder, MediaWriter
from crackseg.reporting.comparison.pictures import (
    FALSE,
    FOUND,
    MISSED,
    Example,
    RunPrediction,
    Scene,
    draw_examples,
    draw_scene,
)
from crackseg.reporting.comparison.searches import shown_search
from crackseg.reporting.comparison.seeds import seed_groups
from crackseg.reporting.comparison.selection import Choice, Failure
from crackseg.reporting.comparison.table import columns, groups
from crackseg.reporting.formatting import interval, literal, score, signed
from crackseg.reporting.html.data_uris import EmbeddedPicture
from crackseg.reporting.html.rendering import render
from crackseg.runs.reader import Run
from crackseg.runs.search_record import SearchRecord
from crackseg.system.files import require_writable, require_writable_file, write_text

_FILTERS: dict[str, Callable[..., str]] = {
    "three": score,
    "interval": interval,
    "signed": signed,
    "literal": literal,
    "best": lambda best: f"{score(best.value)} at {best.threshold:.2f}",
}


@dataclass(frozen=True, eq=False)
class Report:
    """Content of a page.

    Attributes:
        title: Title of the page.
        entries: Finished runs in the table's order.
        left_out: Other runs with their names: unfinished ones, and ones that cannot be judged.
        comparisons: Comparisons, the baseline's own first.
        subset: Subset that was judged.
        resolution: Resolution, ``training`` or ``native``.
        scenes: Photographs that are shown, each with the runs judged on the baseline's pixels and
            their predictions.
        failures: Failures of the best of those runs, each with its predictions by image.
        searches: Searches among the folders, with the names of theirs.
    """

    title: str
    entries: Sequence[RunResult]
    left_out: Sequence[tuple[str, Run]]
    comparisons: Sequence[Comparison]
    subset: str
    resolution: str
    scenes: Sequence[tuple[Choice, Sequence[tuple[RunResult, RunPrediction]]]]
    failures: Sequence[tuple[Failure, Mapping[str, RunPrediction]]]
    searches: Sequence[tuple[str, SearchRecord]] = ()


def require_writable_page(path: Path) -> None:
    """Checks that a page and its pictures can be written, before long work begins.

    Raises:
        OutputError: One of them cannot be written.
    """
    require_writable_file(path)
    if _is_markdown(path):
        require_writable(MediaFolder(path).folder)


def write_report(report: Report, path: Path) -> None:
    """Writes the page.

    Args:
        report: Content of the page.
        path: Path of the page; Markdown where it ends in ``.md``, else HTML.
    """
    markdown = _is_markdown(path)
    album: MediaWriter = MediaFolder(path) if markdown else InlineMedia()
    content = {**_content(report), **_plots(report, album, markdown), **_pictures(report, album)}
    template = "comparison/page.md" if markdown else "comparison/page.html"
    text = render(template, content, _FILTERS)
    # Templates leave empty lines where they have nothing to show.
    write_text(path, re.sub(r"\n{3,}", "\n\n", text))


def _is_markdown(path: Path) -> bool:
    return path.suffix.lower() == ".md"


def leak_kind(line: str) -> str:
    """Style class of a line about leaks, by how bad the leak is."""
    kinds = {"LEAK": "bad", "UNKNOWN": "unsure", "no leak": "good"}
    return kinds.get(line.partition(":")[0], "unsure")


def _content(report: Report) -> dict[str, Any]:
    entries, baseline = report.entries, report.comparisons[0].baseline
    table = columns(report.subset)
    return {
        "version": __version__,
        "report": report,
        "entries": entries,
        "baseline": baseline,
        "best": report.comparisons[0].entries[0],
        "columns": table,
        "groups": groups(table),
        "seeds": seed_groups(entries, baseline),
        "compared": COMPARED,
        "protocols": _protocols(entries),
        "leak_kind": leak_kind,
        "differing": varied_settings(entries),
        "shared": _shared_settings(entries),
        "divisions": sorted({entry.division for entry in entries}),
        "without_curves": [entry for entry in entries if not entry.history],
        "dashes": plots.dashes_of,
        "colours": tuple(zip(plots.ON_LIGHT, plots.ON_DARK, strict=True)),
        "mask_colours": {"found": FOUND, "false alarm": FALSE, "missed": MISSED},
        "code": _code_of,
    }


def _protocols(entries: Sequence[RunResult]) -> list[tuple[list[str], list[RunResult]]]:
    """The ways in which figures were measured, each with its runs."""
    found: dict[tuple[str, ...], list[RunResult]] = {}
    for entry in entries:
        found.setdefault(tuple(entry.test.metrics.protocol), []).append(entry)
    return [(list(lines), members) for lines, members in found.items()]


def _shared_settings(entries: Sequence[RunResult]) -> dict[str, str]:
    first = entries[0].settings
    same = [key for key in first if len({entry.settings.get(key) for entry in entries}) == 1]
    return {key: first[key] for key in same}


def _code_of(entry: RunResult) -> str:
    code = entry.record["code"]
    commit = f", commit {code['commit'][:10]}" if code["commit"] else ""
    return f"crackseg {code['version']}{commit}{', changed since' if code['dirty'] else ''}"


def _plots(report: Report, album: MediaWriter, markdown: bool) -> dict[str, Any]:
    entries = report.entries
    return {
        "learning": _learning(entries, album, markdown),
        "precision_recall": album.plot(
            "precision-recall",
            partial(plots.precision_recall, entries, legend=markdown),
            "Lines: precision over recall of every run, a dot at each stored threshold",
        ),
        "sources": _sources(entries, album),
        "searches": [
            shown_search(number, name, record, album)
            for number, (name, record) in enumerate(report.searches, 1)
        ],
        "marks": [
            album.plot(
                f"differences-{comparison.baseline.number}",
                partial(plots.difference_marks, comparison),
                "Marks: difference of crack IoU from the baseline for each run, with intervals",
            )
            if comparison.others
            else None
            for comparison in report.comparisons
        ],
    }


def _learning(
    entries: Sequence[RunResult], album: MediaWriter, markdown: bool
) -> list[EmbeddedPicture]:
    if not any(entry.history for entry in entries):
        return []
    if markdown:
        alt = "Lines: loss, figures and learning rate of every run over the epochs"
        return [album.plot("learning-curves", partial(plots.learning_curves, entries), alt)]
    return [
        album.plot(
            panel.key,
            partial(plots.learning_panel, entries, panel),
            f"Lines: {panel.title} of every run over the epochs",
            panel.title,
        )
        for panel in plots.PANELS
    ]


def _sources(entries: Sequence[RunResult], album: MediaWriter) -> list[EmbeddedPicture]:
    found: dict[str, dict[int, Interval]] = {}
    for entry in entries:
        for source, one in entry.test.sources().items():
            found.setdefault(source, {})[entry.number] = one
    # One scale for all sources.
    every = [one for ones in found.values() for one in ones.values()]
    most = max((one.high or one.value for one in every), default=0.0) or 1.0
    return [
        album.plot(
            f"source-{place}",
            lambda theme, ones=ones: plots.source_bars(ones, entries, most, theme),  # type: ignore[misc]
            f"Bars: crack IoU on photographs of source {source} under every run",
            source,
            _counted(source, entries),
        )
        for place, (source, ones) in enumerate(sorted(found.items()), 1)
    ]


def _counted(source: str, entries: Sequence[RunResult]) -> str:
    parts = [entry.test.metrics.by.source.get(source) for entry in entries]
    counts = sorted({part.images for part in parts if part})
    return f"{' or '.join(f'{count:,}' for count in counts)} images"


def _pictures(report: Report, album: MediaWriter) -> dict[str, Any]:
    scenes: list[Scene] = [
        draw_scene(choice, looks, f"scene-{place}", album)
        for place, (choice, looks) in enumerate(report.scenes, 1)
    ]
    failures: list[tuple[Failure, tuple[Example, ...]]] = [
        (failure, draw_examples(failure, looks, album)) for failure, looks in report.failures
    ]
    return {"scenes": scenes, "failures": failures}
