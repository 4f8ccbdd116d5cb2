"""The Trainer of all runs."""

from typing import Any

from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException

from crackseg.errors import ConfigError
from crackseg.training.interruption import keep_lightning_from_signals


def build_trainer(**settings: Any) -> Trainer:
    """A Trainer that leaves progress to our callbacks and division of photographs to our samplers.

    Raises:
        ConfigError: an accelerator, devices or a strategy that this machine does not have.
    """
    try:
        trainer = Trainer(
            **settings,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
    except (MisconfigurationException, TypeError, ValueError) as error:
        raise ConfigError(f"trainer: {error}") from error
    keep_lightning_from_signals(trainer)
    return trainer
