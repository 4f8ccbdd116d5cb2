"""Typed schema of every config group: the settings and their types."""

from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast, get_origin

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from crackseg.errors import ConfigError
from crackseg.system.files import write_text


def when(value: str, wanted: str, then: int) -> int | None:
    """``then`` if the value is the wanted one, else null.

    >>> when("synthetic", "synthetic", 10)
    10
    """
    return then if value == wanted else None


# Files in conf/ write it as ${when:${data.name},synthetic,10}.
OmegaConf.register_new_resolver("when", when, replace=True)


@dataclass
class DataConfig:
    """Sources of photographs and masks, their division, and their batches."""

    name: str = MISSING
    # A folder, a list of folders, or folders by the source of their photographs.
    root: Any = MISSING
    # Only synthetic data are made in a chosen number; elsewhere the files decide.
    count: int | None = None
    without_mask: str = "leave_out"
    # Labels of annotation files; none: those that speak of a crack, or the only one in use.
    crack_labels: list[str] = field(default_factory=list)
    sources: list[str] | None = None
    without_sources: list[str] = field(default_factory=list)
    exclude: str | None = None
    # A CSV file that says which photograph each file was cut from.
    origins: str | None = None
    split: str = "random"
    split_seed: int = 0
    counts: list[int] | None = None
    manifest: str | None = None
    # {SOURCE: [size, guard]}, see crackseg/data/splits/numbered_series.py.
    blocks: Any = None
    image_size: Any = 128
    resize: str = "area"
    mask_threshold: int = 127
    crack_values: list[int] | None = None
    crack_colours: list[str] | None = None
    white_level: int | None = None
    # Yes or no, or the name of an augmentation.
    augment: Any = True
    crop_size: Any = None
    crops: int = 1
    crack_crops: float = 0.5
    # [lowest, highest]: crops are resized by a factor drawn between them.
    scales: Any = None
    # The smallest of several scales at which each crop is seen at once; the largest is 1.
    looks: Any = None
    # {SOURCE: share of the training crops or photographs in an epoch}.
    shares: Any = None
    # Training photographs come as often as (width of their cracks) ** -this, within their source.
    thin_cracks: float | None = None
    # Shows whether a network can learn at all: it learns one batch by heart, in all subsets.
    overfit_batch: bool = False
    batch_size: int = 64
    num_workers: int = 1
    cache: str = "outputs/cache"
    store: bool = True
    store_limit: float = 20.0

    def __post_init__(self) -> None:
        for key in ("root", "blocks", "shares"):
            if isinstance(table := getattr(self, key), dict):
                # YAML reads the name of a source such as 2024 as a number, and others as none.
                if strange := [name for name in table if type(name) not in (str, int)]:
                    raise ConfigError(f"data.{key}: {strange[0]!r} is no name; quote it in a file")
                setattr(self, key, {str(name): one for name, one in table.items()})


@dataclass
class ModelConfig:
    """A network by name; the arguments of its constructor follow, see :func:`model_config`."""

    name: str = MISSING


@cache
def model_config(name: str) -> type[ModelConfig]:
    """Settings of the network of a name: its constructor's arguments, their types and defaults."""
    # Imported here because torch takes seconds.
    from crackseg.models.registry import arguments_of

    settings: list[tuple[str, Any, Any]] = [("name", str, field(default=name))]
    for key, argument in arguments_of(name).items():
        if key != "in_channels":
            # OmegaConf has no types for a choice of texts; validation checks which they may be.
            kind = str if get_origin(argument.annotation) is Literal else argument.annotation
            settings.append((key, kind, field(default=argument.default)))
    return make_dataclass(f"{name}_config", settings, bases=(ModelConfig,))


@dataclass
class LossConfig:
    """A weighted sum of named terms; class weights ``auto``, two numbers, or null."""

    terms: dict[str, float] = field(default_factory=dict)
    class_weights: Any = None
    # Factor of the same loss at the decoder's lower levels, in training alone.
    deep_supervision: float | None = None


@dataclass
class OptimizerConfig:
    """Adam with decoupled weight decay (AdamW)."""

    lr: float = 1e-3
    weight_decay: float = 1e-4
    # The encoder learns at lr times this.
    encoder_lr_factor: float = 1.0
    # Parts of the network that keep their weights.
    freeze: list[str] = field(default_factory=list)
    # Batch normalisations keep their running statistics, and normalise by them in training too.
    freeze_statistics: bool = False


@dataclass
class SchedulerConfig:
    """The learning rate in the course of a training.

    ``plateau`` multiplies it by ``factor`` after ``patience`` epochs without progress of
    ``monitor``; ``cosine`` and ``one_cycle`` bring it down to ``min_lr`` by the end.
    """

    name: str = "plateau"
    # Epochs in which the rate rises; below 1 a share of the training.
    warmup: float = 0.0
    monitor: str = "val/best_crack_iou"
    factor: float = 0.5
    patience: int = 3
    min_lr: float = 1e-6


