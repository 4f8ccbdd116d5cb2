"""From settings to a trained, tested checkpoint with its curves."""

import logging
import shlex
import signal
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.utilities.exceptions import SIGTERMException

from crackseg import checkpoint as checkpoints
from crackseg import figures
from crackseg.callbacks import Throughput, build_callbacks
from crackseg.checks import check_train_config
from crackseg.config import TrainConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.inference.predictor import Predictor
from crackseg.interruption import Interrupted, graceful_signals
from crackseg.loggers import build_loggers, log_outcome, log_threshold_curves
from crackseg.metrics import THRESHOLD_GRID, at_both_thresholds, best_threshold
from crackseg.pixels import read_mask
from crackseg.profiling import build_profiler
from crackseg.reporting.tables import print_scores, rows_of, write_json
from crackseg.runtime import prepare_process, quiet_lightning, resolve_precision
from crackseg.saving import BEST, LAST, SafeCheckpointIO
from crackseg.segmenter import CrackSegmenter
from crackseg.shell import program, short, typed
from crackseg.workflows.protocol import (
    absolute_data,
    announce,
    build_trainer,
    protocol_line,
)
from crackseg.workflows.resume import Start, read_start

log = logging.getLogger(__name__)

PACKAGES = ("torch", "torchvision", "lightning", "torchmetrics", "albumentations", "numpy")


@dataclass(frozen=True)
class TrainResult:
    """What a training leaves behind.

    Attributes:
        checkpoint: path of ``best.ckpt``.
        threshold: chosen on the validation subset.
        metrics: all figures, as in ``metrics.json``.
    """

    checkpoint: Path
    threshold: float
    metrics: Mapping[str, Any]

    def objective(self, name: str) -> float:
        """What a sweep compares, such as ``val/crack_iou``, at the stored threshold."""
        subset, _, figure = name.partition("/")
        return float(self.metrics[subset]["stored"][figure])


def train(config: TrainConfig, folder: Path, checkpoint: Path | None = None) -> TrainResult:
    """Trains, keeps the best epoch, chooses its threshold on val, tests it once.

    Args:
        config: all settings.
        folder: where everything of this run goes.
        checkpoint: of this run, to go on from.

    Raises:
        CrackSegError: settings or data that cannot work; see its children.
        Interrupted: a signal asked the training to end; ``last.ckpt`` holds its last whole epoch.
    """
    check_train_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    prepare_process(config.runtime.keep_freed_memory, config.runtime.threads)
    announce(config.data)
    seed_everything(config.seed, workers=True, verbose=False)
    datamodule = CrackDataModule(config.data, seed=config.seed)
    datamodule.prepare_data()
    datamodule.setup()
    start = None if checkpoint is None else read_start(checkpoint, datamodule.manifest)
    datamodule.manifest.write(folder / "manifest.csv")
    segmenter = build_segmenter(config, datamodule)
    if config.runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)
    with quiet_lightning():
        throughput = Throughput()
        trainer = _build_trainer(config, folder, throughput, start)
        try:
            _fit(trainer, segmenter, datamodule, start)
        except Interrupted:
            _leave(config, trainer, datamodule)
            raise
        metrics = {**throughput.figures(), **_judge_best(trainer, segmenter, datamodule)}
    best = _best_checkpoint(trainer)
    if trainer.is_global_zero:
        write_json(metrics, folder / "metrics.json")
        _log_outcome(config, trainer, segmenter, metrics)
        _draw(config, folder, datamodule)
        _report(config, best, metrics, datamodule)
    return TrainResult(best, metrics["threshold"], metrics)


def _fit(
    trainer: Trainer, segmenter: CrackSegmenter, datamodule: CrackDataModule, start: Start | None
) -> None:
    with graceful_signals() as came:
        try:
            trainer.fit(
                segmenter,
                datamodule=datamodule,
                ckpt_path=start.checkpoint if start is not None else None,
            )
        except SIGTERMException as error:
            raise Interrupted(came[0] if came else signal.SIGTERM) from error


def build_segmenter(config: TrainConfig, datamodule: CrackDataModule) -> CrackSegmenter:
    """The module for these settings and data, its hyper-parameters plain Python."""
    weights = datamodule.class_weights
    log.info("class weights: background %.4f, crack %.4f", *weights)
    arguments = asdict(config.model)
    name = arguments.pop("name")
    loss = asdict(config.loss)
    if loss["class_weights"] == "auto":
        loss["class_weights"] = list(weights)
    return CrackSegmenter(
        model={"name": name, "arguments": arguments},
        loss=loss,
        optimizer=asdict(config.optimizer),
        scheduler=asdict(config.scheduler),
        preprocessing={
            "image_size": list(datamodule.preprocessing.image_size),
            "resize": datamodule.preprocessing.resize,
            "mask_threshold": datamodule.preprocessing.mask_threshold,
            "scale": datamodule.scale,
        },
        data={
            "name": config.data.name,
            "root": str(datamodule.root.resolve()),
            "manifest_hash": datamodule.manifest.digest,
            "counts": datamodule.manifest.counts,
            "class_weights": list(weights),
            "config": asdict(absolute_data(config.data)),
        },
        threshold=0.5,
        seed=config.seed,
        versions={package: version(package) for package in ("crackseg", *PACKAGES)},
        format=checkpoints.FORMAT,
    )


