"""Settings of small trainings, and those that the configs compose to."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from crackseg.config.schema import (
    DataConfig,
    LossConfig,
    TrainConfig,
    model_config,
    register_schemas,
)
from tests.helpers.commands import CONF


def small_config(root: Path, cache: Path) -> TrainConfig:
    """Settings of a training that takes a second: 32x32, two epochs, float32, no workers."""
    config = TrainConfig(
        data=DataConfig(
            name="tiny",
            root=str(root),
            image_size=32,
            batch_size=4,
            num_workers=0,
            cache=str(cache),
        ),
        model=model_config("unet")(base_channels=4, depth=2, dropout=0.1),
        loss=LossConfig(terms={"weighted_bce": 1.0}, class_weights="auto"),
    )
    config.trainer.max_epochs = 2
    config.trainer.accelerator = "cpu"
    config.trainer.precision = "32-true"
    config.logger.csv = True
    return config


def composed(*overrides: str, name: str = "train") -> TrainConfig:
    """What a program's config and overrides compose to."""
    register_schemas()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_object(compose(name, list(overrides)))
    assert isinstance(config, TrainConfig)
    return config
