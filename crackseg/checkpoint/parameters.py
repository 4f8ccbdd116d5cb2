"""Parameters of a checkpoint: all that is needed to use its network, typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crackseg.checkpoint.form import WHOLE, Fields
from crackseg.errors import ConfigError
from crackseg.losses import FACTOR_LIMITS, check_terms
from crackseg.metrics.histogram import THRESHOLDS
from crackseg.models.limits import network_faults
from crackseg.preprocessing import Preprocessing
from crackseg.system.limits import SCALE_LIMITS, SIDE_LIMITS, WHITE_LIMITS, Limits

FORMAT = 1
SUBSETS = ("train", "val", "test")
_RATE = Limits(0, 3e38)
_CLASS_WEIGHT = Limits(0, 1e15, above=True)
_MASK_THRESHOLD = Limits(0, 254, whole=True)
_SEED = Limits(0, 2**32 - 1, whole=True)


@dataclass(frozen=True)
class NetworkParameters:
    """A network.

    Attributes:
        name: Name in :data:`crackseg.models.registry.NETWORKS`.
        arguments: Arguments of its constructor by name.
    """

    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class LossParameters:
    """The loss of a training.

    Attributes:
        terms: Factor of each term by name.
        class_weights: Weights of background and crack; None where no term uses them.
    """

    terms: Mapping[str, float]
    class_weights: tuple[float, float] | None


@dataclass(frozen=True)
class OptimizerParameters:
    """The optimizer of a training, see :class:`crackseg.config.schema.OptimizerConfig`."""

    lr: float
    weight_decay: float


@dataclass(frozen=True)
class SchedulerParameters:
    """The learning rate of a training, see :class:`crackseg.config.schema.SchedulerConfig`."""

    monitor: str
    factor: float
    patience: int
    min_lr: float


@dataclass(frozen=True)
class DataIdentity:
    """The data that a network was trained on.

    Attributes:
        name: Name of their config group.
        root: Folder that the manifest's paths are relative to.
        manifest_hash: Hash of the manifest.
        counts: Number of photographs in each subset.
        leaks: Overlap of the subsets, see :class:`crackseg.data.splits.leakage.Leaks`; None in
            files of the first versions.
        class_weights: Weights of background and crack that balance them.
        config: Settings of the data, see :class:`crackseg.config.schema.DataConfig`.
    """

    name: str
    root: str
    manifest_hash: str
    counts: Mapping[str, int]
    leaks: Mapping[str, Any] | None
    class_weights: tuple[float, float]
    config: Mapping[str, Any]


@dataclass(frozen=True)
class CheckpointParameters:
    """What a checkpoint says about its network, as plain values.

    Attributes:
        model: Network.
        loss: Loss of its training.
        optimizer: Optimizer of its training.
        scheduler: Learning rate of its training.
        preprocessing: Preprocessing of photographs.
        scale: Training pixels per photograph pixel, along a side.
        data: Data of its training.
        threshold: Probability above which a pixel is called crack.
        seed: Seed of the run.
        versions: Versions of the packages.
    """

    model: NetworkParameters
    loss: LossParameters
    optimizer: OptimizerParameters
    scheduler: SchedulerParameters
    preprocessing: Preprocessing
    scale: float
    data: DataIdentity
    threshold: float
    seed: int
    versions: Mapping[str, str]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CheckpointParameters":
        """Reads the form of :meth:`as_dict`.

        Raises:
            FormError: Values are missing or of another form; all of them are named.
        """
        fields = Fields(values)
        seen = fields.part("preprocessing")
        parameters = cls(
            model=_model(fields.part("model")),
            loss=_loss(fields.part("loss")),
            optimizer=_optimizer(fields.part("optimizer")),
            scheduler=_scheduler(fields.part("scheduler")),
            preprocessing=_preprocessing(seen),
            scale=seen.number("scale", SCALE_LIMITS),
            data=_data(fields.part("data")),
            threshold=fields.take("threshold", _is_threshold, "one of 0.01, 0.02, ... 0.99"),
            seed=fields.number("seed", _SEED),
            versions=fields.table("versions", _is_text, "texts"),
        )
        fields.refuse()
        return parameters

    def as_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, texts and numbers, as they stand in the file."""
        size, weights = self.preprocessing.image_size, self.loss.class_weights
        white = self.preprocessing.white_level
        data = {**vars(self.data), "class_weights": list(self.data.class_weights)}
        return {
            "model": {**vars(self.model), "arguments": dict(self.model.arguments)},
            "loss": {
                "terms": dict(self.loss.terms),
                "class_weights": None if weights is None else list(weights),
            },
            "optimizer": dict(vars(self.optimizer)),
            "scheduler": dict(vars(self.scheduler)),
            "preprocessing": {
                "image_size": None if size is None else list(size),
                "resize": self.preprocessing.resize,
                "mask_threshold": self.preprocessing.mask_threshold,
                "scale": self.scale,
                **({} if white is None else {"white_level": white}),
            },
            "data": {key: value for key, value in data.items() if value is not None},
            "threshold": self.threshold,
            "seed": self.seed,
            "versions": dict(self.versions),
            "format": FORMAT,
        }


def _model(fields: Fields) -> NetworkParameters:
    name, arguments = fields.text("name"), fields.mapping("arguments")
    if name is not None and arguments is not None:
        fields.faults += network_faults(name, arguments)
    return NetworkParameters(name, arguments or {})


def _loss(fields: Fields) -> LossParameters:
    terms = fields.table("terms", FACTOR_LIMITS.hold, f"numbers {FACTOR_LIMITS}")
    weights = fields.pair("class_weights", FACTOR_LIMITS, optional=True)
    if terms is not None:
        try:
            check_terms(terms, weights_given=weights is not None)
        except ConfigError as error:
            fields.faults.append(str(error))
    return LossParameters(terms or {}, weights)


def _optimizer(fields: Fields) -> OptimizerParameters:
    return OptimizerParameters(
        lr=fields.number("lr", _RATE), weight_decay=fields.number("weight_decay", _RATE)
    )


def _scheduler(fields: Fields) -> SchedulerParameters:
    return SchedulerParameters(
        monitor=fields.text("monitor"),
        factor=fields.number("factor", Limits(0, 1)),
        patience=fields.number("patience", WHOLE),
        min_lr=fields.number("min_lr", _RATE),
    )


def _preprocessing(fields: Fields) -> Preprocessing:
    return Preprocessing(
        image_size=fields.pair("image_size", SIDE_LIMITS, optional=True),
        resize=fields.choice("resize", ("area", "bilinear")),
        mask_threshold=fields.number("mask_threshold", _MASK_THRESHOLD),
        white_level=fields.number("white_level", WHITE_LIMITS) if "white_level" in fields else None,
    )


def _data(fields: Fields) -> DataIdentity:
    counts = fields.table("counts", WHOLE.hold, "whole numbers")
    if counts is not None and not set(SUBSETS) <= set(counts):
        fields.faults.append(f"data.counts: of {', '.join(SUBSETS)}")
    return DataIdentity(
        name=fields.text("name"),
        root=fields.text("root"),
        manifest_hash=fields.text("manifest_hash"),
        counts=counts or {},
        leaks=fields.mapping("leaks") if "leaks" in fields else None,
        class_weights=fields.pair("class_weights", _CLASS_WEIGHT),
        config=fields.mapping("config") or {},
    )


def _is_threshold(value: object) -> bool:
    return type(value) is float and value in THRESHOLDS[1:]


def _is_text(value: object) -> bool:
    return isinstance(value, str)