def _build_trainer(
    config: TrainConfig, folder: Path, throughput: Throughput, start: Start | None
) -> Trainer:
    settings = asdict(config.trainer)
    settings["precision"] = resolve_precision(settings["precision"], settings["accelerator"])
    settings["profiler"] = build_profiler(settings["profiler"], folder)
    log.info("precision: %s", settings["precision"])
    resumed_at = None if start is None else (start.epoch, start.step)
    return build_trainer(
        **settings,
        logger=build_loggers(config.logger, folder, resumed_at),
        callbacks=[throughput, *build_callbacks(config.callbacks, str(folder))],
        plugins=[SafeCheckpointIO()],
        log_every_n_steps=10,
        num_sanity_val_steps=0,
    )


def _judge_best(
    trainer: Trainer, segmenter: CrackSegmenter, datamodule: CrackDataModule
) -> dict[str, Any]:
    """Chooses the best epoch's threshold on val, stores it in its checkpoint, tests it once."""
    best = _best_checkpoint(trainer)
    checkpoint = checkpoints.read_checkpoint(best)
    segmenter.load_state_dict(checkpoint["state_dict"])
    trainer.validate(segmenter, datamodule=datamodule, verbose=False)
    threshold = best_threshold(segmenter.totals["val"], THRESHOLD_GRID)
    segmenter.threshold = threshold
    if trainer.is_global_zero:
        checkpoint["hyper_parameters"]["threshold"] = threshold
        checkpoints.write_checkpoint(checkpoint, best)
    judged = {"val": at_both_thresholds(segmenter.totals["val"], threshold)}
    if datamodule.manifest.counts["test"]:
        trainer.test(segmenter, datamodule=datamodule, verbose=False)
        judged["test"] = at_both_thresholds(segmenter.totals["test"], threshold)
    last = checkpoints.read_checkpoint(best.with_name(LAST))
    return {
        "threshold": threshold,
        "best_epoch": int(checkpoint["epoch"]) + 1,
        "epochs": int(last["epoch"]) + 1,
        "stopped_early": bool(trainer.should_stop),
        **judged,
    }


def _log_outcome(
    config: TrainConfig, trainer: Trainer, segmenter: CrackSegmenter, metrics: Mapping[str, Any]
) -> None:
    step = trainer.global_step
    for subset in ("val", "test"):
        if subset in metrics:
            totals = segmenter.totals[subset]
            log_threshold_curves(trainer.loggers, subset, totals, metrics["threshold"], step)
    log_outcome(trainer.loggers, asdict(config), metrics, step)


def _best_checkpoint(trainer: Trainer) -> Path:
    """Where the first process wrote it: others may have made up a folder of their own."""
    kept = trainer.checkpoint_callback
    assert isinstance(kept, ModelCheckpoint)
    return Path(kept.dirpath or "") / BEST


def _leave(config: TrainConfig, trainer: Trainer, datamodule: CrackDataModule) -> None:
    """Draws what there is of a training that was interrupted."""
    if trainer.is_global_zero and _best_checkpoint(trainer).is_file():
        _draw(config, _best_checkpoint(trainer).parent, datamodule)


def _draw(config: TrainConfig, folder: Path, datamodule: CrackDataModule) -> None:
    history = folder / "csv" / "metrics.csv"
    if config.logger.csv:
        figures.learning_curves(figures.read_history(history), folder / "figures" / "curves.png")
    predictor = Predictor.from_checkpoint(folder / "best.ckpt", device="cpu")
    rows = datamodule.manifest.subset("test") or datamodule.manifest.subset("val")
    step = max(len(rows) // 8, 1)
    pictures = []
    for row in rows[::step][:8]:
        found = predictor.predict(datamodule.root / row.image)
        truth = read_mask(datamodule.root / row.mask)
        heats = ((truth / 255).astype(np.float32), found.probability, found.mask.astype(np.float32))
        pictures += [found.image, *(figures.as_heat(heat) for heat in heats)]
    figures.contact_sheet(
        pictures,
        columns=4,
        path=folder / "figures" / "predictions.png",
        titles=("photograph", "truth", "probability", "mask"),
    )


def _report(
    config: TrainConfig, best: Path, metrics: Mapping[str, Any], datamodule: CrackDataModule
) -> None:
    threshold = metrics["threshold"]
    for stage in ("val", "test"):
        if stage in metrics:
            count = datamodule.manifest.counts[stage]
            print_scores(
                f"{stage}, epoch {metrics['best_epoch']} (the best of {metrics['epochs']})",
                rows_of(metrics[stage], threshold),
                protocol_line(count, datamodule.preprocessing, config.data.split),
            )
    best = short(best)
    print(
        f"\ntrained for {metrics['training_seconds']:.0f} s at "
        f"{metrics['training_images_per_second']:.0f} images/s\n"
        f"checkpoint: {best}\ncurves and masks: {best.parent / 'figures'}\n\n"
        "next:\n"
        f"  {program('python')} evaluate.py {typed('checkpoint', best)} subset=val\n"
        f"  {program('crackseg')} predict {shlex.quote(str(short(datamodule.root)))} "
        f"--checkpoint {shlex.quote(str(best))}"
    )
