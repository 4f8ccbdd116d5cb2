"""Values of settings and the relations between them; their names and types are Hydra's to check."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from crackseg.config.parsing import blocks, crop_size, image_size, roots
from crackseg.config.schema import (
    CallbacksConfig,
    DataConfig,
    ModelConfig,
    SchedulerConfig,
    TrainConfig,
    TrainerConfig,
    UNetConfig,
)
from crackseg.errors import ConfigError, CrackSegError, did_you_mean
from crackseg.losses import check_class_weights, check_terms
from crackseg.metrics.scores import METRIC_NAMES
from crackseg.models.unet import check_fits

SPLITS = ("random", "grouped", "official", "manifest", "none")
MASK_THRESHOLD_LIMITS = (0, 254)
MONITORS = ("val/best_crack_iou", *(f"val/{name}" for name in METRIC_NAMES))
# A loss has no threshold, and a sweep judges a run at the threshold that it stored.
OBJECTIVES = tuple(f"val/{name}" for name in METRIC_NAMES if name != "loss")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
PROFILERS = ("simple", "pytorch")

# Whether a setting is as it must be, and what is said where it is not.
Check = tuple[bool, str]


def check_train_config(config: TrainConfig) -> None:
    """Checks values and the relations between them, and reports all faults together.

    Raises:
        ConfigError: one line for every fault.
    """
    faults = [*_data_faults(config.data), *_faults_of(_value_checks(config))]
    weights_given = config.loss.class_weights is not None
    faults += _fault_of(lambda: check_terms(config.loss.terms, weights_given))
    if weights_given and config.loss.class_weights != "auto":
        faults += _fault_of(lambda: check_class_weights(config.loss.class_weights))
    if not faults:
        faults += _fault_of(lambda: _check_poolings(config.data, config.model.depth))
    _refuse(faults)


def check_data_config(config: DataConfig) -> None:
    """The part of :func:`check_train_config` that is about data.

    Raises:
        ConfigError: one line for every fault.
    """
    _refuse(_data_faults(config))


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise ConfigError("\n".join(faults))


def _faults_of(checks: Sequence[Check]) -> list[str]:
    return [message for holds, message in checks if not holds]


def _fault_of(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except CrackSegError as error:
        return [str(error)]
    return []


def _one_of(key: str, value: object, known: Sequence[str]) -> Check:
    guess = did_you_mean(value, known)
    message = f"{key}={value}: one of {', '.join(known)}"
    return value in known, f"{message}; {guess}" if guess else message


def _at_least(key: str, value: float, least: float) -> Check:
    return value >= least, f"{key}={value}: at least {least}"


def _check_poolings(data: DataConfig, depth: int) -> None:
    cropped = data.crop_size is not None
    key, size = ("crop_size", data.crop_size) if cropped else ("image_size", data.image_size)
    try:
        check_fits(image_size(size), 2**depth)
    except CrackSegError as error:
        raise ConfigError(f"data.{key}={size} with model.depth={depth}: {error}") from error


def _data_faults(data: DataConfig) -> list[str]:
    low, high = MASK_THRESHOLD_LIMITS
    checks = [
        _one_of("data.split", data.split, SPLITS),
        _one_of("data.without_mask", data.without_mask, ("leave_out", "crack_free")),
        _one_of("data.resize", data.resize, ("area", "bilinear")),
        (
            low <= data.mask_threshold <= high,
            f"data.mask_threshold={data.mask_threshold}: between {low} and {high}",
        ),
        _at_least("data.split_seed", data.split_seed, 0),
        _at_least("data.batch_size", data.batch_size, 1),
        _at_least("data.num_workers", data.num_workers, 0),
        (data.store_limit > 0, f"data.store_limit={data.store_limit}: gigabytes, above 0"),
        (
            data.manifest is None or data.split == "manifest",
            f"data.manifest={data.manifest}: goes with data.split=manifest, and only with it",
        ),
        (
            data.manifest is not None or data.split != "manifest",
            "data.split=manifest: it goes by a file; add data.manifest=FILE",
        ),
        (
            data.blocks is None or data.split != "official",
            "data.blocks: ready subsets have no guard bands; not with data.split=official",
        ),
        (
            data.split != "manifest" or not _selecting(data),
            f"data.split=manifest: the manifest alone says which photographs take part; take back "
            f"{', '.join(_selecting(data))}",
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
        (
            data.counts is None or data.split in ("random", "grouped"),
            f"data.counts: goes with data.split=random or grouped, {data.split} has its own",
        ),
    ]
    return [
        *_fault_of(lambda: roots(data.root)),
        *_fault_of(lambda: image_size(data.image_size)),
        *_fault_of(lambda: crop_size(data.crop_size)),
        *_fault_of(lambda: blocks(data.blocks)),
        *_faults_of([*checks, *_crop_checks(data)]),
    ]


def _selecting(data: DataConfig) -> list[str]:
    """The settings that choose photographs, as far as they are given."""
    given = {
        "data.sources": data.sources,
        "data.without_sources": data.without_sources,
        "data.exclude": data.exclude,
        "data.blocks": data.blocks,
    }
    return [key for key, value in given.items() if value]


def _crop_checks(data: DataConfig) -> list[Check]:
    return [
        _at_least("data.crops", data.crops, 1),
        (0 <= data.crack_crops <= 1, f"data.crack_crops={data.crack_crops}: a share from 0 to 1"),
        (
            data.crop_size is not None or data.crops == 1,
            f"data.crops={data.crops}: goes with data.crop_size, and only with it",
        ),
    ]


def _value_checks(config: TrainConfig) -> list[Check]:
    optimizer, threads = config.optimizer, config.runtime.threads
    return [
        (
            config.data.split != "none",
            "data.split=none: it leaves nothing to train on and is for evaluate.py; here one of "
            f"{', '.join(SPLITS[:-1])}",
        ),
        *_model_checks(config.model),
        (optimizer.lr > 0, f"optimizer.lr={optimizer.lr}: greater than 0"),
        _at_least("optimizer.weight_decay", optimizer.weight_decay, 0),
        *_scheduler_checks(config.scheduler),
        *_trainer_checks(config.trainer),
        _at_least("seed", config.seed, 0),
        *_callback_checks(config.callbacks),
        (threads is None or threads >= 1, f"runtime.threads={threads}: at least 1, or null"),
        _one_of("sweep.objective", config.sweep.objective, OBJECTIVES),
    ]


def _model_checks(model: ModelConfig) -> list[Check]:
    checks = [
        (0 <= model.dropout < 1, f"model.dropout={model.dropout}: at least 0 and below 1"),
        _at_least("model.depth", model.depth, 1),
        _at_least("model.base_channels", model.base_channels, 1),
    ]
    if isinstance(model, UNetConfig):
        checks += [
            _one_of("model.activation", model.activation, ("leaky_relu", "relu")),
            _one_of("model.init", model.init, ("he", "glorot")),
            _at_least("model.convs_per_level", model.convs_per_level, 1),
        ]
    return checks


def _scheduler_checks(scheduler: SchedulerConfig) -> list[Check]:
    return [
        (0 < scheduler.factor < 1, f"scheduler.factor={scheduler.factor}: between 0 and 1"),
        _at_least("scheduler.patience", scheduler.patience, 0),
        _one_of("scheduler.monitor", scheduler.monitor, MONITORS),
    ]


def _callback_checks(callbacks: CallbacksConfig) -> list[Check]:
    return [
        _one_of("callbacks.monitor", callbacks.monitor, MONITORS),
        _at_least("callbacks.patience", callbacks.patience, 0),
        _at_least("callbacks.pictures_every", callbacks.pictures_every, 1),
        _at_least("callbacks.pictures", callbacks.pictures, 1),
    ]


def _trainer_checks(trainer: TrainerConfig) -> list[Check]:
    checks = [
        _at_least("trainer.max_epochs", trainer.max_epochs, 1),
        _one_of("trainer.precision", trainer.precision, PRECISIONS),
        _one_of("trainer.accelerator", trainer.accelerator, ACCELERATORS),
        (
            _names_devices(trainer.devices),
            f"trainer.devices={trainer.devices}: auto, how many (such as 2), or which (such as "
            "[0,1])",
        ),
    ]
    if trainer.profiler is not None:
        checks.append(_one_of("trainer.profiler", trainer.profiler, PROFILERS))
    return checks


def _names_devices(devices: Any) -> bool:
    """Whether Lightning could read it; whether they are there is Lightning's to say."""
    if isinstance(devices, list):
        return bool(devices) and all(type(device) is int and device >= 0 for device in devices)
    if isinstance(devices, str):
        return bool(re.fullmatch(r"auto|-1|\d+(,\d+)*,?", devices))
    return type(devices) is int and (devices == -1 or devices >= 1)
