"""Promises a miss rate: chooses the threshold by labelled photographs and stores it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from crackseg.data.annotations.ground_truth import read_truth
from crackseg.errors import ConfigError, DatasetError
from crackseg.images.pixels import binarize, resize
from crackseg.inference.engines import OpenedModel, is_onnx
from crackseg.inference.familiarity import known_calibration
from crackseg.inference.features import FeatureMoments, FloatArray
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
from crackseg.parameters.promise import CONFIDENCE_LIMITS, MISS_LIMITS, Promise
from crackseg.system.files import require_writable_file
from crackseg.system.progress import progress
from crackseg.workflows.labelled.photographs import labelled_photographs

# Parts of the photographs, each of which is to count as like the others, and what others of such a
# part may be farther away by chance. Those of one spot mostly follow each other by their names.
_PARTS, _SLACK = 4, 1.1


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
        for name, limits in (("miss", MISS_LIMITS), ("confidence", CONFIDENCE_LIMITS)):
            value = getattr(self, name)
            if not limits.hold(value):
                raise ConfigError(f"--{name} {value}: a share, {limits}")

    def require(self, count: int, what: str, halves: bool) -> None:
        """Checks that photographs can be enough for a promise.

        Args:
            count: Their number.
            what: What they are, such as ``photographs with cracks``.
            halves: Whether each half of them has to be enough.

        Raises:
            DatasetError: They cannot.
        """
        least = least_photographs(self.miss, self.confidence) * (2 if halves else 1)
        if count >= least:
            return
        each = ", half of them to promise by and half to judge by (--check)" if halves else ""
        raise DatasetError(
            f"{what}: {count}; to promise {self.miss:g} with a confidence of {self.confidence:g} "
            f"takes {least} or more with cracks{each}, no crops or near duplicates of each other; "
            "label more, or promise less with --miss or --confidence"
        )


@dataclass(frozen=True, eq=False)
class Observed:
    """What a network missed and called crack by mistake, at each threshold of the grid.

    Attributes:
        missed: Missed shares of crack length, (photographs with cracks, thresholds); all images of
            one photograph are one row.
        false: Shares of all pixels that are called crack farther than 2 px from any crack,
            (images, thresholds).
        features: What the network saw of each image, (images, D).
    """

    missed: Losses
    false: Losses
    features: FloatArray


@dataclass(frozen=True)
class Check:
    """How promises fared that one half of the photographs made and the other half judged.

    Attributes:
        divisions: Number of random divisions.
        without: Number of them whose half could promise nothing.
        missed: Mean over the others of the share that was missed in the judging half; None where
            there are no others.
        broken: Share of all divisions in which that was more than promised.
    """

    divisions: int
    without: int
    missed: float | None
    broken: float


def observe(
    model: OpenedModel,
    predictor: Predictor,
    roots: Sequence[Path],
    terms: Terms,
    origins: Path | None = None,
    halves: bool = False,
) -> Observed:
    """Looks at labelled photographs with a network.

    Args:
        model: Network, whose mask threshold the truth is cut at.
        predictor: Predictor of that network.
        roots: Folders with photographs and their truth, in any form that ``data=folder`` takes.
        terms: What is to be promised.
        origins: Table of the photographs that crops were cut from, as ``data.origins`` takes it.
        halves: Whether a half of the photographs has to be enough for a promise.

    Raises:
        DatasetNotFoundError: A folder does not exist, or holds no labelled photograph.
        DatasetError: There are too few to promise anything.
    """
    seen = model.usage.preprocessing
    data = labelled_photographs(roots, model.usage, origins)
    rows = data.manifest.rows
    # Before a network looks at them, which may take hours.
    terms.require(len({row.group for row in rows}), "photographs", halves)
    missed: dict[str, Losses] = {}
    lengths: dict[str, int] = {}
    false, features = [], []
    for row in progress(rows, "Looking for cracks", len(rows)):
        moments = FeatureMoments()
        # From its file, as nothing is found where it is transparent.
        probability = predictor.predict(data.root / row.image, moments).probability
        size = probability.shape[0], probability.shape[1]
        truth = resize(read_truth(data.root, row.mask, size), size, seen.resize)
        features.append(moments.features)
        crack = binarize(truth, seen.mask_threshold)
        false.append(false_pixels(probability, crack, THRESHOLD_GRID) / crack.size)
        if crack.any():
            lost, length = missed_length(probability, crack, THRESHOLD_GRID)
            missed[row.group] = missed.get(row.group, 0) + lost
            lengths[row.group] = lengths.get(row.group, 0) + length
    terms.require(len(missed), "photographs with cracks", halves)
    shares = [missed[photograph] / lengths[photograph] for photograph in missed]
    return Observed(np.array(shares), np.array(false), np.array(features))


def promise(observed: Observed, terms: Terms, scales: Sequence[float]) -> Promise:
    """The promise with the highest threshold.

    Args:
        observed: What was missed.
        terms: What is to be promised.
        scales: Scales at which photographs were looked at.

    Raises:
        DatasetError: Too much is missed at every threshold.
    """
    count = len(observed.missed)
    place = promised_place(observed.missed, terms.miss, terms.confidence)
    if place is None:
        lowest = observed.missed[:, 0].mean()
        raise DatasetError(
            f"no promise: even at the lowest threshold, {THRESHOLD_GRID[0]:g}, {lowest:.3f} of the "
            f"crack length is missed on {count} photographs, which does not show that it is less "
            f"than {terms.miss:g} in others; promise less with --miss, or take another network, "
            "and photographs that were not looked at before: a promise that is tried until it "
            "holds is worth less"
        )
    return Promise(
        threshold=THRESHOLD_GRID[place],
        miss=terms.miss,
        confidence=terms.confidence,
        photographs=count,
        missed=float(observed.missed[:, place].mean()),
        scales=tuple(scales),
        known=known_calibration(observed.features, _PARTS, _SLACK, tuple(scales)),
    )


def check(observed: Observed, terms: Terms, divisions: int) -> Check:
    """Divides the photographs at random, promises by one half and judges by the other."""
    half = len(observed.missed) // 2
    random, risks = np.random.default_rng(0), []
    for _ in progress(range(divisions), "Checking", divisions):
        drawn = random.permutation(observed.missed)
        place = promised_place(drawn[:half], terms.miss, terms.confidence)
        if place is not None:
            risks.append(float(drawn[half:, place].mean()))
    broken = sum(risk > terms.miss for risk in risks) / divisions
    missed = float(np.mean(risks)) if risks else None
    return Check(divisions, divisions - len(risks), missed, broken)


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
        OutputError: It cannot be written, or its name says that it has another form.
    """
    require_writable_file(output, ".onnx" if is_onnx(path) else ".ckpt")
