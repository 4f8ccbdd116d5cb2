"""Evaluates a checkpoint or an ONNX file on the data that it names, or on others."""

from collections import Counter
from dataclasses import asdict, replace
from functools import partial
from io import BytesIO
from pathlib import Path, PurePath

import numpy as np
import numpy.typing as npt
from lightning import LightningModule, Trainer

from crackseg.config.checks import faults_of, one_of, refuse, within
from crackseg.config.machine import check_machine
from crackseg.config.schema import EvaluateConfig
from crackseg.config.validation import check_process_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.loaders import killed_workers_named
from crackseg.data.splits.manifest import SUBSETS, Row
from crackseg.errors import ConfigError, name_some
from crackseg.evaluation.assessment import assess, table_of_images
from crackseg.evaluation.callback import EvaluationCallback, ImageHook, Visible
from crackseg.evaluation.network import JudgedNetwork, open_network
from crackseg.evaluation.protocol import protocol
from crackseg.evaluation.results import HISTOGRAM, IMAGES, MASKS, METRICS, Assessment, Evaluation
from crackseg.images.photographs import visible_part
from crackseg.images.png import write_png
from crackseg.inference.engines import check_engine, is_onnx
from crackseg.metrics.histogram import THRESHOLDS
from crackseg.parameters.usage import UsageParameters
from crackseg.reporting.terminal.evaluation import print_assessment, write_images
from crackseg.runs.record import BEST, LAST
from crackseg.system.files import atomic_write, write_json
from crackseg.system.limits import MASK_THRESHOLD_LIMITS
from crackseg.system.logs import quiet_lightning
from crackseg.system.runtime import prepare_process
from crackseg.training.trainer import build_trainer
from crackseg.training.watching.progress import ProgressLine
from crackseg.visualization import plots
from crackseg.weights.registry import chosen_file
from crackseg.workflows.evaluation_data import FROM_CHECKPOINT, evaluation_data

RESOLUTIONS = ("training", "native")
# Settings that the config groups offer and an evaluation does not accept.
NOT_HERE = {
    **{f"data.{key}": "it is the checkpoint's own" for key in FROM_CHECKPOINT},
    "data.mask_threshold": "it is the checkpoint's own; judge by another with mask_threshold",
    "data.augment": "photographs are judged as they are",
    "trainer.precision": "figures are computed in float32",
    "trainer.max_epochs": "an evaluation is one pass",
    "trainer.profiler": "it is for trainings",
}


def evaluate(config: EvaluateConfig, folder: Path, show: bool = True) -> Evaluation:
    """Evaluates a network at .5, at its stored threshold and over all thresholds.

    A checkpoint is evaluated in float32 by torch, an ONNX file by the engine that is named, or in
    float32 by the fastest.

    Args:
        config: All settings.
        folder: Folder for ``metrics.json``, ``images.csv``, ``histogram.npy``, figures and masks.
        show: Whether the tables are printed.

    Returns:
        The figures as written.

    Raises:
        CheckpointError: The file cannot be used, see
            :func:`crackseg.checkpoint.read_checkpoint` and
            :func:`crackseg.inference.model_file.read_model`.
        DatasetError: The data are at fault, see
            :func:`crackseg.workflows.evaluation_data.evaluation_data`.
        ConfigError: A setting is out of range, or settings contradict each other; or the folder is
            that of a training.
    """
    config = replace(config, checkpoint=str(chosen_file(config.checkpoint, None)))
    _check(config)
    _refuse_training(folder)
    prepare_process(config.runtime.keep_freed_memory, config.runtime.threads)
    own_size = config.resolution == "native"
    network = open_network(config.checkpoint, config.engine, config.runtime, own_size, config.scale)
    parameters = network.usage
    datamodule = evaluation_data(config, parameters, network.read_at)
    threshold = parameters.threshold
    writer = _mask_writer(config, datamodule, folder / MASKS, threshold)
    visible = None if network.scales is None else _visible(datamodule)
    marked = partial(
        datamodule.content.marked, mask_threshold=datamodule.preprocessing.mask_threshold
    )
    examination = EvaluationCallback(threshold, marked, writer, visible)
    trainer = _examine(config, network.module, datamodule, examination)
    assert examination.histogram is not None
    assessment = assess(examination.records, examination.histogram, threshold)
    leak_line = _leak_line(config, parameters, datamodule)
    metrics = Evaluation(
        checkpoint=str(Path(config.checkpoint).resolve()),
        subset=config.subset,
        resolution=config.resolution,
        manifest_hash=datamodule.manifest.digest,
        leak_line=leak_line,
        protocol=_protocol(config, assessment, leak_line, network, datamodule),
        engine=network.engine,
        precision=network.precision,
        scales=network.scales,
        **vars(assessment),
    )
    if trainer.is_global_zero:
        _keep(metrics, examination, folder)
        if show:
            _show(config, metrics, folder)
    return metrics


