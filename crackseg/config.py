"""The typed schema of every config group, and the relations between settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from crackseg.errors import ConfigError, CrackSegError
from crackseg.losses import check_class_weights, check_terms
from crackseg.metrics import METRIC_NAMES
from crackseg.models.unet import check_fits

MASK_THRESHOLD_LIMITS = (0, 254)
MONITORS = ("val/best_crack_iou", *(f"val/{name}" for name in METRIC_NAMES))
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")


@dataclass
class DataConfig:
    """Where photographs and masks come from, how they are divided and brought to batches."""

    name: str = MISSING
    root: str = MISSING
    # Only the synthetic data are made to measure; elsewhere the files say how many there are.
    count: int | None = None
    split: str = "random"
    split_seed: int = 0
    counts: list[int] | None = None
    manifest: str | None = None
    image_size: Any = 128
    resize: str = "area"
    mask_threshold: int = 127
    augment: bool = True
    batch_size: int = 64
    num_workers: int = 1
    cache: str = "outputs/cache"


@dataclass
class ModelConfig:
    """A network by name and its constructor's arguments (see ``crackseg/models``)."""

    name: str = MISSING
    base_channels: int = 16
    depth: int = 4
    dropout: float = 0.0


@dataclass
class UNetConfig(ModelConfig):
    """The default U-Net's further arguments."""

    name: str = "unet"
    convs_per_level: int = 2
    activation: str = "leaky_relu"
    negative_slope: float = 0.1
    norm_momentum: float = 0.1
    norm_eps: float = 1e-5
    init: str = "he"


@dataclass
class PaperUNetConfig(ModelConfig):
    """The report's U-Net has nothing further to set."""

    name: str = "unet_paper"


@dataclass
class LossConfig:
    """A weighted sum of named terms; class weights ``auto``, two numbers, or null."""

    terms: dict[str, float] = field(default_factory=dict)
    class_weights: Any = None


@dataclass
class OptimizerConfig:
    """Adam with decoupled weight decay (AdamW)."""

    lr: float = 1e-3
    weight_decay: float = 1e-4


@dataclass
class SchedulerConfig:
    """Multiplies the learning rate by ``factor`` after ``patience`` epochs without progress."""

    monitor: str = "val/best_crack_iou"
    factor: float = 0.5
    patience: int = 3
    min_lr: float = 1e-6


@dataclass
class CallbacksConfig:
    """Which epoch is kept, when training stops early, how often pictures are drawn."""

    monitor: str = "val/best_crack_iou"
    patience: int = 10
    pictures_every: int = 5
    pictures: int = 8


@dataclass
class TrainerConfig:
    """What Lightning's Trainer is told."""

    max_epochs: int = 100
    accelerator: str = "auto"
    devices: Any = "auto"
    strategy: str = "auto"
    num_nodes: int = 1
    precision: str = "auto"


@dataclass
class LoggerConfig:
    """Which logs a run writes."""

    tensorboard: bool = False
    csv: bool = False


@dataclass
class RuntimeConfig:
    """What the process is told before it works; for speed alone, results stay the same."""

    channels_last: bool = True
    keep_freed_memory: bool = True
    threads: int | None = None


