"""Checks values of settings and relations between them; Hydra checks their names and types."""

import re
from dataclasses import asdict, replace
from typing import Any

from crackseg.checkpoint.parameters import RATE_FACTOR_LIMITS, SCHEDULES, WARMUP_LIMITS
from crackseg.config import parsing
from crackseg.config.checks import Check, fault_of, faults_of, one_of, refuse, within
from crackseg.config.data_validation import SPLITS, data_faults
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
from crackseg.errors import ConfigError, CrackSegError
from crackseg.losses import FACTOR_LIMITS, check_class_weights, check_terms
from crackseg.metrics.scores import METRIC_NAMES
from crackseg.models.blocks import check_fits
from crackseg.models.level_heads import lower_levels
from crackseg.models.limits import network_faults, outline
from crackseg.models.parts import part_faults
from crackseg.system.limits import SEED_LIMITS, SHARE_LIMITS, Limits
from crackseg.weights.registry import BUNDLED, chosen_file

MONITORS = ("val/best_crack_iou", *(f"val/{name}" for name in METRIC_NAMES))
# A loss has no threshold, and a sweep compares runs at their stored thresholds.
OBJECTIVES = tuple(f"val/{name}" for name in METRIC_NAMES if name != "loss")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")
ACCELERATORS = ("auto", "cpu", "gpu", "cuda", "mps", "tpu")
PROFILERS = ("simple", "pytorch")
# Others divide photographs among processes in ways that our samplers do not.
STRATEGIES = ("auto", "ddp")
# As far as float32 goes: whether a rate is any use shows in training.
LEARNING_RATE_LIMITS = Limits(0, 3e38, above=True)
EPOCH_LIMITS = Limits(0, 1_000_000, whole=True)
# A year.
MINUTE_LIMITS = Limits(0, 525_600, above=True, unit="minutes")
AVERAGE_LIMITS = Limits(0, 1, above=True, below=True)
NORM_LIMITS = Limits(0, 1e9, above=True)


# Of the smallest look; below, scales would be equal and deepest features a single one.
_LEAST_STRIDES = 2


def check_train_config(config: TrainConfig) -> None:
    """Checks values and the relations between them, and reports all faults together.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    faults = [*data_faults(config.data), *_model_faults(config.model)]
    faults += faults_of(_value_checks(config))
    weights_given = config.loss.class_weights is not None
    faults += fault_of(lambda: check_terms(config.loss.terms, weights_given))
    if weights_given and config.loss.class_weights != "auto":
        faults += fault_of(lambda: check_class_weights(config.loss.class_weights))
    if not faults:
        faults += fault_of(lambda: _check_poolings(config.data, config.model))
        faults += _part_faults(config.model, config.optimizer)
        faults += _level_faults(config)
        faults += _calibration_faults(config)
    refuse(faults)


def check_networks_named(config: TrainConfig) -> None:
    """Checks that the networks which a fresh training begins with or learns from are there.

    Raises:
        ConfigError: One is not; the network itself is read later.
    """
    given = {"init_from": config.init_from, "distill": config.distill}
    refuse([fault for key, one in given.items() if one for fault in missing_network(key, one)])


def missing_network(key: str, given: str) -> list[str]:
    """What is wrong where a setting names a network that is not there; else nothing."""
    try:
        path = chosen_file(given, None)
    except CrackSegError as error:
        return [f"{key}={error}"]
    if path.is_dir():
        inside = path / "best.ckpt"
        such = f", such as {inside}" if inside.is_file() else ""
        return [f"{key}={given}: a folder; name a .ckpt or .onnx file{such}"]
    names = ", ".join(one.name for one in BUNDLED)
    lacks = f"{key}={given}: there is no such file; a checkpoint, an ONNX file, or one of {names}"
    return [] if path.is_file() else [lacks]


def check_process_config(trainer: TrainerConfig, runtime: RuntimeConfig) -> None:
    """The part of :func:`check_train_config` that an evaluation has too.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    refuse(faults_of([*_trainer_checks(trainer), _threads_check(runtime)]))


