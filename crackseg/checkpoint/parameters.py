"""Parameters of a checkpoint: all that is needed to use its network, typed."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crackseg.errors import ConfigError
from crackseg.losses import FACTOR_LIMITS, check_terms
from crackseg.metrics.calibration import SLOPE_LIMITS, PlattScaling
from crackseg.models.limits import network_faults
from crackseg.models.parts import part_faults
from crackseg.parameters.form import WHOLE, Fields
from crackseg.parameters.usage import UsageParameters
from crackseg.system.limits import SEED_LIMITS, Limits

FORMAT = 1
# Names of schedules of the learning rate, and epochs or the share of a training to warm up in.
SCHEDULES = ("plateau", "cosine", "one_cycle")
WARMUP_LIMITS = Limits(0, 1_000_000)
# The learning rate of a part, as a share of that of the others.
RATE_FACTOR_LIMITS = Limits(0, 1000, above=True)
_RATE = Limits(0, 3e38)
_INTERCEPT = Limits(-1e3, 1e3)


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
        deep_supervision: Factor of the loss at the decoder's lower levels; None without it.
    """

    terms: Mapping[str, float]
    class_weights: tuple[float, float] | None
    deep_supervision: float | None = None


@dataclass(frozen=True)
class OptimizerParameters:
    """The optimizer of a training, see :class:`crackseg.config.schema.OptimizerConfig`."""

    lr: float
    weight_decay: float
    encoder_lr_factor: float = 1.0
    freeze: tuple[str, ...] = ()
    freeze_statistics: bool = False


@dataclass(frozen=True)
class SchedulerParameters:
    """The learning rate of a training, see :class:`crackseg.config.schema.SchedulerConfig`."""

    monitor: str
    factor: float
    patience: int
    min_lr: float
    name: str = "plateau"
    warmup: float = 0.0

    def warmup_epochs(self, epochs: int) -> float:
        """Number of epochs in which the rate rises, of a training of so many epochs."""
        return self.warmup * epochs if self.warmup < 1 else self.warmup


@dataclass(frozen=True)
class Origin:
    """The network that a training took its first weights from, or learned from.

    Attributes:
        path: Path of the file at that time.
        sha256: Hash of the file.
        licence: Licence of its weights; empty where none is stated.
    """

    path: str
    sha256: str
    licence: str = ""

    @classmethod
    def of_file(cls, path: Path, licence: str) -> "Origin":
        """The origin of a file as it is now."""
        return cls(str(path.resolve()), hashlib.sha256(path.read_bytes()).hexdigest(), licence)

    def as_dict(self) -> dict[str, str]:
        """Texts, as they stand in the file."""
        return {key: text for key, text in vars(self).items() if text or key != "licence"}


