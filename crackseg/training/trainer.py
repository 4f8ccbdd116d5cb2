"""Makes the Trainer of all runs."""

from typing import Any

from lightning import Trainer
from lightning.fabric.utilities.exceptions import MisconfigurationException

from crackseg.errors import ConfigError
from crackseg.training.interruption import keep_lightning_from_signals


def build_trainer(**settings: Any) -> Trainer:
    """Makes a Trainer that leaves progress to our callbacks and order to our samplers.

    Raises:
        ConfigError: The machine does not have the accelerator, the devices or the strategy.
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