def _check_poolings(data: DataConfig, model: ModelConfig) -> None:
    cropped = data.crop_size is not None
    key, size = ("crop_size", data.crop_size) if cropped else ("image_size", data.image_size)
    arguments = asdict(model)
    name = arguments.pop("name")
    sides, stride = parsing.image_size(size), outline(name, arguments).stride
    try:
        check_fits(sides, stride)
    except CrackSegError as error:
        raise ConfigError(f"data.{key}={size} with model={name}: {error}") from error
    if data.looks is not None and round(min(sides) * data.looks / stride) < _LEAST_STRIDES:
        raise ConfigError(
            f"data.looks={data.looks:g}, data.{key}={size}: fewer than {_LEAST_STRIDES} of the "
            f"{stride} pixels that model={name} puts together; larger crops, or a larger scale"
        )


def _value_checks(config: TrainConfig) -> list[Check]:
    return [
        (
            config.data.split != "none",
            "data.split=none: it leaves nothing to train on and is for evaluate.py; here one of "
            f"{', '.join(SPLITS[:-1])}",
        ),
        *_optimizer_checks(config.optimizer),
        *_scheduler_checks(config.scheduler),
        *_schedule_checks(config.scheduler, config.optimizer.lr, config.trainer.max_epochs),
        *_trainer_checks(config.trainer),
        within("seed", config.seed, SEED_LIMITS),
        *_callback_checks(config.callbacks),
        _threads_check(config.runtime),
        (
            config.loss.deep_supervision is None
            or FACTOR_LIMITS.hold(config.loss.deep_supervision),
            f"loss.deep_supervision={config.loss.deep_supervision}: {FACTOR_LIMITS}, or null",
        ),
        one_of("sweep.objective", config.sweep.objective, OBJECTIVES),
        within("distill_share", config.distill_share, SHARE_LIMITS),
        (
            config.init_from is not None or not config.optimizer.freeze_statistics,
            "optimizer.freeze_statistics=true: those of a fresh network mean nothing; it goes with "
            "init_from",
        ),
        (
            None not in (config.init_from, config.callbacks.average)
            or config.callbacks.first_share is None,
            "callbacks.first_share: it shares the network between the first weights and an average "
            "of later ones; it goes with init_from and callbacks.average",
        ),
        (
            config.loss.deep_supervision is None or config.data.looks is None,
            "loss.deep_supervision, data.looks: the lower levels of several scales are not judged; "
            "leave one of them null",
        ),
        (
            config.distill is None or not config.data.overfit_batch,
            "distill: a batch that is learned by heart (data.overfit_batch=true, debug=overfit) "
            "has no teacher; leave one of them out",
        ),
    ]


def _model_faults(model: ModelConfig) -> list[str]:
    arguments = asdict(model)
    return network_faults(arguments.pop("name"), arguments)


def _part_faults(model: ModelConfig, optimizer: OptimizerConfig) -> list[str]:
    arguments = asdict(model)
    name = arguments.pop("name")
    return part_faults(name, arguments, optimizer.encoder_lr_factor, optimizer.freeze)


def _level_faults(config: TrainConfig) -> list[str]:
    below = config.loss.deep_supervision
    if below is None:
        return []
    arguments = asdict(config.model)
    name = arguments.pop("name")
    levels = lower_levels(outline(name, arguments))
    message = f"loss.deep_supervision={below:g}: the decoder of model={name} has a single level"
    return faults_of([(bool(levels), f"{message}; leave it null, or set a greater depth")])


def _calibration_faults(config: TrainConfig) -> list[str]:
    if not config.calibrate:
        return []
    arguments = asdict(config.model)
    name = arguments.pop("name")
    scaled = {"head.weight", "head.bias"} <= outline(name, arguments).state_dict().keys()
    message = f"calibrate=true: model={name} has no last layer head with a bias that it could scale"
    return faults_of([(scaled, f"{message}; name it so, or leave calibrate=false")])


def _optimizer_checks(optimizer: OptimizerConfig) -> list[Check]:
    return [
        within("optimizer.lr", optimizer.lr, LEARNING_RATE_LIMITS),
        within("optimizer.weight_decay", optimizer.weight_decay, Limits(0, 1000)),
        within("optimizer.encoder_lr_factor", optimizer.encoder_lr_factor, RATE_FACTOR_LIMITS),
    ]