@dataclass(frozen=True)
class CheckpointParameters(UsageParameters):
    """What a checkpoint says about its network, as plain values.

    Attributes:
        model: Network.
        loss: Loss of its training.
        optimizer: Optimizer of its training.
        scheduler: Learning rate of its training.
        seed: Seed of the run.
        versions: Versions of the packages.
        init_from: Origin of the first weights; None where they were drawn.
        teacher: Origin of the network whose probabilities it was trained on beside the truth; None
            without one.
        scaling: Scaling of the logits that calibrates the network; None where it is used as it was
            trained.
    """

    model: NetworkParameters
    loss: LossParameters
    optimizer: OptimizerParameters
    scheduler: SchedulerParameters
    seed: int
    versions: Mapping[str, str]
    init_from: Origin | None = None
    teacher: Origin | None = None
    scaling: PlattScaling | None = None

    @property
    def begun_from(self) -> str:
        """Name of a network of other subsets that its training began from; empty for none.

        Of a file of an earlier version that of any network: it does not say on what it was trained.
        """
        if self.data.begun_from is None and self.init_from is not None:
            return Path(self.init_from.path).name
        return super().begun_from

    @property
    def inherited_licence(self) -> str:
        """Licences of the networks that this one was made from; empty where none is stated."""
        sources = (self.adaptation, self.init_from, self.teacher)
        stated = (one.licence for one in sources if one is not None and one.licence)
        return "; ".join(dict.fromkeys(stated))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "CheckpointParameters":
        """Reads the form of :meth:`as_dict`.

        Raises:
            FormError: Values are missing or of another form; all of them are named.
        """
        fields = Fields(values)
        model = _model(fields.part("model"))
        parameters = cls(
            model=model,
            loss=_loss(fields.part("loss")),
            optimizer=_optimizer(fields.part("optimizer"), model),
            scheduler=_scheduler(fields.part("scheduler")),
            **cls.usage(fields),
            seed=fields.number("seed", SEED_LIMITS),
            versions=fields.table("versions", _is_text, "texts"),
            init_from=_origin(fields.part("init_from")) if "init_from" in fields else None,
            teacher=_origin(fields.part("teacher")) if "teacher" in fields else None,
            scaling=_scaling(fields.part("scaling")) if "scaling" in fields else None,
        )
        fields.refuse()
        return parameters

    def as_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, texts and numbers, as they stand in the file."""
        weights, below = self.loss.class_weights, self.loss.deep_supervision
        return {
            "model": {**vars(self.model), "arguments": dict(self.model.arguments)},
            "loss": {
                "terms": dict(self.loss.terms),
                "class_weights": None if weights is None else list(weights),
                **({} if below is None else {"deep_supervision": below}),
            },
            "optimizer": {**vars(self.optimizer), "freeze": list(self.optimizer.freeze)},
            "scheduler": dict(vars(self.scheduler)),
            **super().as_dict(),
            "seed": self.seed,
            "versions": dict(self.versions),
            **({} if self.init_from is None else {"init_from": self.init_from.as_dict()}),
            **({} if self.teacher is None else {"teacher": self.teacher.as_dict()}),
            **({} if self.scaling is None else {"scaling": self.scaling._asdict()}),
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
    below = None
    if "deep_supervision" in fields:
        below = fields.number("deep_supervision", FACTOR_LIMITS)
    return LossParameters(terms or {}, weights, below)


def _optimizer(fields: Fields, model: NetworkParameters) -> OptimizerParameters:
    freeze, factor, statistics = (), 1.0, False
    # Checkpoints of earlier versions have none of them.
    if "freeze" in fields:
        freeze = tuple(fields.take("freeze", _are_texts, "a list of texts") or ())
    if "encoder_lr_factor" in fields:
        factor = fields.number("encoder_lr_factor", RATE_FACTOR_LIMITS)
    if "freeze_statistics" in fields:
        statistics = bool(fields.take("freeze_statistics", _is_flag, "true or false"))
    if not fields.faults:
        fields.faults += part_faults(model.name, model.arguments, factor, freeze)
    return OptimizerParameters(
        lr=fields.number("lr", _RATE),
        weight_decay=fields.number("weight_decay", _RATE),
        encoder_lr_factor=factor,
        freeze=freeze,
        freeze_statistics=statistics,
    )


def _scheduler(fields: Fields) -> SchedulerParameters:
    return SchedulerParameters(
        monitor=fields.text("monitor"),
        factor=fields.number("factor", Limits(0, 1)),
        patience=fields.number("patience", WHOLE),
        min_lr=fields.number("min_lr", _RATE),
        # Checkpoints of earlier versions have neither.
        name=fields.choice("name", SCHEDULES) if "name" in fields else "plateau",
        warmup=fields.number("warmup", WARMUP_LIMITS) if "warmup" in fields else 0.0,
    )


def _origin(fields: Fields) -> Origin:
    licence = fields.text("licence") if "licence" in fields else ""
    return Origin(path=fields.text("path"), sha256=fields.text("sha256"), licence=licence)


def _scaling(fields: Fields) -> PlattScaling:
    return PlattScaling(
        slope=fields.number("slope", SLOPE_LIMITS),
        intercept=fields.number("intercept", _INTERCEPT),
    )


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)
