"""Typed schema of a search: its settings beside those of its trainings."""

from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore

from crackseg.config.schema import TrainConfig, register_schemas


@dataclass
class SearchConfig:
    """What is searched through, and how; ``conf/search/default.yaml`` explains each setting."""

    # Values by setting, see crackseg/search/space.py.
    space: dict[str, Any] = field(default_factory=dict)
    objective: str = "val/crack_iou"
    sampler: str = "tpe"
    pruner: str = "median"
    trials: int = 30
    startup: int = 5
    warmup: int = 5
    seed: int = 0
    seeds: list[int] | None = None
    most_weights: int | None = None
    # Minutes.
    most_minutes: float | None = None
    storage: str | None = None
    resume: str | None = None


@dataclass
class TuneConfig(TrainConfig):
    """All settings of ``tune.py``."""

    search: SearchConfig = field(default_factory=SearchConfig)


def register_search_schema() -> None:
    """Registers the schemas of ``tune.py`` and of its trainings in Hydra."""
    register_schemas()
    ConfigStore.instance().store(name="tune_schema", node=TuneConfig)
