"""Settings that hold from any working folder."""

from dataclasses import replace
from pathlib import Path

from crackseg.config import DataConfig, TrainConfig


def absolute(config: TrainConfig) -> TrainConfig:
    """The same settings with absolute paths: they must hold from any working folder."""
    return replace(config, data=absolute_data(config.data))


def absolute_data(data: DataConfig) -> DataConfig:
    """As :func:`absolute`, for the data alone."""
    manifest = str(Path(data.manifest).resolve()) if data.manifest else None
    return replace(
        data,
        root=str(Path(data.root).resolve()),
        cache=str(Path(data.cache).resolve()),
        manifest=manifest,
    )
