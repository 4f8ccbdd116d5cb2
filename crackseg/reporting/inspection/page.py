"""Writes the inspection page: one file for a folder, which needs no other and asks for none."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from crackseg import __version__
from crackseg.evaluation.certificate_record import shipped
from crackseg.images.pixels import UInt8Array
from crackseg.inference.reliance import Reliance
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import said_of_sizes
from crackseg.reporting.html.rendering import content_hash, render, source
from crackseg.reporting.inspection.component import (
    DEFAULT_LIMITS,
    FILTERS,
    component_script,
    draw_card,
)
from crackseg.reporting.inspection.pictures import LONGEST, PAGE_BYTES, Room
from crackseg.reporting.inspection.positions import plain_maps
from crackseg.reporting.inspection.summaries import PhotographSummary, class_in_words
from crackseg.reporting.inspection.totals import Totals, class_rows, worst_cracks
from crackseg.system.files import atomic_write

# Cracks in the table of the worst, and those of them that are shown at first.
_MOST_ROWS, FIRST_ROWS = 1000, 25
# Where the cards go, which are written while nothing is known yet of what stands above them.
_CARDS = "<!-- cards -->"


@dataclass(frozen=True, eq=False)
class InspectedPhotograph:
    """A measured photograph with its picture.

    Attributes:
        measured: What was measured.
        picture: Photograph itself or a smaller one of it, uint8 (H, W, 3), upright.
        overlay: Address of the photograph with its cracks at full size, relative to the page; None
            where there is none.
    """

    measured: MeasuredPhotograph
    picture: UInt8Array
    overlay: str | None = None


@dataclass(frozen=True)
class LeftOut:
    """A photograph that could not be measured.

    Attributes:
        name: Path below the folder of all photographs.
        reason: What is wrong with it, in a sentence.
    """

    name: str
    reason: str


def write_inspection_page(
    photographs: Iterable[InspectedPhotograph],
    count: int,
    path: Path,
    title: str,
    limits: ClassLimits = DEFAULT_LIMITS,
    left_out: Sequence[LeftOut] = (),
    reliance: Reliance | None = None,
) -> None:
    """Writes the page.

    Photographs are taken one after the other, and none is kept: neither memory nor a page grows
    beyond what it may, however many there are.

    Args:
        photographs: Photographs in the order of their cards.
        count: Number of them at most, by which the pictures' size is chosen.
        path: Path of the page.
        title: Title, such as the name of the folder.
        limits: Limits between classes of width.
        left_out: Photographs that could not be measured; read after the last photograph.
        reliance: Whether the network can be relied on for them; None where that is not known.

    Raises:
        OutputError: The page cannot be written.
    """
    room = Room.for_one_of(count)
    # The cards lie beside the page, where there has to be room for them anyway.
    with (
        atomic_write(path) as temporary,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=temporary.parent) as cards,
    ):
        summaries = []
        for number, one in enumerate(photographs, 1):
            card = draw_card(
                one.measured, one.picture, limits, f"photograph-{number}", room, one.overlay
            )
            cards.write(card.html)
            summaries.append(card.summary)
        above, below = _page(summaries, title, limits, left_out, reliance).split(_CARDS)
        with temporary.open("w", encoding="utf-8") as page:
            page.write(above)
            cards.seek(0)
            shutil.copyfileobj(cards, page)
            page.write(below)


def _page(
    summaries: Sequence[PhotographSummary],
    title: str,
    limits: ClassLimits,
    left_out: Sequence[LeftOut],
    reliance: Reliance | None,
) -> str:
    script = component_script() + _script()
    content = {
        "version": __version__,
        "title": title,
        "limits": limits,
        "totals": Totals.of(summaries),
        "worst": worst_cracks(summaries, _MOST_ROWS),
        "first_rows": FIRST_ROWS,
        "classes": class_rows(summaries, limits),
        "maps": plain_maps(summaries),
        "photographs": summaries,
        "methods": _methods(summaries),
        "left_out": left_out,
        "reliance": reliance,
        "of_sizes": said_of_sizes(one.size for one in summaries if one.scale and not one.on_map),
        "accuracy": [certificate.line for certificate in shipped()],
        "class_of": class_in_words,
        "cards": Markup(_CARDS),
        "longest": LONGEST,
        "megabytes": PAGE_BYTES // 1_000_000,
        "script": Markup(script),
        "script_hash": content_hash(script),
    }
    return render("inspection/page.html", content, FILTERS)


def _script() -> str:
    """The script of what all photographs say together."""
    parts = "\n".join(source(f"inspection/{name}.js") for name in ("histogram", "page"))
    return f"(() => {{\n{parts}\n}})();\n"


def _methods(summaries: Sequence[PhotographSummary]) -> list[tuple[object, int]]:
    """The ways in which cracks were found, each with its number of photographs."""
    methods = [one.method for one in summaries]
    return [(one, methods.count(one)) for one in dict.fromkeys(methods)]
