"""Runs, evaluations and reports that no network made."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from crackseg.checkpoint import CheckpointParameters
from crackseg.data.splits.manifest import Row
from crackseg.evaluation.assessment import assess, table_of_images
from crackseg.evaluation.records import ImageRecord, measure_image
from crackseg.evaluation.results import Assessment, Evaluation
from crackseg.metrics.histogram import THRESHOLDS, ProbabilityHistogram
from crackseg.reporting.comparison.differences import compare
from crackseg.reporting.comparison.entries import RunResult, ranked
from crackseg.reporting.comparison.evaluations import (
    HISTOGRAM,
    IMAGES,
    METRICS,
    StoredEvaluation,
    read_evaluation,
)
from crackseg.reporting.comparison.page import Report
from crackseg.reporting.comparison.pictures import RunPrediction
from crackseg.reporting.comparison.selection import choose_failures, choose_scenes
from crackseg.reporting.terminal.evaluation import write_images
from crackseg.runs.reader import Run
from crackseg.system.files import write_json
from tests.helpers.checkpoints import parameter_values

THRESHOLD = 0.6
SIZE = 48
NAMES = tuple(f"images/CFD_{number:03d}.png" for number in range(6))
PROTOCOL = ["dataset totals over 6 photographs", "no leak: none of 6 val", "threshold on val"]


def truth_of(name: str, size: int = SIZE) -> np.ndarray:
    """The truth (H, W) of an image: a line, or nothing where its name says so."""
    mask = np.zeros((size, size), np.uint8)
    if "noncrack" not in name:
        place = 8 + sum(name.encode()) % 30
        cv2.line(mask, (0, place), (size - 1, size - place), 1, 1 + len(name) % 4)
    return mask.astype(bool)


def probability_of(name: str, blur: float, size: int = SIZE) -> np.ndarray:
    """What a network would say of it: the truth blurred, with some noise and a false alarm."""
    noise = np.random.default_rng(sum(name.encode())).random((size, size)) * 0.4
    clear = cv2.GaussianBlur(truth_of(name, size).astype(np.float32), (0, 0), blur)
    clear[2:5, -6:] = 1
    return np.clip(clear * 0.9 + noise * blur / 2, 0, 1).astype(np.float32)


def source_of(name: str) -> str:
    return name.rpartition("/")[2].partition("_")[0]


def write_judgement(folder: Path, names: Sequence[str], blur: float, size: int = SIZE) -> None:
    """An evaluation as it is kept in its folder."""
    records, histogram, figures = _assessed(tuple(sorted(names)), blur, size)
    evaluation = Evaluation(
        checkpoint=str(folder / "best.ckpt"),
        subset="test",
        resolution="training",
        manifest_hash="8e21b6dd77240a72",
        leak_line=PROTOCOL[1],
        protocol=PROTOCOL,
        **vars(figures),
    )
    folder.mkdir(parents=True)
    write_json(evaluation.as_dict(), folder / METRICS)
    place = THRESHOLDS.index(THRESHOLD)
    write_images(table_of_images(records, place), folder / IMAGES)
    np.save(folder / HISTOGRAM, histogram.bins)


@cache
def _assessed(
    names: tuple[str, ...], blur: float, size: int
) -> tuple[list[ImageRecord], ProbabilityHistogram, Assessment]:
    """What is measured of images; the same ones are asked for again and again."""
    judged = [
        measure_image(
            Row(Path(name).stem, name, "m", source_of(name), name, name, "test"),
            probability_of(name, blur, size),
            truth_of(name, size),
            THRESHOLD,
            bool(truth_of(name, size).any()),
        )
        for name in names
    ]
    records = [record for record, _ in judged]
    histogram = sum((one for _, one in judged[1:]), start=judged[0][1])
    return records, histogram, assess(records, histogram, THRESHOLD)


def judgement(
    folder: Path, names: Sequence[str] = NAMES, blur: float = 1.0, size: int = SIZE
) -> StoredEvaluation:
    """The same, read back."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "best.ckpt").touch()
    write_judgement(folder / "evaluation", names, blur, size)
    found = read_evaluation(folder / "evaluation", folder / "best.ckpt")
    assert found is not None
    return found


def a_run(folder: Path, overrides: Mapping[str, str] | None = None, minute: int = 0) -> Run:
    """A finished one."""
    return Run(
        folder=folder,
        state="done",
        overrides=overrides or {},
        varied=(),
        metrics={"training_seconds": 436.0, "best_epoch": 7, "epochs": 9},
        error=None,
        started=datetime(2026, 3, 4, 5, tzinfo=UTC) + timedelta(minutes=minute),
        finished=None,
    )


def entry(
    folder: Path,
    overrides: Mapping[str, str],
    found: StoredEvaluation,
    minute: int = 0,
    **more: Any,
) -> RunResult:
    """A run that was judged alike on validation and test."""
    given: dict[str, Any] = {
        "number": 0,
        "label": "",
        "name": folder.name,
        "run": a_run(folder, overrides, minute),
        "record": {
            "command": f"python train.py {folder.name}",
            "code": {"version": "0.1.0", "commit": "51c77849a4fd6f56", "dirty": True},
            "machine": {"processor": "a processor", "gpus": []},
            "resumed": [],
        },
        "settings": {"data.split": "random", "model.name": "unet", **overrides},
        "history": {
            "val/loss": {0: 0.7, 1: 0.5},
            "train/loss": {0: 0.8, 1: 0.6},
            "train/lr": {0: 0.1, 1: 0.01},
            "val/crack_iou": {0: 0.2, 1: 0.4},
        },
        "parameters": CheckpointParameters.from_dict(
            {**parameter_values(), "threshold": THRESHOLD}
        ),
        "weights": 246_805,
        "val": found,
        "test": found,
    }
    return RunResult(**{**given, **more})


def look_at(name: str, blur: float, size: int = SIZE) -> RunPrediction:
    photograph = np.full((size, size, 3), 180, np.uint8)
    photograph[truth_of(name, size)] = 60
    return RunPrediction(
        photograph, truth_of(name, size), probability_of(name, blur, size), THRESHOLD
    )


def report_of(
    entries: Sequence[RunResult], left_out: Sequence[tuple[str, Run]] = (), title: str = "sweep"
) -> Report:
    """A report on runs, the first one given being the baseline."""
    order = ranked(entries)
    comparisons = compare(order, next(one for one in order if one.name == entries[0].name))
    members = comparisons[0].entries
    scenes = choose_scenes(comparisons[0].baseline.test.images)
    failures = choose_failures(members[0].test.images)
    return Report(
        title=title,
        entries=order,
        left_out=left_out,
        comparisons=comparisons,
        subset="test",
        resolution="training",
        scenes=[(one, [(run, look_at(one.image, 1.0)) for run in members]) for one in scenes],
        failures=[
            (one, {image: look_at(image, 1.0) for image, _ in one.worst}) for one in failures
        ],
    )
