"""Fills the page: everything that it needs is inside, and nothing leaves it."""

import base64
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from crackseg.inference.model_file import ExportedModel, ModelInfo
from crackseg.inference.scales import scales_of
from crackseg.reporting.formatting import score
from crackseg.reporting.html.rendering import content_hash, render, source
from crackseg.reporting.offline_page.runtime import Runtime
from crackseg.system.files import write_text

_FIGURES = {
    "crack_iou": "crack IoU",
    "mean_iou": "mean IoU",
    "dice": "Dice",
    "precision": "precision",
    "recall": "recall",
}


def write_offline_page(model: ExportedModel, runtime: Runtime, path: Path) -> None:
    """Writes a page that finds cracks in photographs, without anything but itself.

    Args:
        model: Network with what is known of it.
        runtime: Program that runs it.
        path: Path of the page.

    Raises:
        OutputError: The page cannot be written.
    """
    info, scales = model.info, scales_of(None, model.info)
    script = source("offline_page/page.js")
    style = source("html/colours.css") + source("offline_page/page.css")
    content = {
        "info": info,
        "threshold": f"{info.threshold:.3g}",
        "scales": list(scales),
        "said_scales": _said(scales),
        "numbers": {
            "resize": info.preprocessing.resize,
            "stride": info.stride,
            "radius": info.radius,
        },
        "card": list(_card(info)),
        "names": list(_FIGURES.values()),
        "figures": list(_rows(info)),
        "runtime": runtime.version,
        "script": Markup(script),
        "style": Markup(style),
        "worker": Markup(source("offline_page/worker.js")),
        "hashes": {"script": content_hash(script), "style": content_hash(style)},
        "parts": {
            "program": _packed(runtime.program),
            "code": _packed(runtime.code),
            "model": _packed(model.graph),
        },
    }
    write_text(path, render("offline_page/page.html", content, {}))


def _card(info: ModelInfo) -> Iterator[tuple[str, str]]:
    """What a reader has to know of a network, in words."""
    counts = ", ".join(f"{count:,} {subset}" for subset, count in info.data.counts.items())
    yield "Network", info.network
    yield "Threshold", f"{info.threshold:.3g}, chosen on validation"
    yield (
        "Scale",
        f"{_said(scales_of(None, info))} training pixels per photograph pixel "
        f"({info.preprocessing.resize})",
    )
    yield "Trained on", f"{info.data.name}: {counts}; {info.data.split} split"
    yield "Shared with training", info.leak_line
    yield "Licence of the weights", info.licence


def _said(scales: Sequence[float]) -> str:
    """Scales in words; several are blended."""
    *others, last = (f"{scale:.3g}" for scale in scales)
    return f"{', '.join(others)} and {last}" if others else last


def _rows(info: ModelInfo) -> Iterator[tuple[str, list[str]]]:
    for subset, figures in info.figures.items():
        yield subset, [score(figures[name]) if name in figures else "" for name in _FIGURES]


def _packed(content: bytes) -> Markup:
    # Without the time, so that the same network gives the same page.
    return Markup(base64.b64encode(gzip.compress(content, mtime=0)).decode())
