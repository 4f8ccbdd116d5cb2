"""Trains and tests a network from settings, and writes its checkpoint and curves."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from lightning import Callback, Trainer, seed_everything

from crackseg.checkpoint import CheckpointParameters
from crackseg.checkpoint.parameters import (
    LossParameters,
    NetworkParameters,
    OptimizerParameters,
    SchedulerParameters,
)
from crackseg.config.paths import absolute_data
from crackseg.config.schema import TrainConfig
from crackseg.config.unused import ignored_values
from crackseg.config.validation import check_train_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.loaders import killed_workers_named
from crackseg.data.mask_checks import refuse_without_crack
from crackseg.data.splits.manifest import Manifest
from crackseg.inference.scales import scales_of
from crackseg.parameters.usage import DataIdentity
from crackseg.runs.reader import METRICS
from crackseg.runs.record import MANIFEST
from crackseg.system.exits import Interrupted
from crackseg.system.files import write_json
from crackseg.system.logs import quiet_lightning
from crackseg.system.output import told_if_read
from crackseg.system.precision import resolve_precision
from crackseg.system.processes import is_first_process
from crackseg.system.runtime import prepare_process
from crackseg.training.callbacks import build_callbacks
from crackseg.training.checkpointing import SafeCheckpointIO, Start, read_start
from crackseg.training.initial import (
    InitialNetwork,
    drawn_parts_told,
    initial_network,
    take_weights,
    training_images,
)
from crackseg.training.interruption import (
    StopBetweenBatches,
    TimeToEnd,
    graceful_signals,
    lost_processes_in_words,
)
from crackseg.training.judging import best_checkpoint, judge_best
from crackseg.training.loggers import build_loggers
from crackseg.training.restoring import restoring
from crackseg.training.schedules import TimeLimit
from crackseg.training.segmenter import CrackSegmenter
from crackseg.training.trainer import build_trainer
from crackseg.training.watching.profiling import build_profiler
from crackseg.training.watching.speed import Throughput
from crackseg.workflows.known_photographs import keep_known
from crackseg.workflows.teaching import open_teacher, taught
from crackseg.workflows.training_summary import draw, log_outcome, print_summary

log = logging.getLogger(__name__)

PACKAGES = ("torch", "torchvision", "lightning", "torchmetrics", "albumentations", "numpy")


@dataclass(frozen=True)
class TrainResult:
    """Results of a training.

    Attributes:
        checkpoint: Path of ``best.ckpt``.
        threshold: Threshold chosen on the validation subset.
        metrics: All figures, as in ``metrics.json``.
    """

    checkpoint: Path
    threshold: float
    metrics: Mapping[str, Any]

    def objective(self, name: str) -> float:
        """Figure that a sweep compares, such as ``val/crack_iou``, at the stored threshold."""
        subset, _, figure = name.partition("/")
        return float(self.metrics[subset]["stored"][figure])


def train(
    config: TrainConfig,
    folder: Path,
    checkpoint: Path | None = None,
    watchers: Sequence[Callback] = (),
) -> TrainResult:
    """Trains a network, keeps the best epoch, chooses its threshold on val and tests it once.

    Args:
        config: All settings.
        folder: Folder for all files of this run.
        checkpoint: Checkpoint of this run that is resumed; None for a fresh run.
        watchers: Further callbacks, which may end it.

    Raises:
        CrackSegError: Settings or data cannot work; see its children.
        Interrupted: A signal ended the training; ``last.ckpt`` holds its last complete epoch.
    """
    check_train_config(config)
    for line in ignored_values(config):
        log.warning("%s", line)
    prepare_process(config.runtime.keep_freed_memory, config.runtime.threads)
    initial = None if checkpoint else initial_network(config.init_from)
    teacher = open_teacher(config.distill)
    folder.mkdir(parents=True, exist_ok=True)
    datamodule = _read_data(config)
    start = None if checkpoint is None else read_start(checkpoint, datamodule.manifest)
    datamodule.begun_from = _known_beyond(initial, start, datamodule.manifest)
    if start is not None:  # Another version may weigh otherwise.
        datamodule.class_weights = start.class_weights
    former = None if start is None else start.teacher
    learned = None if teacher is None else taught(teacher, config, datamodule, former)
    if is_first_process():
        datamodule.manifest.write(folder / MANIFEST)
    seed_everything(config.seed, workers=True, verbose=False)
    segmenter = build_segmenter(config, datamodule)
    _begin(segmenter, config, datamodule, initial, start)
    begun = initial.origin if initial else start.init_from if start else None
    segmenter.settings = replace(segmenter.settings, init_from=begun, teacher=learned)
    try:
        trainer, metrics = _fit(config, folder, segmenter, datamodule, start, watchers)
    except Interrupted:
        if not is_first_process():
            # Lightning kills all processes if one that it started ends with another code.
            sys.exit(0)
        draw(config, folder, datamodule)
        raise
    finally:
        datamodule.close()
    if trainer.is_global_zero:
        _finish(config, folder, trainer, segmenter, datamodule, metrics)
    return TrainResult(best_checkpoint(trainer), metrics["threshold"], metrics)


def _known_beyond(initial: InitialNetwork | None, start: Start | None, manifest: Manifest) -> str:
    """Name of an earlier network that may know photographs of val and test; empty for none."""
    if start is not None:
        return start.begun_from
    earlier = "" if initial is None else initial.beyond(manifest)
    if earlier:
        log.warning(
            "%s was trained on other subsets and may know photographs that this run validates and "
            "tests on; its figures may be too good",
            earlier,
        )
    return earlier


def _begin(
    segmenter: CrackSegmenter,
    config: TrainConfig,
    datamodule: CrackDataModule,
    initial: InitialNetwork | None,
    start: Start | None,
) -> None:
    """Gives the network its first weights, unless a checkpoint does, and the form it trains in."""
    if start is None:
        with killed_workers_named(), drawn_parts_told(segmenter.network, config.optimizer.freeze):
            segmenter.network.begin_training()
            if initial is not None:
                images, share = training_images(datamodule), config.callbacks.first_share
                take_weights(segmenter.network, initial, images, share)
    if config.data.looks is not None:
        segmenter.learned_at = scales_of(None, segmenter.settings)
    if config.logger.graph:
        height, width = datamodule.training_size
        segmenter.example_input_array = torch.zeros(1, 3, height, width)
    if config.runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)


def _fit(
    config: TrainConfig,
    folder: Path,
    segmenter: CrackSegmenter,
    datamodule: CrackDataModule,
    start: Start | None,
    watchers: Sequence[Callback],
) -> tuple[Trainer, dict[str, Any]]:
    """Trains to the end and judges the best epoch: the trainer, and all figures."""
    with killed_workers_named(), quiet_lightning(), graceful_signals() as came:
        throughput = Throughput()
        callbacks = [throughput, StopBetweenBatches(came), TimeToEnd(), *watchers]
        trainer = _build_trainer(config, folder, callbacks, start)
        path = start.checkpoint if start else None
        with lost_processes_in_words(), restoring(trainer, path):
            trainer.fit(segmenter, datamodule=datamodule, ckpt_path=path)
        return trainer, {
            **throughput.figures(),
            "threads": torch.get_num_threads(),
            "class_weights": list(datamodule.class_weights),
            "leaks": datamodule.leaks.as_dict(),
            **judge_best(trainer, segmenter, datamodule, config.calibrate),
        }


def _finish(
    config: TrainConfig,
    folder: Path,
    trainer: Trainer,
    segmenter: CrackSegmenter,
    datamodule: CrackDataModule,
    metrics: Mapping[str, Any],
) -> None:
    """Writes, draws and prints what came of a training."""
    write_json(metrics, folder / METRICS)
    device = str(trainer.strategy.root_device)
    keep_known(best_checkpoint(trainer), device, datamodule.root, datamodule.manifest)
    log_outcome(config, folder, trainer, segmenter, metrics)
    draw(config, folder, datamodule)
    with told_if_read():
        print_summary(config, folder, metrics, datamodule)


def _read_data(config: TrainConfig) -> CrackDataModule:
    datamodule = CrackDataModule(config.data, config.seed).prepared()
    training = datamodule.content.statistics_of(datamodule.manifest.subset("train"))
    refuse_without_crack(datamodule.root, training, datamodule.settings.mask_threshold)
    return datamodule


def build_segmenter(config: TrainConfig, datamodule: CrackDataModule) -> CrackSegmenter:
    """Makes the module for these settings and data."""
    log.info("class weights: background %.4f, crack %.4f", *datamodule.class_weights)
    return CrackSegmenter(_parameters(config, datamodule))


def _parameters(config: TrainConfig, datamodule: CrackDataModule) -> CheckpointParameters:
    weights = datamodule.class_weights
    arguments = asdict(config.model)
    name = arguments.pop("name")
    loss_weights = weights if config.loss.class_weights == "auto" else config.loss.class_weights
    return CheckpointParameters(
        model=NetworkParameters(name, arguments),
        loss=LossParameters(
            dict(config.loss.terms),
            None if loss_weights is None else tuple(loss_weights),
            config.loss.deep_supervision,
        ),
        optimizer=OptimizerParameters(
            **{**asdict(config.optimizer), "freeze": tuple(config.optimizer.freeze)}
        ),
        scheduler=SchedulerParameters(**asdict(config.scheduler)),
        preprocessing=datamodule.preprocessing,
        scale=datamodule.scale,
        scales=datamodule.settings.seen_scales,
        data=DataIdentity(
            name=config.data.name,
            root=str(datamodule.root.resolve()),
            manifest_hash=datamodule.manifest.digest,
            counts=datamodule.manifest.counts,
            leaks=datamodule.leaks.as_dict(),
            class_weights=weights,
            config=asdict(absolute_data(config.data)),
        ),
        threshold=0.5,
        seed=config.seed,
        versions=package_versions(),
    )


def package_versions() -> dict[str, str]:
    """Versions of this package and of those that weights and figures depend on."""
    return {package: version(package) for package in ("crackseg", *PACKAGES)}


def _build_trainer(
    config: TrainConfig,
    folder: Path,
    callbacks: Sequence[Callback],
    start: Start | None,
) -> Trainer:
    settings = asdict(config.trainer)
    settings["precision"] = resolve_precision(settings["precision"], settings["accelerator"])
    settings["profiler"] = build_profiler(settings["profiler"], folder)
    settings["gradient_clip_val"] = settings.pop("gradient_clip")
    # Lightning's own clock stops within an epoch, whose figures would then be none.
    limit = None if (minutes := settings.pop("max_time")) is None else TimeLimit(minutes)
    log.info("precision: %s", settings["precision"])
    resumed_at = None if start is None else (start.epoch, start.step)
    return build_trainer(
        **settings,
        logger=build_loggers(config.logger, folder, resumed_at),
        callbacks=[*callbacks, *build_callbacks(config.callbacks, folder, limit)],
        plugins=[SafeCheckpointIO()],
        default_root_dir=str(folder),
        log_every_n_steps=10,
        num_sanity_val_steps=0,
    )
