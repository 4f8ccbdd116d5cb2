"""Summary at the end of a training: logs, pictures, tables."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from lightning import Trainer

from crackseg.config.overrides import program, relative_to_cwd, shell_override
from crackseg.config.schema import TrainConfig
from crackseg.data.annotations.ground_truth import read_truth
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.manifest import Row, spread_over
from crackseg.evaluation.protocol import protocol
from crackseg.inference.predictor import Predictor
from crackseg.reporting.terminal.scores import print_scores, rows_of
from crackseg.runs.history import read_history
from crackseg.runs.record import BEST
from crackseg.training import loggers
from crackseg.training.segmenter import CrackSegmenter
from crackseg.visualization import overlays, plots
from crackseg.visualization.sheets import contact_sheet

# Photographs whose masks are drawn.
_PICTURES = 8


def log_outcome(
    config: TrainConfig,
    folder: Path,
    trainer: Trainer,
    segmenter: CrackSegmenter,
    metrics: Mapping[str, Any],
) -> None:
    """Writes final plots, threshold curves and all settings to the run's logs.

    The curves of the validation subset, on which the threshold was chosen, are also drawn.
    """
    logs, step, threshold = trainer.loggers, trainer.global_step, metrics["threshold"]
    for subset in ("val", "test"):
        if subset in metrics:
            loggers.log_threshold_curves(logs, subset, segmenter.totals[subset], threshold, step)
    loggers.log_outcome(logs, asdict(config), metrics, step)
    totals = segmenter.totals["val"].cpu().numpy()
    plots.threshold_curves(totals, threshold, folder / "figures" / "threshold.png")


def draw(config: TrainConfig, folder: Path, datamodule: CrackDataModule) -> None:
    """Draws the learning curves and predictions of the best epoch, as far as there are any."""
    history = folder / "csv" / "metrics.csv"
    if config.logger.csv and history.is_file():
        plots.learning_curves(read_history(history), folder / "figures" / "curves.png")
    if not (folder / BEST).is_file():
        return
    predictor = Predictor.from_checkpoint(folder / BEST, device="cpu")
    pictures = []
    for row in spread_over(_to_show(datamodule), _PICTURES):
        found = predictor.predict(datamodule.root / row.image)
        height, width = found.image.shape[:2]
        truth = read_truth(datamodule.root, row.mask, (height, width))
        heats = ((truth / 255).astype(np.float32), found.probability, found.mask.astype(np.float32))
        pictures += [found.image, *(overlays.as_heat(heat) for heat in heats)]
    contact_sheet(
        pictures,
        columns=4,
        path=folder / "figures" / "predictions.png",
        titles=("photograph", "truth", "probability", "mask"),
    )


def print_summary(
    config: TrainConfig, folder: Path, metrics: Mapping[str, Any], datamodule: CrackDataModule
) -> None:
    """Prints the tables, the places of the files, and possible next steps."""
    threshold = metrics["threshold"]
    for stage in ("val", "test"):
        if stage in metrics:
            count = datamodule.counts[stage]
            print_scores(
                f"{stage}, epoch {metrics['best_epoch']} (the best of {metrics['epochs']})",
                rows_of(metrics[stage], threshold),
                protocol(count, datamodule, metrics.get("scales")),
            )
    best = relative_to_cwd(folder / BEST)
    # Only one photograph: the folder may hold masks too.
    photograph = _to_show(datamodule)[0].image
    shown = str(relative_to_cwd(datamodule.root / photograph))
    print(
        f"\ntrained for {metrics['training_seconds']:.0f} s at "
        f"{metrics['training_images_per_second']:.0f} images/s"
        f"{_early_end(config, metrics)}\n"
        f"checkpoint: {best}\ncurves and masks: {best.parent / 'figures'}\n\n"
        "next, all figures with their intervals, and a photograph's mask:\n"
        f"  {program('python')} evaluate.py {shell_override('checkpoint', best)} subset=val\n"
        f"  {program('crackseg')} predict {shlex.quote(shown)} "
        f"--checkpoint {shlex.quote(str(best))}"
    )


def _early_end(config: TrainConfig, metrics: Mapping[str, Any]) -> str:
    """The reason why a training ended before its last epoch; empty where it did not."""
    if metrics["stopped_early"]:
        callbacks = config.callbacks
        return f", until {callbacks.patience} epochs without better {callbacks.monitor}"
    if "max_time" in metrics:
        return f", as trainer.max_time={metrics['max_time']:g} minutes leaves no room for more"
    return ""


def _to_show(datamodule: CrackDataModule) -> tuple[Row, ...]:
    """Photographs that the training has not seen."""
    return datamodule.manifest.subset("test") or datamodule.manifest.subset("val")
