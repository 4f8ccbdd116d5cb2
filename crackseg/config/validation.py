"""Checks values of settings and relations between them; Hydra checks their names and types."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import Any

from crackseg.config import parsing
from crackseg.config.schema import (
    CallbacksConfig,
    DataConfig,
    ModelConfig,
    OptimizerConfig,
    RuntimeConfig,
    SchedulerConfig,
    TrainConfig,
    TrainerConfig,
)
from crackseg.errors import ConfigError, CrackSegError, did_you_mean
from crackseg.losses import check_class_weights, check_terms
from crackseg.metrics.scores import METRIC_NAMES
from crackseg.models.blocks import check_fits
from crackseg.models.limits import network_faults, outline
from crackseg.system.limits import Limits

SPLITS = ("random", "grouped", "official", "manifest", "none")
MASK_THRESHOLD_LIMITS = (0, 254)
MONITORS = ("val/best_crack_iou", *(f"val/{name}" for name in METRIC_NAMES))
# A loss has no threshold, and a sweep compares runs at their stored thresholds.
OBJECTIVES = tuple(f"val/{name}" for name in METRIC_NAMES if name != "loss")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
PROFILERS = ("simple", "pytorch")
# Others divide photographs among processes in ways that our samplers do not.
STRATEGIES = ("auto", "ddp")
# What numpy takes as a seed.
SEED_LIMITS = Limits(0, 2**32 - 1, whole=True)
WHITE_LIMITS = Limits(1, 2**32 - 1, whole=True)
COUNT_LIMITS = Limits(10, 1_000_000, whole=True)
# As far as float32 goes: whether a rate is any use shows in training.
LEARNING_RATE_LIMITS = Limits(0, 3e38, above=True)
EPOCH_LIMITS = Limits(0, 1_000_000, whole=True)

# Whether a setting is right, and the message where it is not.
Check = tuple[bool, str]


def check_train_config(config: TrainConfig) -> None:
    """Checks values and the relations between them, and reports all faults together.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    faults = [*_data_faults(config.data), *_model_faults(config.model)]
    faults += _faults_of(_value_checks(config))
    weights_given = config.loss.class_weights is not None
    faults += _fault_of(lambda: check_terms(config.loss.terms, weights_given))
    if weights_given and config.loss.class_weights != "auto":
        faults += _fault_of(lambda: check_class_weights(config.loss.class_weights))
    if not faults:
        faults += _fault_of(lambda: _check_poolings(config.data, config.model))
    _refuse(faults)


def check_data_config(config: DataConfig) -> None:
    """Checks the settings of data, as a part of :func:`check_train_config`.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    _refuse(_data_faults(config))


def check_process_config(trainer: TrainerConfig, runtime: RuntimeConfig) -> None:
    """The part of :func:`check_train_config` that an evaluation has too.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    _refuse(_faults_of([*_trainer_checks(trainer), _threads_check(runtime)]))


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


def _within(key: str, value: object, limits: Limits) -> Check:
    return limits.hold(value), f"{key}={value}: {limits}"


def _check_poolings(data: DataConfig, model: ModelConfig) -> None:
    cropped = data.crop_size is not None
    key, size = ("crop_size", data.crop_size) if cropped else ("image_size", data.image_size)
    arguments = asdict(model)
    name = arguments.pop("name")
    try:
        check_fits(parsing.image_size(size), outline(name, arguments).stride)
    except CrackSegError as error:
        raise ConfigError(f"data.{key}={size} with model={name}: {error}") from error


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
        _within("data.split_seed", data.split_seed, SEED_LIMITS),
        _within("data.batch_size", data.batch_size, Limits(1, 65_536, whole=True)),
        _within("data.num_workers", data.num_workers, Limits(0, 256, whole=True)),
        _within("data.store_limit", data.store_limit, Limits(0, 1e6, above=True, unit="gigabytes")),
        *_path_checks(data),
        (
            data.white_level is None or WHITE_LIMITS.hold(data.white_level),
            f"data.white_level={data.white_level}: {WHITE_LIMITS}",
        ),
        (
            data.sources is None or bool(data.sources),
            "data.sources=[]: it leaves nothing; null takes all sources",
        ),
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
        (
            data.count is None or COUNT_LIMITS.hold(data.count),
            f"data.count={data.count}: {COUNT_LIMITS}",
        ),
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
        *_fault_of(lambda: (parsing.roots(data.root), parsing.root_sources(data.root))),
        *_fault_of(lambda: parsing.crack_labels(data.crack_labels)),
        *_fault_of(lambda: parsing.image_size(data.image_size)),
        *_fault_of(lambda: parsing.crop_size(data.crop_size)),
        *_fault_of(lambda: parsing.blocks(data.blocks)),
        *_fault_of(lambda: parsing.crack_values(data.crack_values)),
        *_fault_of(lambda: parsing.crack_colours(data.crack_colours)),
        *_faults_of([*checks, *_crop_checks(data)]),
    ]