def _scheduler_checks(scheduler: SchedulerConfig) -> list[Check]:
    return [
        (0 < scheduler.factor < 1, f"scheduler.factor={scheduler.factor}: between 0 and 1"),
        within("scheduler.patience", scheduler.patience, EPOCH_LIMITS),
        within("scheduler.min_lr", scheduler.min_lr, replace(LEARNING_RATE_LIMITS, above=False)),
        one_of("scheduler.monitor", scheduler.monitor, MONITORS),
        one_of("scheduler.name", scheduler.name, SCHEDULES),
        within("scheduler.warmup", scheduler.warmup, WARMUP_LIMITS),
    ]


def _schedule_checks(scheduler: SchedulerConfig, lr: float, epochs: int) -> list[Check]:
    """Relations between a schedule, the rate that it leads to, and the length of the training."""
    warmup = f"scheduler.warmup={scheduler.warmup:g}"
    return [
        (
            scheduler.warmup < max(epochs, 1),
            f"{warmup}: less than the {epochs} epochs of trainer.max_epochs",
        ),
        (
            scheduler.name != "one_cycle" or scheduler.warmup > 0,
            f"{warmup}: scheduler=one_cycle begins with a rise; .3 is a share of the training",
        ),
        (
            not 0 < lr < scheduler.min_lr,
            f"scheduler.min_lr={scheduler.min_lr:g}: at most optimizer.lr={lr:g}, from where "
            f"scheduler={scheduler.name} comes down",
        ),
    ]


def _callback_checks(callbacks: CallbacksConfig) -> list[Check]:
    average, first = callbacks.average, callbacks.first_share
    return [
        (
            average is None or AVERAGE_LIMITS.hold(average),
            f"callbacks.average={average}: {AVERAGE_LIMITS}, or null for the weights themselves",
        ),
        (
            first is None or AVERAGE_LIMITS.hold(first),
            f"callbacks.first_share={first}: {AVERAGE_LIMITS}, or null for none",
        ),
        one_of("callbacks.monitor", callbacks.monitor, MONITORS),
        within("callbacks.patience", callbacks.patience, EPOCH_LIMITS),
        within("callbacks.pictures_every", callbacks.pictures_every, replace(EPOCH_LIMITS, low=1)),
        within("callbacks.pictures", callbacks.pictures, Limits(1, 1000, whole=True)),
    ]


def _threads_check(runtime: RuntimeConfig) -> Check:
    """Whether torch can start that many threads; from some thousands on it ends the process."""
    limits = Limits(1, 256, whole=True)
    threads = runtime.threads
    holds = threads is None or limits.hold(threads)
    return holds, f"runtime.threads={threads}: {limits}, or null for torch's own choice"


def _trainer_checks(trainer: TrainerConfig) -> list[Check]:
    checks = [
        within("trainer.max_epochs", trainer.max_epochs, replace(EPOCH_LIMITS, low=1)),
        within("trainer.num_nodes", trainer.num_nodes, Limits(1, 1024, whole=True)),
        one_of("trainer.strategy", trainer.strategy, STRATEGIES),
        one_of("trainer.precision", trainer.precision, PRECISIONS),
        one_of("trainer.accelerator", trainer.accelerator, ACCELERATORS),
        (
            _names_devices(trainer.devices),
            f"trainer.devices={trainer.devices}: auto, how many (such as 2), or which (such as "
            "[0,1])",
        ),
    ]
    for key, value, limits in (
        ("trainer.max_time", trainer.max_time, MINUTE_LIMITS),
        ("trainer.gradient_clip", trainer.gradient_clip, NORM_LIMITS),
    ):
        if value is not None:
            checks.append(within(key, value, limits))
    if trainer.profiler is not None:
        checks.append(one_of("trainer.profiler", trainer.profiler, PROFILERS))
    return checks


def _names_devices(devices: Any) -> bool:
    """Whether Lightning can read the value; Lightning itself checks that the devices exist."""
    if isinstance(devices, list):
        return bool(devices) and all(type(device) is int and device >= 0 for device in devices)
    if isinstance(devices, str):
        return bool(re.fullmatch(r"auto|-1|\d+(,\d+)*,?", devices))
    return type(devices) is int and (devices == -1 or devices >= 1)
