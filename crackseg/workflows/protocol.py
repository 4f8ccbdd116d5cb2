"""What training and evaluation share: the data they announce, their Trainer, their protocol."""

import logging
from typing import Any

from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException

from crackseg.config import DataConfig
from crackseg.data.dataset import Preprocessing
from crackseg.errors import ConfigError

log = logging.getLogger(__name__)


def announce(data: DataConfig) -> None:
    """Says which data a run reads, and how to choose others."""
    other = (
        "your own: data=crackseg9k data.root=FOLDER"
        if data.name == "synthetic"
        else "others: data=synthetic, or data.root=FOLDER"
    )
    log.info("data: %s, below %s (%s)", data.name, data.root, other)


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


def protocol_line(photographs: int, preprocessing: Preprocessing, split: str) -> str:
    """What must be known of a table before its figures are compared with others."""
    height, width = preprocessing.image_size
    return (
        f"dataset totals over {photographs} photographs at {height}x{width} "
        f"({preprocessing.resize}), masks cut at >{preprocessing.mask_threshold}, split "
        f"{split}, float32, no tolerance"
    )
