"""Promises a miss rate: chooses the threshold by labelled photographs and stores it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from crackseg.config.schema import DataConfig
from crackseg.config.settings import data_settings
from crackseg.data.prepare import prepare
from crackseg.errors import ConfigError, DatasetError
from crackseg.images.pixels import binarize
from crackseg.inference.engines import OpenedModel, is_onnx
from crackseg.inference.model_file import read_model, write_model
from crackseg.inference.predictor import Predictor
from crackseg.metrics.risk_control import (
    Losses,
    false_pixels,
    least_photographs,
    missed_length,
    promised_place,
)
from crackseg.metrics.thresholds import THRESHOLD_GRID
from crackseg.parameters.promise import SHARE_LIMITS, Promise
from crackseg.preprocessing import Preprocessing
from crackseg.system.files import require_writable_file
from crackseg.system.progress import progress


@dataclass(frozen=True)
class Terms:
    """What is to be promised.

    Attributes:
        miss: Largest share of crack length that may be missed, on average over photographs.
        confidence: Probability with which that is to hold.

    Raises:
        ConfigError: A number is out of range.
    """

    miss: float = 0.1
    confidence: float = 0.9

    def __post_init__(self) -> None:
        for name in ("miss", "confidence"):
            value = getattr(self, name)
            if not SHARE_LIMITS.hold(value):
                raise ConfigError(f"--{name} {value}: a share, {SHARE_LIMITS}")


@dataclass(frozen=True, eq=False)
class Observed:
    """What a network missed and called crack by mistake, at each threshold of the grid.

    Attributes:
        missed: Missed shares of crack length, (photographs with cracks, thresholds), in random
            order; images of one photograph are one row, their mean.
        false: Shares of all pixels that are called crack farther than 2 px from any crack,
            (images, thresholds).
    """

    missed: Losses
    false: Losses


@dataclass(frozen=True)
class Check:
    """How promises fared that one half of the photographs made and the other half judged.

    Attributes:
        divisions: Number of random divisions.
        without: Number of them whose half could promise nothing.
        missed: Mean over the others of the share that was missed in the judging half.
        broken: Share of all divisions in which that was more than promised.
    """

    divisions: int
    without: int
    missed: float
    broken: float


def observe(
    model: OpenedModel, predictor: Predictor, roots: Sequence[Path], origins: Path | None = None
) -> Observed:
    """Looks at labelled photographs with a network.

    Args:
        model: Network, whose mask threshold the truth is cut at.
        predictor: Predictor of that network.
        roots: Folders with photographs and their truth, in any form that ``data=folder`` takes.
        origins: Table of the photographs that crops were cut from, as ``data.origins`` takes it.

    Raises:
        DatasetError: There are none, or none of them shows a crack.
    """
    seen = model.usage.preprocessing
    own_size = Preprocessing(None, seen.resize, seen.mask_threshold, seen.white_level)
    config = DataConfig(
        name="folder",
        root=[str(root) for root in roots],
        origins=None if origins is None else str(origins),
        split="none",
        mask_threshold=seen.mask_threshold,
        white_level=seen.white_level,
        store=False,
    )
    data = prepare(data_settings(config), own_size)
    missed: dict[str, list[Losses]] = {}
    false = []
    rows = data.manifest.rows
    for row in progress(rows, "Looking for cracks", len(rows)):
        photograph, truth = data.pixels.read(row)
        probability = predictor.predict(photograph).probability
        crack = binarize(truth, seen.mask_threshold)
        false.append(false_pixels(probability, crack, THRESHOLD_GRID) / crack.size)
        if crack.any():
            shares = missed_length(probability, crack, THRESHOLD_GRID)
            missed.setdefault(row.group, []).append(shares)
    if not missed:
        raise DatasetError(f"{data.root}: none of these {len(rows)} photographs shows a crack")
    of_photographs = np.array([np.mean(shares, axis=0) for shares in missed.values()])
    return Observed(np.random.default_rng(0).permutation(of_photographs), np.array(false))


def promise(observed: Observed, terms: Terms, scales: Sequence[float]) -> Promise:
    """The promise with the highest threshold.

    Args:
        observed: What was missed.
        terms: What is to be promised.
        scales: Scales at which photographs were looked at.

    Raises:
        DatasetError: There are too few photographs, or too much is missed at every threshold.
    """
    count, least = len(observed.missed), least_photographs(terms.miss, terms.confidence)
    if count < least:
        raise DatasetError(
            f"{count} photographs with cracks: to promise {terms.miss:g} with a confidence of "
            f"{terms.confidence:g} takes {least} or more that are no crops or near duplicates of "
            "each other; label more, or promise less with --miss or --confidence"
        )
    place = promised_place(observed.missed, terms.miss, terms.confidence)
    if place is None:
        lowest = observed.missed[:, 0].mean()
        raise DatasetError(
            f"no promise: even at the lowest threshold, {THRESHOLD_GRID[0]:g}, {lowest:.3f} of the "
            f"crack length is missed on {count} photographs, and too few are left of "
            f"{terms.miss:g} for their chance; take a network that sees more in such photographs, "
            "label more of them, or promise less with --miss"
        )
    missed = float(observed.missed[:, place].mean())
    return Promise(
        THRESHOLD_GRID[place], terms.miss, terms.confidence, count, missed, tuple(scales)
    )


def check(observed: Observed, terms: Terms, divisions: int) -> Check:
    """Divides the photographs at random, promises by one half and judges by the other.

    Raises:
        DatasetError: A half has too few photographs to promise anything.
    """
    count, least = len(observed.missed), least_photographs(terms.miss, terms.confidence)
    if count < 2 * least:
        raise DatasetError(
            f"--check: {count} photographs with cracks, and it takes {2 * least}, half of them to "
            "promise by and half to judge by"
        )
    random, risks = np.random.default_rng(0), []
    for _ in range(divisions):
        drawn = random.permutation(observed.missed)
        ours, others = drawn[: count // 2], drawn[count // 2 :]
        place = promised_place(ours, terms.miss, terms.confidence)
        if place is not None:
            risks.append(float(others[:, place].mean()))
    broken = sum(risk > terms.miss for risk in risks) / divisions
    return Check(divisions, divisions - len(risks), float(np.mean(risks or [0])), broken)


def write_promise(path: Path, found: Promise, output: Path) -> None:
    """Writes a network's file anew with a promise in it, completely or not at all.

    Raises:
        CheckpointError: The file cannot be used.
        OutputError: The new one cannot be written.
    """
    if is_onnx(path):
        model = read_model(path)
        graph = onnx.load_model_from_string(model.graph)
        write_model(graph, replace(model.info, promise=found), output)
        return
    # Imported here because torch takes seconds, and an ONNX file does without it.
    from crackseg.checkpoint import read_checkpoint, write_checkpoint

    write_checkpoint(read_checkpoint(path).with_promise(found).content, output)


def require_same_form(path: Path, output: Path) -> None:
    """Checks that a network's file can be written anew, before long work begins.

    Raises:
        ConfigError: The new one's name says that it has another form.
        OutputError: It cannot be written.
    """
    if is_onnx(path) != is_onnx(output) or output.suffix.lower() not in (".ckpt", ".onnx"):
        raise ConfigError(f"--output {output}: a network of {path.suffix} stays one; name it so")
    require_writable_file(output)