def _check(config: EvaluateConfig) -> None:
    check_process_config(config.trainer, config.runtime)
    check_machine(config.trainer)
    check_engine(Path(config.checkpoint), config.engine)
    if is_onnx(config.checkpoint) and config.trainer.accelerator not in ("auto", "cpu"):
        raise ConfigError(
            f"trainer.accelerator={config.trainer.accelerator}: an ONNX file runs on the "
            "processor; take cpu, or a checkpoint"
        )
    checks = [
        one_of("subset", config.subset, (*SUBSETS, "all")),
        one_of("resolution", config.resolution, RESOLUTIONS),
        (
            config.scale is None or config.resolution == "native",
            f"scale={config.scale}: it is for photographs that are judged at their own size; add "
            "resolution=native",
        ),
        (
            config.root is None or config.data is None,
            "root: it is for photographs that were moved since the training; others have data.root",
        ),
    ]
    if config.mask_threshold is not None:
        checks.append(within("mask_threshold", config.mask_threshold, MASK_THRESHOLD_LIMITS))
    refuse(faults_of(checks))


def _refuse_training(folder: Path) -> None:
    """Refuses the folder of a training, whose own figures would be replaced."""
    if any((folder / name).is_file() for name in (BEST, LAST)):
        raise ConfigError(
            f"{folder} holds a training, and nothing of it is overwritten; leave out "
            "hydra.run.dir, or name another folder"
        )


def _examine(
    config: EvaluateConfig,
    module: LightningModule,
    datamodule: CrackDataModule,
    examination: EvaluationCallback,
) -> Trainer:
    with killed_workers_named(), quiet_lightning():
        trainer = _build_trainer(config, examination)
        try:
            trainer.test(module, datamodule=datamodule, verbose=False)
        finally:
            datamodule.close()
    return trainer


