"""Reads what a search draws its settings from, as ``conf/search`` has it.

A space is a table of settings as they are typed on the command line of ``train.py``:

    optimizer.lr: {low: 1.0e-4, high: 1.0e-2, log: true}
    model.dropout: {low: 0.0, high: 0.5, step: 0.1}
    data.batch_size: [16, 32, 64]
    loss: [weighted_bce, bce_dice]
    loss.terms.dice: {low: 0.5, high: 2.0, when: {loss: bce_dice}}

A range of whole numbers gives whole numbers. A choice may be any value that a setting takes, or a
file of a config group. A setting with ``when`` is drawn only where settings above it have the
values named.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crackseg.config.overrides import hydra_value
from crackseg.errors import ConfigError, did_you_mean
from crackseg.search.space import Choice, Dimension, Range, Space

_RANGE_KEYS = ("low", "high", "step", "log", "when")
_CHOICE_KEYS = ("choices", "when")
# Groups, with all that stands in them, and single settings beside them.
_SEARCHED_GROUPS = ("model", "loss", "optimizer", "scheduler", "callbacks")
_SEARCHED = (
    *(f"data.{key}" for key in ("augment", "batch_size", "crops", "crack_crops", "shares")),
    "data.thin_cracks",
    "trainer.gradient_clip",
    "trainer.precision",
    "distill_share",
    "calibrate",
)
_NOT_SEARCHED = {
    "seed": "the luck of a seed is nothing to choose by; search.seeds trains a trial with several",
    "data": "trials are compared on the same photographs, masks and sizes",
    "trainer": "trials are compared after the same number of epochs, on one device",
}


def read_space(table: Mapping[str, Any]) -> Space:
    """Reads a space from settings.

    Raises:
        ConfigError: One line for each setting that cannot be searched as it is written.
    """
    dimensions: list[Dimension] = []
    faults = []
    # What is typed stands behind what a file says, and takes its place.
    for key, written in dict(_by_key(table)).items():
        try:
            dimensions.append(_dimension(key, written, dimensions))
        except ConfigError as error:
            faults.append(f"search.space: {error}")
    if not table:
        faults.append(
            "search.space: nothing to search through; search=ranges or search=paper, or a "
            "file of your own, see docs/scale.md"
        )
    if faults:
        raise ConfigError("\n".join(faults))
    return Space(tuple(dimensions))


def _by_key(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """What stands at each setting, whether its key is written in one or in tables of tables."""
    for name, written in table.items():
        key = f"{prefix}{name}"
        nested = isinstance(written, Mapping) and len(written) > 0
        if nested and not {"low", "high", "choices"} & written.keys():
            yield from _by_key(written, f"{key}.")
        else:
            yield key, written


def _dimension(key: str, written: Any, above: Sequence[Dimension]) -> Dimension:
    _refuse_key(key)
    table = {"choices": written} if isinstance(written, list) else written
    if not isinstance(table, Mapping):
        raise ConfigError(
            f"{key}: {written!r} is a single value; a list of values, or low and high of a range"
        )
    known = _CHOICE_KEYS if "choices" in table else _RANGE_KEYS
    for name in table:
        if name not in known:
            guess = did_you_mean(name, known)
            raise ConfigError(f"{key}: {name} is unknown beside {known[0]}; {guess or known}")
    values = _choice(key, table["choices"]) if "choices" in table else _range(key, table)
    return Dimension(key, values, _conditions(key, table.get("when"), above))


def _refuse_key(key: str) -> None:
    group = key.partition(".")[0]
    if group not in _SEARCHED_GROUPS and key not in _SEARCHED:
        reason = _NOT_SEARCHED.get(group, "it is no setting of a network or its training")
        known = f"{', '.join(_SEARCHED_GROUPS)} with all in them, {', '.join(_SEARCHED)}"
        raise ConfigError(f"{key}: cannot be searched, {reason}; these can: {known}")


def _choice(key: str, values: Any) -> Choice:
    if not isinstance(values, list) or not values:
        raise ConfigError(f"{key}: choices is a list of values, such as [16, 32]")
    texts = tuple(hydra_value(value) for value in values)
    twice = [text for text in dict.fromkeys(texts) if texts.count(text) > 1]
    if twice:
        raise ConfigError(f"{key}: {', '.join(twice)} stands there twice")
    return Choice(texts)


def _range(key: str, table: Mapping[str, Any]) -> Range:
    low, high, step = (table.get(name) for name in ("low", "high", "step"))
    numbers = [number for number in (low, high, step) if number is not None]
    if low is None or high is None or not all(map(_is_number, numbers)):
        raise ConfigError(f"{key}: low and high are two numbers, such as {{low: 0.0, high: 0.5}}")
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    log, whole = bool(table.get("log", False)), all(isinstance(one, int) for one in numbers)
    if not low < high:
        raise ConfigError(f"{key}: low={low} must be below high={high}")
    if log and low <= 0:
        raise ConfigError(f"{key}: low={low} must be above 0 with log: true")
    if step is not None and (log or not 0 < step <= high - low):
        raise ConfigError(f"{key}: step={step} must be above 0, within the range, and without log")
    if step is not None:
        steps = (high - low) / step
        if abs(steps - round(steps)) > 1e-6:
            raise ConfigError(f"{key}: from {low} to {high} is no whole number of steps of {step}")
    return Range(float(low), float(high), None if step is None else float(step), log, whole)


def _conditions(
    key: str, written: Any, above: Sequence[Dimension]
) -> Mapping[str, tuple[str, ...]]:
    if written is None:
        return {}
    if not isinstance(written, Mapping):
        raise ConfigError(f"{key}: when is a table such as {{loss: bce_dice}}")
    choices = {one.key: one.values.values for one in above if isinstance(one.values, Choice)}
    conditions = {}
    for other, wanted in written.items():
        if other not in choices:
            guess = did_you_mean(other, choices)
            raise ConfigError(
                f"{key}: when names {other}, which must be a list of values above it; {guess}"
            )
        texts = tuple(
            hydra_value(one) for one in (wanted if isinstance(wanted, list) else [wanted])
        )
        if not texts:
            raise ConfigError(f"{key}: when {other} is an empty list, so that it is never drawn")
        for text in texts:
            if text not in choices[other]:
                known = ", ".join(choices[other])
                raise ConfigError(f"{key}: when {other} is {text}, which is none of {known}")
        conditions[str(other)] = texts
    return conditions


def _is_number(value: object) -> bool:
    finite = isinstance(value, int | float) and math.isfinite(value)
    return finite and not isinstance(value, bool)
