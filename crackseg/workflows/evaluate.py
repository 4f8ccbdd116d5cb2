"""A checkpoint judged on the data that it names, or on others."""

import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning import Trainer

from crackseg.callbacks import ProgressLine
from crackseg.checkpoint import read_checkpoint
from crackseg.config import DataConfig, EvaluateConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits import SUBSETS
from crackseg.errors import ConfigError, DatasetError
from crackseg.metrics import at_both_thresholds
from crackseg.reporting.tables import print_scores, rows_of, write_json
from crackseg.runtime import prepare_process, quiet_lightning
from crackseg.segmenter import CrackSegmenter
from crackseg.workflows.protocol import announce, build_trainer, protocol_line

log = logging.getLogger(__name__)

# These belong to the network: other values would be other pixels than it was trained on.
FROM_CHECKPOINT = ("image_size", "resize", "mask_threshold")
# What the config groups offer and an evaluation does not take.
NOT_HERE = {
    **{f"data.{key}": "it is the checkpoint's own" for key in FROM_CHECKPOINT},
    "data.augment": "photographs are judged as they are",
    "trainer.precision": "figures are computed in float32",
    "trainer.max_epochs": "an evaluation is one pass",
    "trainer.profiler": "it is for trainings",
}


def evaluate(config: EvaluateConfig, folder: Path) -> dict[str, Any]:
    """Judges a checkpoint at .5 and at its stored threshold, in float32.

    Args:
        config: all settings.
        folder: where the figures go, as ``metrics.json``.

    Returns:
        The figures as written.

    Raises:
        CheckpointError: see :func:`crackseg.checkpoint.read_checkpoint`.
        DatasetError: the data that the checkpoint names have changed since.
    """
    if config.subset not in (*SUBSETS, "all"):
        raise ConfigError(f"subset={config.subset}: one of {', '.join(SUBSETS)}, all")
    prepare_process(config.runtime.keep_freed_memory, config.runtime.threads)
    parameters = read_checkpoint(config.checkpoint)["hyper_parameters"]
    datamodule = _datamodule(config, parameters)
    segmenter = CrackSegmenter.load_from_checkpoint(
        config.checkpoint, map_location="cpu", weights_only=True
    )
    if config.runtime.channels_last:
        segmenter.network.to(memory_format=torch.channels_last)
    with quiet_lightning():
        trainer = _build_trainer(config)
        datamodule.test_subset = config.subset
        trainer.test(segmenter, datamodule=datamodule, verbose=False)
    threshold = parameters["threshold"]
    figures = at_both_thresholds(segmenter.totals["test"], threshold)
    metrics = {
        "checkpoint": str(Path(config.checkpoint).resolve()),
        "subset": config.subset,
        "photographs": len(datamodule.manifest.subset(config.subset)),
        "manifest_hash": datamodule.manifest.digest,
        "threshold": threshold,
        **figures,
    }
    if trainer.is_global_zero:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(metrics, folder / "metrics.json")
        protocol = protocol_line(
            metrics["photographs"], datamodule.preprocessing, datamodule.config.split
        )
        print_scores(f"{config.subset}: {config.checkpoint}", rows_of(figures, threshold), protocol)
        print(f"\nas JSON: {folder / 'metrics.json'}")
    return metrics


def _datamodule(config: EvaluateConfig, parameters: dict[str, Any]) -> CrackDataModule:
    named = parameters["data"]
    preprocessing = {key: parameters["preprocessing"][key] for key in FROM_CHECKPOINT}
    chosen = named["config"] if config.data is None else asdict(config.data)
    data = DataConfig(**{**chosen, **preprocessing})
    announce(data)
    datamodule = CrackDataModule(data)
    datamodule.prepare_data()
    datamodule.setup()
    if datamodule.manifest.digest == named["manifest_hash"]:
        return datamodule
    if config.data is None:
        raise DatasetError(
            f"{datamodule.root}: these are no longer the photographs and subsets that the "
            f"checkpoint was trained with (there {named['counts']}, now "
            f"{datamodule.manifest.counts}); restore them, or give the run's manifest with data="
            f"{data.name} data.root={data.root} data.split=manifest data.manifest=FILE"
        )
    log.warning(
        "the division into subsets is not the one that this checkpoint was trained with: "
        "photographs of its training may be among these"
    )
    return datamodule


def _build_trainer(config: EvaluateConfig) -> Trainer:
    settings = asdict(config.trainer)
    for of_training in ("max_epochs", "precision", "profiler"):
        del settings[of_training]
    return build_trainer(
        **settings,
        precision="32-true",
        logger=False,
        callbacks=[ProgressLine()],
        enable_checkpointing=False,
    )
