"""From settings to a trained, tested checkpoint with its curves."""

import logging
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import Trainer, seed_everything
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

from crackseg import checkpoint as checkpoints
from crackseg import figures
from crackseg.callbacks import Throughput, build_callbacks
from crackseg.config import TrainConfig, check_train_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.inference.predictor import Predictor
from crackseg.metrics import THRESHOLD_GRID, at_both_thresholds, best_threshold
from crackseg.pixels import read_mask
from crackseg.reporting.tables import print_scores, rows_of, write_json
from crackseg.runtime import prepare_process, quiet_lightning, resolve_precision
from crackseg.segmenter import CrackSegmenter
from crackseg.workflows.protocol import absolute, announce, build_trainer, protocol_line

log = logging.getLogger(__name__)

PACKAGES = ("torch", "torchvision", "lightning", "torchmetrics", "albumentations", "numpy")


@dataclass(frozen=True)
class TrainResult:
    """What a training leaves behind.

    Attributes:
        checkpoint: path of ``best.ckpt``.
        threshold: chosen on the validation subset.
        metrics: all figures, as in ``metrics.json``.
        objective: crack IoU on validation at the stored threshold.
    """

    checkpoint: Path
    threshold: float
    metrics: Mapping[str, Any]

    @property
    def objective(self) -> float:
        """What a sweep compares."""
        return float(self.metrics["val"]["stored"]["crack_iou"])


def train(config: TrainConfig, folder: Path) -> TrainResult:
    """Trains, keeps the best epoch, chooses its threshold on val, tests it once.

    Args:
        config: all settings.
        folder: where everything of this run goes.

    Raises:
        CrackSegError: settings or data that cannot work; see its children.
    """
    check_train_config(config)
    folder.mkdir(parents=True, exist_ok=True)
    prepare_process(config.runtime.keep_freed_memory, config.runtime.threads)
    announce(config.data)
    seed_everything(config.seed, workers=True, verbose=False)
    datamodule = CrackDataModule(config.data, seed=config.seed)
    datamodule.prepare_data()
    datamodule.setup()
    datamodule.manifest.write(folder / "manifest.csv")
    segmenter = build_segmenter(config, datamodule)
    if config.runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)
    with quiet_lightning():
        throughput = Throughput()
        trainer = _build_trainer(config, folder, throughput)
        trainer.fit(segmenter, datamodule=datamodule)
        metrics = {**throughput.figures(), **_judge_best(trainer, segmenter, datamodule)}
    best = _best_checkpoint(trainer)
    if trainer.is_global_zero:
        write_json(metrics, folder / "metrics.json")
        _draw(config, folder, datamodule)
        _report(config, best, metrics, datamodule)
    return TrainResult(best, metrics["threshold"], metrics)


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
            "config": asdict(absolute(config.data)),
        },
        threshold=0.5,
        seed=config.seed,
        versions={package: version(package) for package in ("crackseg", *PACKAGES)},
        format=checkpoints.FORMAT,
    )


def _build_trainer(config: TrainConfig, folder: Path, throughput: Throughput) -> Trainer:
    loggers: list[Logger] = []
    if config.logger.tensorboard:
        loggers.append(TensorBoardLogger(folder, name="tensorboard", version=""))
    if config.logger.csv:
        loggers.append(CSVLogger(folder, name="csv", version=""))
    settings = asdict(config.trainer)
    settings["precision"] = resolve_precision(settings["precision"], settings["accelerator"])
    log.info("precision: %s", settings["precision"])
    return build_trainer(
        **settings,
        logger=loggers,
        callbacks=[throughput, *build_callbacks(config.callbacks, str(folder))],
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
    return {
        "threshold": threshold,
        "best_epoch": int(checkpoint["epoch"]) + 1,
        "epochs": trainer.current_epoch,
        **judged,
    }


def _best_checkpoint(trainer: Trainer) -> Path:
    """Where the first process wrote it: others may have made up a folder of their own."""
    kept = trainer.checkpoint_callback
    assert isinstance(kept, ModelCheckpoint)
    return Path(kept.best_model_path)


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
    best = _short(best)
    print(
        f"\ntrained for {metrics['training_seconds']:.0f} s at "
        f"{metrics['training_images_per_second']:.0f} images/s\n"
        f"checkpoint: {best}\ncurves and masks: {best.parent / 'figures'}\n\n"
        "next:\n"
        f"  {_program('python')} evaluate.py {override('checkpoint', best)} subset=val\n"
        f"  {_program('crackseg')} predict {shlex.quote(str(_short(datamodule.root)))} "
        f"--checkpoint {shlex.quote(str(best))}"
    )


def _short(path: Path) -> Path:
    """Relative to the working folder where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def override(key: str, path: Path) -> str:
    """A setting as it can be typed: Hydra takes bare commas and signs for its own grammar."""
    plain = re.fullmatch(r"[\w./-]+", str(path))
    value = str(path) if plain else "'{}'".format(str(path).replace("'", "\\'"))
    return shlex.quote(f"{key}={value}")


def _program(name: str) -> str:
    """A program of this environment as it can be typed here, whether activated or not."""
    return shlex.quote(str(_short(Path(sys.executable).with_name(name))))
