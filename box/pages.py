"""Writes the figures of the box into the tables of its pages, and the model card into its files.

A table stands between ``<!-- box KIND NAME -->`` and ``<!-- end of box -->``, and is made of what
the network's file holds, so that no figure is typed by hand.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import onnx

from box.recipes import RECIPES
from crackseg.errors import CrackSegError
from crackseg.inference.model_file import ModelInfo, read_model, write_model
from crackseg.parameters.judged_set import Figures, JudgedSet
from crackseg.reporting.formatting import literal, short_score
from crackseg.system.files import write_text
from crackseg.weights.registry import BUNDLED, bundled

ROOT = Path(__file__).parents[1]
CARD = ROOT / "docs" / "model_card.md"
PAGES = (CARD, ROOT / "README.md")
_MARKED = re.compile(r"<!-- box (\w+) (\w+) -->\n(.*?)<!-- end of box -->", re.DOTALL)
_SCORES = {
    "precision": "precision",
    "recall": "recall",
    "dice": "Dice",
    "tolerant_f1": "F1 2 px",
    "cldice": "clDice",
}


def fill(page: str, models: Mapping[str, ModelInfo]) -> str:
    """A page with its tables made anew.

    Args:
        page: Text with markers.
        models: What goes with each network into its file, by name; tables of others stay.

    Raises:
        CrackSegError: A marker asks for what there cannot be.
    """

    def table(marked: re.Match[str]) -> str:
        kind, name = marked[1], marked[2]
        if kind not in _TABLES or name not in RECIPES:
            raise CrackSegError(f"<!-- box {kind} {name} -->: there is no such table or network")
        if name not in models:
            return marked[0]
        return f"<!-- box {kind} {name} -->\n{_TABLES[kind](name, models[name])}<!-- end of box -->"

    return _MARKED.sub(table, page)


def write_pages() -> None:
    """Fills all pages from the files of the box, and puts the model card into these.

    Raises:
        CheckpointError: A file is damaged.
        CrackSegError: A marker asks for what there cannot be.
    """
    present = [model for model in BUNDLED if model.path.is_file()]
    models = {model.name: read_model(model.path).info for model in present}
    for page in PAGES:
        write_text(page, fill(page.read_text(encoding="utf-8"), models))
    for name, info in models.items():
        path = bundled(name).path
        graph = onnx.load_model_from_string(read_model(path).graph)
        write_model(graph, replace(info, card=card_of(name, CARD.read_text("utf-8"))), path)


def card_of(name: str, page: str) -> str:
    """The model card of one network: the page without the chapters of the others."""
    others = {f"## {model.name}" for model in BUNDLED if model.name != name}
    chapters = re.split(r"^(?=## )", page, flags=re.MULTILINE)
    own = (one for one in chapters if one.partition("\n")[0].strip() not in others)
    return re.sub(r"<!-- .*? -->\n", "", "".join(own)).strip()


def _totals(name: str, info: ModelInfo) -> str:
    rows = (
        [one.title, *counts_of(one.total), *scores_of(one.total)]
        for one in info.judged
        if "crack_iou" in one.total
    )
    return grid(["judged on", "images", "photographs", *HEADINGS], rows)


def _sources(name: str, info: ModelInfo) -> str:
    return _by_part(info, "source", lambda judged: judged.sources)


def _widths(name: str, info: ModelInfo) -> str:
    return _by_part(info, "median width", lambda judged: judged.widths)


def _by_part(
    info: ModelInfo, part: str, parts: Callable[[JudgedSet], Mapping[str, Figures]]
) -> str:
    rows = (
        [judged.title, label or "unknown", *counts_of(figures), *scores_of(figures)]
        for judged in info.judged
        for label, figures in parts(judged).items()
        # Where there is no crack there are only false alarms, which have a table of their own.
        if "crack_iou" in figures
    )
    return grid(["judged on", part, "images", "photographs", *HEADINGS], rows)


def _alarms(name: str, info: ModelInfo) -> str:
    rows = (
        [
            one.title,
            f"{one.total['crack_free']:,.0f}",
            short_score(one.total["alarm_share"]),
            f"{one.total['alarm_pixels']:,.0f}",
            f"{one.total['alarm_pixels_high']:,.0f}",
        ]
        for one in info.judged
        if "crack_free" in one.total
    )
    headings = ["judged on", "crack-free images", "share with 25 px or more"]
    return grid([*headings, "mean pixels", "90th percentile"], rows)


def _thresholds(name: str, info: ModelInfo) -> str:
    rows = (
        [
            one.title,
            short_score(one.total["crack_iou"]),
            f"{one.total['threshold']:.2f}",
            short_score(one.total["best_crack_iou"]),
            f"{one.total['best_threshold']:.2f}",
        ]
        for one in info.judged
        if "best_crack_iou" in one.total
    )
    headings = ["judged on", "crack IoU", "at the stored threshold", "best crack IoU here"]
    return grid([*headings, "at (optimistic)"], rows)


def _protocols(name: str, info: ModelInfo) -> str:
    return "".join(f"- {one.title}: {'; '.join(one.protocol)}.\n" for one in info.judged)


def _data(name: str, info: ModelInfo) -> str:
    recipe = RECIPES[name]
    rows = [[f"`{one.folder}`", one.holds, one.licence] for one in recipe.sources]
    rows += [
        [f"drawn, {one.count} from seed {one.seed}", one.holds, "made by crackseg"]
        for one in recipe.drawn
    ]
    counts = ", ".join(f"{count:,} {subset}" for subset, count in info.data.counts.items())
    table = grid(["photographs", "what they show", "licence as stated"], rows)
    return f"{table}\n{counts} images, {info.data.split} split; {info.leak_line}.\n"


HEADINGS = ("crack IoU", "95 % interval", *_SCORES.values())


def counts_of(figures: Figures) -> list[str]:
    """Cells with the number of images and of photographs."""
    return [f"{figures['images']:,.0f}", f"{figures['photographs']:,.0f}"]


def scores_of(figures: Figures) -> list[str]:
    """Cells of :data:`HEADINGS`."""
    ends = [short_score(figures[end]) for end in ("low", "high") if end in figures]
    scores = (short_score(figures[score]) for score in ("crack_iou", *_SCORES))
    return [next(scores), "-".join(ends), *scores]


def grid(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table as Markdown."""
    cells = [list(headings)]
    cells += [["---"] * len(cells[0]), *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in cells)


def _cell(text: str) -> str:
    return text if text.startswith("`") else literal(text)


# Makes a table of a network.
_TABLES: Mapping[str, Callable[[str, ModelInfo], str]] = {
    "totals": _totals,
    "sources": _sources,
    "widths": _widths,
    "alarms": _alarms,
    "thresholds": _thresholds,
    "protocols": _protocols,
    "data": _data,
}
