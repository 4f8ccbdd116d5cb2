"""What training and evaluation share: the data they announce, their Trainer, their protocol."""

import logging
from typing import Any

from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException

from crackseg.config import DataConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.errors import ConfigError
from crackseg.values import roots

log = logging.getLogger(__name__)


def announce(data: DataConfig) -> None:
    """Says which data a run reads, and how to choose others."""
    other = (
        "your own: data=folder data.root=FOLDER"
        if data.name == "synthetic"
        else "others: data=synthetic, or data.root=FOLDER"
    )
    where = " and ".join(map(str, roots(data.root)))
    log.info("data: %s, below %s (%s)", data.name, where, other)


def build_trainer(**settings: Any) -> Trainer:
    """A Trainer that leaves progress to our callbacks and division of photographs to our samplers.

    Raises:
        ConfigError: an accelerator, devices or a strategy that this machine does not have.
    """
    try:
        return Trainer(
            **settings,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise ConfigError(f"trainer: {error}") from error


def protocol(
    images: int, datamodule: CrackDataModule, at: str = "", leaks: str | None = None
) -> str:
    """What must be known of a table before its figures are compared with others, in two lines.

    Args:
        images: how many.
        datamodule: where they are from.
        at: the resolution, where it is not that of training.
        leaks: the line about leaks, where it is not that of this division.
    """
    preprocessing = datamodule.preprocessing
    return (
        f"dataset totals over {images} images at {at or preprocessing}, masks cut at "
        f">{preprocessing.mask_threshold}, split {datamodule.config.split}, float32, no tolerance\n"
        f"{leaks or datamodule.leaks.line()}"
    )
