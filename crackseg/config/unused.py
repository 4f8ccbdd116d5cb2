"""Settings that the others make no use of."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from crackseg.config.overrides import flatten, key_of
from crackseg.config.schema import DataConfig, SchedulerConfig, TrainConfig, model_config

# They follow a figure, which schedules of a fixed course do not.
_OF_A_PLATEAU = ("monitor", "factor", "patience")


def unused_settings(config: TrainConfig) -> dict[str, str]:
    """Reasons why settings have no effect, by key.

    Args:
        config: Settings that hold together.
    """
    unused: dict[str, str] = {}
    if config.scheduler.name != "plateau":
        reason = f"scheduler={config.scheduler.name} goes by no figure; it is for scheduler=plateau"
        unused |= {f"scheduler.{key}": reason for key in _OF_A_PLATEAU}
    if config.data.crop_size is None:
        unused["data.crack_crops"] = "it is for crops; they have data.crop_size"
    else:
        unused["data.image_size"] = f"crops of data.crop_size={config.data.crop_size} are seen"
    if config.distill is None:
        unused["distill_share"] = "there is no teacher; it is for distill=CHECKPOINT"
    if getattr(config.model, "activation", None) == "relu":
        unused["model.negative_slope"] = "model.activation=relu is zero there"
    return unused


def ignored_overrides(overrides: Sequence[str], config: TrainConfig) -> list[str]:
    """A line for every setting on the command line that has no effect.

    Args:
        overrides: Settings as typed.
        config: Settings that they led to.
    """
    unused = unused_settings(config)
    return [
        f"{override}: would be ignored, {unused[key_of(override)]}; leave it out"
        for override in overrides
        if key_of(override) in unused
    ]


def ignored_values(config: TrainConfig) -> Iterator[str]:
    """A line for every setting without effect that is not as it would be by itself.

    Args:
        config: Settings that hold together.
    """
    usual = flatten(
        {
            "data": asdict(DataConfig()),
            "model": asdict(model_config(config.model.name)()),
            "scheduler": asdict(SchedulerConfig()),
            "distill_share": TrainConfig.distill_share,
        }
    )
    given = flatten(asdict(config))
    for key, reason in unused_settings(config).items():
        if given[key] != usual[key]:
            yield f"{key}={given[key]} is ignored, {reason}"