def _keep(metrics: Evaluation, examination: EvaluationCallback, folder: Path) -> None:
    """Writes the files that programs and the report read."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(metrics.as_dict(), folder / METRICS)
    place = THRESHOLDS.index(examination.threshold)
    write_images(table_of_images(examination.records, place), folder / IMAGES)
    assert examination.histogram is not None
    # Into a file numpy would write by itself, and a full disk would be no error of the system's.
    array = BytesIO()
    np.save(array, examination.histogram.bins)
    with atomic_write(folder / HISTOGRAM) as name:
        name.write_bytes(array.getvalue())
    drawn, bins = folder / "figures", metrics.calibration.bins
    plots.precision_recall(examination.histogram.bins, drawn / "precision_recall.png")
    plots.reliability(bins.probability, bins.share, drawn / "reliability.png")


def _protocol(
    config: EvaluateConfig,
    assessment: Assessment,
    leak_line: str,
    network: JudgedNetwork,
    datamodule: CrackDataModule,
) -> list[str]:
    """Lines that belong to every figure."""
    parameters = network.usage
    seen, cut = parameters.preprocessing, datamodule.preprocessing.mask_threshold
    chosen = ""
    if cut != seen.mask_threshold:
        chosen = f", where masks were cut at >{seen.mask_threshold}"
    if config.subset == "val" and _is_own_division(datamodule, parameters):
        chosen += ", which this is, so that figures at it are optimistic"
    return [
        *protocol(
            assessment.images, datamodule, network.scales, leak_line, network.computed
        ).splitlines(),
        f"the stored threshold was chosen on the checkpoint's validation subset{chosen}; "
        f"intervals: bootstrap over {assessment.photographs} photographs with their near "
        "duplicates, each image by itself where its photograph is unknown",
        *_vanished(assessment.vanished, cut),
    ]


def _vanished(images: int, cut: int) -> list[str]:
    if not images:
        return []
    return [
        f"{images} images have cracks of which resizing and cutting at >{cut} left nothing: what "
        "is found there counts as false, and they are none of the crack-free images"
    ]


def _show(config: EvaluateConfig, metrics: Evaluation, folder: Path) -> None:
    title, lines = f"{config.subset}: {config.checkpoint}", "\n".join(metrics.protocol)
    print_assessment(title, metrics, lines)
    print(f"\nas JSON: {folder / METRICS}\nevery image: {folder / IMAGES}")


def _leak_line(
    config: EvaluateConfig, parameters: UsageParameters, datamodule: CrackDataModule
) -> str:
    """Line about the overlap of the judged images with those of the checkpoint's training."""
    if not _is_own_division(datamodule, parameters):
        return (
            "UNKNOWN: this is not the division that the checkpoint was trained with, any of these "
            "images may have been trained on"
        )
    if parameters.adaptation is not None:
        photographs = parameters.adaptation.photographs
        return f"UNKNOWN: these images may be among the {photographs} that it was adapted to"
    if config.subset in ("train", "all"):
        trained = datamodule.counts["train"]
        of = len(datamodule.manifest.subset(config.subset))
        return f"LEAK: {trained} of {of} images are those that the checkpoint was trained on"
    return replace(datamodule.leaks, begun_from=parameters.begun_from).summary()


def _is_own_division(datamodule: CrackDataModule, parameters: UsageParameters) -> bool:
    """Whether the images are divided as in the checkpoint's training."""
    return datamodule.manifest.digest == parameters.data.manifest_hash


def _visible(datamodule: CrackDataModule) -> Visible:
    """Function that gives what a photograph shows, at its own size."""
    root, white_level = datamodule.root, datamodule.preprocessing.white_level
    return lambda row: visible_part(root / row.image, white_level)


def _mask_writer(
    config: EvaluateConfig, datamodule: CrackDataModule, folder: Path, threshold: float
) -> ImageHook | None:
    """Makes a function that writes masks under their images' names.

    Raises:
        ConfigError: Images differ only in their suffix.
    """
    if not config.save:
        return None
    images = [row.image for row in datamodule.manifest.subset(config.subset)]
    counted = Counter(PurePath(image).with_suffix("") for image in images)
    alike = [image for image in images if counted[PurePath(image).with_suffix("")] > 1]
    if alike:
        raise ConfigError(
            f"save: the masks of {len(alike)} images would have the names of others, as these "
            f"differ in their suffix alone: {name_some(alike)}"
        )

    def write(row: Row, probability: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> None:
        mask = np.where(probability > np.float32(threshold), 255, 0).astype(np.uint8)
        write_png(mask, (folder / row.image).with_suffix(".png"))

    return write


def _build_trainer(config: EvaluateConfig, examination: EvaluationCallback) -> Trainer:
    settings = asdict(config.trainer)
    for of_training in ("max_epochs", "max_time", "gradient_clip", "precision", "profiler"):
        del settings[of_training]
    if is_onnx(config.checkpoint):
        settings["accelerator"] = "cpu"
    return build_trainer(
        **settings,
        precision="32-true",
        logger=False,
        callbacks=[ProgressLine(), examination],
        enable_checkpointing=False,
    )