@dataclass
class CallbacksConfig:
    """Choice of the weights to keep, early stopping, and how often pictures are drawn."""

    monitor: str = "val/best_crack_iou"
    patience: int = 10
    # Share that a running average of the weights keeps of itself at each step.
    average: float | None = None
    # Share of the first weights beside that average, in a training that goes on from others.
    first_share: float | None = None
    pictures_every: int = 5
    pictures: int = 8


@dataclass
class TrainerConfig:
    """Settings of Lightning's Trainer."""

    max_epochs: int = 100
    # Minutes.
    max_time: float | None = None
    # Largest norm of the gradient.
    gradient_clip: float | None = None
    accelerator: str = "auto"
    devices: Any = "auto"
    strategy: str = "auto"
    num_nodes: int = 1
    precision: str = "auto"
    profiler: str | None = None


@dataclass
class LoggerConfig:
    """Choice of the logs that a run writes."""

    tensorboard: bool = False
    csv: bool = False
    mlflow: bool = False
    wandb: bool = False
    # The network's graph in TensorBoard.
    graph: bool = False


@dataclass
class RuntimeConfig:
    """Settings of the process, for speed only; results stay the same."""

    channels_last: bool = True
    keep_freed_memory: bool = True
    threads: int | None = None


@dataclass
class SweepConfig:
    """Figure that the jobs of a sweep are compared by, and the sweep to resume."""

    objective: str = "val/crack_iou"
    resume: str | None = None


@dataclass
class TrainConfig:
    """All settings of ``train.py``."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    scheduler: SchedulerConfig = field(default_factory=SchedulerConfig)
    callbacks: CallbacksConfig = field(default_factory=CallbacksConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    logger: LoggerConfig = field(default_factory=LoggerConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    sweep: SweepConfig = field(default_factory=SweepConfig)
    seed: int = 0
    resume: str | None = None
    # Each a checkpoint, an ONNX file or the name of a network of the box: the one whose weights a
    # run begins with, and the one that it learns from, with its share beside the masks.
    init_from: str | None = None
    distill: str | None = None
    distill_share: float = 0.5
    calibrate: bool = False


@dataclass
class EvaluateConfig:
    """All settings of ``evaluate.py``."""

    checkpoint: str = MISSING
    engine: str = "auto"
    subset: str = "test"
    resolution: str = "training"
    # A number, a list of them, or auto.
    scale: Any = None
    mask_threshold: int | None = None
    save: bool = False
    # New place of the photographs that the checkpoint names, in the form of data.root.
    root: Any = None
    data: DataConfig | None = None
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)


@cache
def register_schemas() -> None:
    """Registers the schemas in Hydra, under the names that the files in ``conf/`` refer to."""
    store = ConfigStore.instance()
    store.store(name="train_schema", node=TrainConfig)
    store.store(name="evaluate_schema", node=EvaluateConfig)
    # Imported here because torch takes seconds.
    from crackseg.models import NETWORKS

    # Networks differ in their arguments, so each has its own schema; all other groups are typed by
    # the field that they fill in the schemas above.
    for name in NETWORKS:
        store.store(group="model", name=f"{name}_schema", node=model_config(name))


def write_config(config: TrainConfig, path: Path) -> None:
    """Writes all settings as YAML."""
    write_text(path, OmegaConf.to_yaml(OmegaConf.structured(config)))


def read_data_config(saved: Mapping[str, Any]) -> DataConfig:
    """Settings of data as a checkpoint keeps them; missing ones get their defaults.

    Raises:
        ConfigError: A setting does not exist or has the wrong type.
    """
    # A text such as ${oc.env:HOME} would be replaced, and no program writes one.
    if "${" in str(saved):
        raise ConfigError("a text with ${, which would be replaced")
    try:
        config = OmegaConf.merge(OmegaConf.structured(DataConfig), dict(saved))
        return cast(DataConfig, OmegaConf.to_object(config))
    except OmegaConfBaseException as error:
        raise ConfigError(str(error).splitlines()[0]) from error


def read_config(path: Path) -> TrainConfig:
    """Reads a file of :func:`write_config`; settings that are missing in it get their defaults.

    Raises:
        OmegaConfBaseException: A setting does not exist or has the wrong type.
    """
    saved = cast(DictConfig, OmegaConf.load(path))
    schema = OmegaConf.structured(TrainConfig)
    schema.model = OmegaConf.structured(model_config(str(saved.model.name)))
    return cast(TrainConfig, OmegaConf.to_object(OmegaConf.merge(schema, saved)))