@dataclass
class TrainConfig:
    """All that ``train.py`` takes."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    scheduler: SchedulerConfig = field(default_factory=SchedulerConfig)
    callbacks: CallbacksConfig = field(default_factory=CallbacksConfig)
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    logger: LoggerConfig = field(default_factory=LoggerConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)
    seed: int = 0


@dataclass
class EvaluateConfig:
    """All that ``evaluate.py`` takes."""

    checkpoint: str = MISSING
    subset: str = "test"
    data: DataConfig | None = None
    trainer: TrainerConfig = field(default_factory=TrainerConfig)
    runtime: RuntimeConfig = field(default_factory=RuntimeConfig)


def register_schemas() -> None:
    """Makes the schemas known to Hydra, under the names that the files in ``conf/`` build on."""
    store = ConfigStore.instance()
    store.store(name="train_schema", node=TrainConfig)
    store.store(name="evaluate_schema", node=EvaluateConfig)
    # Networks differ in their arguments, so each has a schema of its own; all other groups are
    # typed by the field that they fill in the schemas above.
    store.store(group="model", name="unet_schema", node=UNetConfig)
    store.store(group="model", name="unet_paper_schema", node=PaperUNetConfig)


def image_size(value: Any) -> tuple[int, int]:
    """Reads ``data.image_size``: a side, or height and width, in pixels.

    Raises:
        ConfigError: anything else.
    """
    sides = [value, value] if isinstance(value, int) else value
    right = isinstance(sides, list | tuple) and len(sides) == 2
    if not right or not all(type(side) is int and side > 0 for side in sides):
        raise ConfigError(
            f"data.image_size={value}: it is one side or [height, width], in whole pixels greater "
            "than 0, such as 128 or [96,160]"
        )
    height, width = sides
    return height, width


def check_train_config(config: TrainConfig) -> None:
    """Checks values and the relations between them, and reports all faults together.

    Raises:
        ConfigError: one line for every fault.
    """
    faults = [*_data_faults(config.data), *_value_faults(config)]
    weights_given = config.loss.class_weights is not None
    faults += _fault_of(lambda: check_terms(config.loss.terms, weights_given))
    if weights_given and config.loss.class_weights != "auto":
        faults += _fault_of(lambda: check_class_weights(config.loss.class_weights))
    if not faults:
        faults += _fault_of(
            lambda: check_fits(image_size(config.data.image_size), 2**config.model.depth)
        )
    if faults:
        raise ConfigError("\n".join(faults))


def check_data_config(config: DataConfig) -> None:
    """The part of :func:`check_train_config` that is about data.

    Raises:
        ConfigError: one line for every fault.
    """
    faults = _data_faults(config)
    if faults:
        raise ConfigError("\n".join(faults))


def _data_faults(data: DataConfig) -> list[str]:
    low, high = MASK_THRESHOLD_LIMITS
    checks = [
        (data.split in ("random", "manifest"), f"data.split={data.split}: one of random, manifest"),
        (data.resize in ("area", "bilinear"), f"data.resize={data.resize}: one of area, bilinear"),
        (
            low <= data.mask_threshold <= high,
            f"data.mask_threshold={data.mask_threshold}: between {low} and {high}",
        ),
        (data.split_seed >= 0, f"data.split_seed={data.split_seed}: at least 0"),
        (data.batch_size >= 1, f"data.batch_size={data.batch_size}: at least 1"),
        (data.num_workers >= 0, f"data.num_workers={data.num_workers}: at least 0"),
        (
            (data.manifest is not None) == (data.split == "manifest"),
            "data.manifest: goes with data.split=manifest, and only with it",
        ),
        (
            (data.count is not None) == (data.name == "synthetic"),
            "data.count: how many photographs to make; goes with data=synthetic, and only with it",
        ),
        (data.count is None or data.count >= 10, f"data.count={data.count}: at least 10"),
        (
            data.counts is None or (len(data.counts) == 3 and min(data.counts) >= 0),
            f"data.counts={data.counts}: three numbers, of train, val and test",
        ),
    ]
    faults = [message for holds, message in checks if not holds]
    return _fault_of(lambda: image_size(data.image_size)) + faults


def _fault_of(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except CrackSegError as error:
        return [str(error)]
    return []


def _callback_checks(callbacks: CallbacksConfig) -> list[tuple[bool, str]]:
    numbers = {
        "patience": (callbacks.patience, 0),
        "pictures_every": (callbacks.pictures_every, 1),
        "pictures": (callbacks.pictures, 1),
    }
    return [
        (value >= least, f"callbacks.{name}={value}: at least {least}")
        for name, (value, least) in numbers.items()
    ]


def _value_faults(config: TrainConfig) -> list[str]:
    model, optimizer, scheduler = config.model, config.optimizer, config.scheduler
    checks = [
        (0 <= model.dropout < 1, f"model.dropout={model.dropout}: at least 0 and below 1"),
        (model.depth >= 1, f"model.depth={model.depth}: at least 1"),
        (model.base_channels >= 1, f"model.base_channels={model.base_channels}: at least 1"),
        (optimizer.lr > 0, f"optimizer.lr={optimizer.lr}: greater than 0"),
        (
            optimizer.weight_decay >= 0,
            f"optimizer.weight_decay={optimizer.weight_decay}: at least 0",
        ),
        (0 < scheduler.factor < 1, f"scheduler.factor={scheduler.factor}: between 0 and 1"),
        (
            config.trainer.max_epochs >= 1,
            f"trainer.max_epochs={config.trainer.max_epochs}: at least 1",
        ),
        (
            config.trainer.precision in PRECISIONS,
            f"trainer.precision={config.trainer.precision}: one of {', '.join(PRECISIONS)}",
        ),
        (config.seed >= 0, f"seed={config.seed}: at least 0"),
        (scheduler.patience >= 0, f"scheduler.patience={scheduler.patience}: at least 0"),
        *_callback_checks(config.callbacks),
        (
            config.runtime.threads is None or config.runtime.threads >= 1,
            f"runtime.threads={config.runtime.threads}: at least 1, or null",
        ),
    ]
    checks += [
        (name in MONITORS, f"{key}={name}: one of {', '.join(MONITORS)}")
        for key, name in (
            ("callbacks.monitor", config.callbacks.monitor),
            ("scheduler.monitor", scheduler.monitor),
        )
    ]
    if isinstance(model, UNetConfig):
        checks += [
            (
                model.activation in ("leaky_relu", "relu"),
                f"model.activation={model.activation}: one of leaky_relu, relu",
            ),
            (model.init in ("he", "glorot"), f"model.init={model.init}: one of he, glorot"),
            (
                model.convs_per_level >= 1,
                f"model.convs_per_level={model.convs_per_level}: at least 1",
            ),
        ]
    return [message for holds, message in checks if not holds]
