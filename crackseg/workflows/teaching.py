"""Gives the training photographs of a run masks that a better network has a say in."""

import logging
from pathlib import Path

from crackseg.checkpoint import Origin
from crackseg.config.schema import TrainConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.distillation.reader import DistilledReader
from crackseg.distillation.teacher import teacher_maps
from crackseg.errors import ConfigError
from crackseg.inference.engines import OpenedModel, open_model
from crackseg.inference.predictor import Predictor
from crackseg.losses import uses_class_weights
from crackseg.weights.registry import bundled_at, chosen_file

log = logging.getLogger(__name__)


def open_teacher(given: str | None) -> OpenedModel | None:
    """Opens the network that a training learns from.

    Args:
        given: Path of a checkpoint or an ONNX file, or the name of a network that comes with the
            package; None for no such network.

    Raises:
        CheckpointError: The file cannot be used.
    """
    return None if given is None else open_model(chosen_file(given, None))


def taught(
    model: OpenedModel,
    config: TrainConfig,
    datamodule: CrackDataModule,
    former: Origin | None = None,
) -> Origin:
    """Asks the teacher about all training photographs, and lets the run train on its answers.

    Args:
        model: Teacher.
        config: All settings, which name it.
        datamodule: Data of the run, prepared.
        former: Teacher of the run so far, where it is resumed.

    Returns:
        The origin of the teacher.

    Raises:
        ConfigError: The teacher is not the former one.
        UnreadableImageError: A photograph cannot be decoded.
    """
    if former is not None and former.sha256 != model.digest:
        raise ConfigError(
            f"distill={config.distill}: not the network that this run has learned from so far "
            f"({former.path}, SHA-256 {former.sha256[:12]}); put that one back, or begin a new run"
        )
    own = datamodule.manifest
    if model.usage.data.manifest_hash != own.digest:
        log.warning(
            "distill=%s: the teacher was trained on other subsets and may know photographs that "
            "this run validates and tests on; its figures may be a little too good",
            config.distill,
        )
    if uses_class_weights(config.loss.terms):
        log.warning(
            "distill=%s: a weighted loss of masks between 0 and 1 is not the mean of those of "
            "truth and teacher; take loss=bce_dice or loss=bce with it",
            config.distill,
        )
    maps = teacher_maps(
        Predictor(model, white_level=datamodule.settings.white_level),
        datamodule.root,
        own.subset("train"),
        datamodule.preprocessing,
        Path(datamodule.settings.cache),
    )
    threshold = datamodule.settings.mask_threshold
    pixels = datamodule.content.pixels
    datamodule.softened = DistilledReader(pixels, maps, config.distill_share, threshold)
    log.info("distill=%s: masks are %g its say", config.distill, config.distill_share)
    of_package = bundled_at(model.path)
    licence = model.licence if of_package is None else of_package.licence
    return Origin.of_file(model.path, licence or "")