def _path_checks(data: DataConfig) -> list[Check]:
    return [
        (path is None or bool(path.strip()), f"data.{key}: empty; name a path")
        for key in ("cache", "manifest", "exclude", "origins")
        for path in [getattr(data, key)]
    ]


def _selecting(data: DataConfig) -> list[str]:
    """Names of the given settings that choose photographs."""
    given = {
        "data.sources": data.sources,
        "data.without_sources": data.without_sources,
        "data.exclude": data.exclude,
        "data.blocks": data.blocks,
        "data.crack_labels": data.crack_labels,
    }
    return [key for key, value in given.items() if value]


def _crop_checks(data: DataConfig) -> list[Check]:
    return [
        _within("data.crops", data.crops, Limits(1, 1000, whole=True)),
        (0 <= data.crack_crops <= 1, f"data.crack_crops={data.crack_crops}: a share from 0 to 1"),
        (
            data.crop_size is not None or data.crops == 1,
            f"data.crops={data.crops}: goes with data.crop_size, and only with it",
        ),
    ]


def _value_checks(config: TrainConfig) -> list[Check]:
    return [
        (
            config.data.split != "none",
            "data.split=none: it leaves nothing to train on and is for evaluate.py; here one of "
            f"{', '.join(SPLITS[:-1])}",
        ),
        *_optimizer_checks(config.optimizer),
        *_scheduler_checks(config.scheduler),
        *_trainer_checks(config.trainer),
        _within("seed", config.seed, SEED_LIMITS),
        *_callback_checks(config.callbacks),
        _threads_check(config.runtime),
        _one_of("sweep.objective", config.sweep.objective, OBJECTIVES),
    ]


def _model_faults(model: ModelConfig) -> list[str]:
    arguments = asdict(model)
    return network_faults(arguments.pop("name"), arguments)


def _optimizer_checks(optimizer: OptimizerConfig) -> list[Check]:
    return [
        _within("optimizer.lr", optimizer.lr, LEARNING_RATE_LIMITS),
        _within("optimizer.weight_decay", optimizer.weight_decay, Limits(0, 1000)),
    ]


def _scheduler_checks(scheduler: SchedulerConfig) -> list[Check]:
    return [
        (0 < scheduler.factor < 1, f"scheduler.factor={scheduler.factor}: between 0 and 1"),
        _within("scheduler.patience", scheduler.patience, EPOCH_LIMITS),
        _within("scheduler.min_lr", scheduler.min_lr, replace(LEARNING_RATE_LIMITS, above=False)),
        _one_of("scheduler.monitor", scheduler.monitor, MONITORS),
    ]


def _callback_checks(callbacks: CallbacksConfig) -> list[Check]:
    return [
        _one_of("callbacks.monitor", callbacks.monitor, MONITORS),
        _within("callbacks.patience", callbacks.patience, EPOCH_LIMITS),
        _within("callbacks.pictures_every", callbacks.pictures_every, replace(EPOCH_LIMITS, low=1)),
        _within("callbacks.pictures", callbacks.pictures, Limits(1, 1000, whole=True)),
    ]


def _threads_check(runtime: RuntimeConfig) -> Check:
    """Whether torch can start that many threads; from some thousands on it ends the process."""
    limits = Limits(1, 256, whole=True)
    threads = runtime.threads
    holds = threads is None or limits.hold(threads)
    return holds, f"runtime.threads={threads}: {limits}, or null for torch's own choice"


def _trainer_checks(trainer: TrainerConfig) -> list[Check]:
    checks = [
        _within("trainer.max_epochs", trainer.max_epochs, replace(EPOCH_LIMITS, low=1)),
        _within("trainer.num_nodes", trainer.num_nodes, Limits(1, 1024, whole=True)),
        _one_of("trainer.strategy", trainer.strategy, STRATEGIES),
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
    """Whether Lightning can read the value; Lightning itself checks that the devices exist."""
    if isinstance(devices, list):
        return bool(devices) and all(type(device) is int and device >= 0 for device in devices)
    if isinstance(devices, str):
        return bool(re.fullmatch(r"auto|-1|\d+(,\d+)*,?", devices))
    return type(devices) is int and (devices == -1 or devices >= 1)
