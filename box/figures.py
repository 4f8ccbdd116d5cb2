"""Brings the figures of evaluations into a network's file, from which all pages take them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import onnx

from crackseg.errors import CrackSegError
from crackseg.evaluation.results import Evaluation, Part
from crackseg.inference.model_file import read_model, write_model
from crackseg.parameters.judged_set import JudgedSet
from crackseg.weights.registry import bundled

# Two of them in one wheel.
MOST_BYTES = 5_000_000


def judged_set(title: str, metrics: Path, unseen: bool = False) -> JudgedSet:
    """The short form of an evaluation.

    Args:
        title: What was judged, in words.
        metrics: Path of ``metrics.json``.
        unseen: Whether the images are known to be none of the training's.

    Raises:
        CrackSegError: The file is missing or of another form.
    """
    try:
        found = Evaluation.from_json(metrics.read_bytes())
    except (OSError, ValueError) as error:
        raise CrackSegError(f"{metrics}: not what evaluate.py writes ({error})") from error
    leak = "none of these images was in the training" if unseen else found.leak_line
    return JudgedSet(
        title=title,
        protocol=[leak if line == found.leak_line else line for line in found.protocol],
        total=_total(found),
        sources={name: _part(part) for name, part in found.by.source.items()},
        widths={name: _part(part) for name, part in found.by.width.items()},
    )


def place(name: str, model: Path, judged: Sequence[JudgedSet]) -> Path:
    """Puts a network into the package, with its figures.

    Args:
        name: Name under which it comes with the package.
        model: Path of its ONNX file.
        judged: Figures; without any, those that the file holds stay.

    Returns:
        The path of its place.

    Raises:
        CrackSegError: The file is too large, or its licence is not the one of that name.
    """
    known, content = bundled(name), read_model(model)
    if model.stat().st_size > MOST_BYTES:
        raise CrackSegError(
            f"{model}: {model.stat().st_size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:g}; "
            "export it with --int8 or --float16"
        )
    if content.info.licence != known.licence:
        raise CrackSegError(
            f"{model}: its licence is {content.info.licence!r}, not that of {name}; export it with "
            f"--licence '{known.licence}'"
        )
    info = replace(content.info, judged=tuple(judged) or content.info.judged)
    write_model(onnx.load_model_from_string(content.graph), info, known.path)
    return known.path


def _total(found: Evaluation) -> dict[str, float]:
    figures: dict[str, float | None] = {
        "images": found.images,
        "photographs": found.photographs,
        "threshold": found.stored.threshold,
    }
    if found.has_crack:
        low, high = found.stored.intervals.totals["crack_iou"]
        figures |= {**found.stored.totals, **found.thin.totals, "low": low, "high": high}
        best = found.own_best
        figures |= {"best_threshold": best.threshold, "best_crack_iou": best.totals["crack_iou"]}
        figures |= {"mean_image_iou": found.stored.means["crack_iou"]}
    if found.alarms is not None:
        alarms = found.alarms
        figures |= {"crack_free": alarms.images, "alarm_share": alarms.share}
        figures |= {"alarm_pixels": alarms.mean_pixels, "alarm_pixels_high": alarms.high_pixels}
    return _known(figures)


def _part(part: Part) -> dict[str, float]:
    figures: dict[str, float | None] = {"images": part.images, "photographs": part.photographs}
    if part.has_crack:
        low, high = part.intervals.totals["crack_iou"]
        figures |= {**part.totals, **part.thin_totals, "low": low, "high": high}
    return _known(figures)


def _known(figures: dict[str, float | None]) -> dict[str, float]:
    """The figures that there are, with as many digits as any page prints."""
    return {name: round(float(one), 5) for name, one in figures.items() if one is not None}
