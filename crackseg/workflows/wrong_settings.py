"""What OmegaConf finds wrong with a setting, its name or its type, in one line of our own words."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    ConfigTypeError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from crackseg.spelling import nearest

_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def message_of_setting(error: OmegaConfBaseException, config: str | None = None) -> str:
    """Says what is wrong with a setting.

    Args:
        error: OmegaConf's.
        config: the config file that it stands in, such as ``experiment/mine``; None if it was
            given on the command line.
    """
    key = error.full_key or ""
    if isinstance(error, MissingMandatoryValue):
        return f"{key}: missing; give {key}=VALUE"
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        return _unknown_key(key, error, config)
    if isinstance(error, ConfigTypeError) and "deletion" in str(error):
        return f"~{key}: a setting cannot be taken away; give {key}=VALUE"
    if isinstance(error, ValidationError):
        return _wrong_type(key, error)
    return f"{key}: {first_line(error)}" if key else first_line(error)


def unknown_setting(key: str, known: Sequence[str], elsewhere: Iterable[str] = ()) -> str:
    """Says that a setting does not exist.

    Args:
        key: with its groups, such as ``optimizer.lrr``.
        known: the settings beside it.
        elsewhere: settings with their groups, of which one may have been meant.
    """
    group, _, name = key.rpartition(".")
    by_name = {other.rpartition(".")[2]: other for other in elsewhere}
    meant = nearest(name, known) or by_name.get(nearest(name, by_name) or "")
    where = group or "the config"
    return f"{key}: there is no such setting in {where}; {rather(meant, known)}"


def rather(meant: str | None, known: Iterable[str]) -> str:
    """What may be given instead."""
    guess = f"did you mean {meant}? " if meant else ""
    return f"{guess}known: {', '.join(known)}"


def first_line(error: Exception) -> str:
    """The library's own words, without the details that OmegaConf adds on further lines."""
    return str(error).strip().partition("\n")[0]


def _unknown_key(key: str, error: OmegaConfBaseException, config: str | None) -> str:
    if config is not None and key == config.partition("/")[0]:
        # Hydra puts a file's content below the name of its folder.
        return "the first line of this file must be: # @package _global_"
    if not is_dataclass(error.object_type):
        known = ", ".join(str(name) for name in error.parent_node)
        return f"{key}: there is no such name; add it with +{key}=VALUE; known: {known}"
    elsewhere = () if key.startswith("hydra") else _leaves(error.parent_node._get_root())
    return unknown_setting(key, [entry.name for entry in fields(error.object_type)], elsewhere)


def _leaves(node: DictConfig, prefix: str = "") -> Iterator[str]:
    """Every setting with its groups, but for Hydra's own."""
    for name, value in node.items_ex(resolve=False):
        if not isinstance(value, DictConfig):
            yield prefix + str(name)
        elif name != "hydra" and not (value._is_none() or value._is_missing()):
            yield from _leaves(value, f"{prefix}{name!s}.")


def _wrong_type(key: str, error: ValidationError) -> str:
    hints = get_type_hints(error.object_type) if is_dataclass(error.object_type) else {}
    group = re.match(r"Merge error: .* is not a subclass of (\w+)\. value: (.*)", str(error))
    if group:
        return _value_for_group(error.parent_node, group[1], group[2])
    hint = hints.get(str(error.key))
    if hint is None and (arguments := get_args(_without_none(error.ref_type))):
        # Inside of a list or a dictionary.
        hint = arguments[-1]
    if hint is None:
        return f"{key}: {first_line(error)}"
    value = "null" if error.value is None else error.value
    return f"{key}={value}: {_in_words(hint)}"


def _value_for_group(node: DictConfig, schema: str, value: str) -> str:
    types = {name: OmegaConf.get_type(node, name) for name in map(str, node)}
    named = [name for name, held in types.items() if held and held.__name__ == schema]
    group = named[0] if named else schema
    return (
        f"{group}={value}: {group} is a group of settings; to choose a file of it, add to the "
        f"defaults list: override /{group}: CHOICE"
    )


def _without_none(hint: Any) -> Any:
    rest = [part for part in get_args(hint) if part is not NoneType]
    return rest[0] if get_origin(hint) in (Union, UnionType) and len(rest) == 1 else hint


def _in_words(hint: Any) -> str:
    inner = _without_none(hint)
    if get_origin(inner) is list:
        words = f"a list, each of it {_in_words(get_args(inner)[0])}"
    else:
        words = _WORDS.get(inner, str(inner))
    return words if inner is hint else f"{words}, or null"
