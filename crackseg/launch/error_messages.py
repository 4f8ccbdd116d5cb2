"""Messages of one line for faults that Hydra and OmegaConf find in files and command line."""

import re
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra.errors import (
    HydraException,
    InstantiationException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from crackseg.config.schema import ModelConfig, model_config
from crackseg.errors import nearest

CONF = Path(__file__).parents[2] / "conf"

# What only tune.py has, and other programs are given by mistake.
_OF_A_SEARCH = "search: it is for tune.py alone; start a search by python tune.py SETTING=VALUE ..."

# Messages of the libraries that do not say what to do; some are raised as ValueError or the like.
_IN_OTHER_WORDS = {
    r"Could not append .* at '(.+)'": r"\1: this setting is there already; leave out the +",
    r"Multiple values for (\S+)\.": r"\1: chosen twice; on the command line leave out the +",
    r"Ambiguous value for argument '(.+?)=(.+)'": (
        r"\1=\2: add -m for a sweep over these; a list is \1=[\2]"
    ),
    r"Config group override must be": "a group is chosen by GROUP=NAME, not by null or a number",
    r"Unexpected type for root: NoneType": (
        "a group that is null has no settings; choose one first, such as data=crackseg9k"
    ),
    r"Invalid loaded object type": "a config file holds lines of KEY: VALUE",
    r"Could not override 'search'": _OF_A_SEARCH,
    r"Could not override '([^']+)'": r"\1: cannot be chosen here; --help names the groups",
    r"(Invalid defaults list in .*|The --resolve flag .*|Only one of --run.*)": r"\1",
}


def message_of(error: Exception) -> str | None:
    """Explains what a user did wrong, where, and what would be right.

    Args:
        error: Exception from Hydra or OmegaConf.

    Returns:
        One line; None for a bug.
    """
    cause = _omegaconf_error(error)
    if cause is not None:
        config = _config(error)
        return (f"{config}.yaml: " if config else "") + _of_setting(cause, config)
    if isinstance(error, OverrideParseException):
        return _unreadable(error.override)
    if isinstance(error, MissingConfigException) and error.missing_cfg_file:
        return _missing_choice(error, error.missing_cfg_file)
    # PyYAML, which has no types, points at the place of a fault.
    mark = getattr(error, "problem_mark", None)
    return _broken_yaml(error, mark) if mark is not None else _of_hydra(error)


def unknown_setting(key: str, schema: Any) -> str:
    """Says that a setting does not exist.

    Args:
        key: Key with its groups, such as ``optimizer.lrr``.
        schema: Dataclass that has no such field.
    """
    if key == "search":
        return _OF_A_SEARCH
    group, _, name = key.rpartition(".")
    known = [entry.name for entry in fields(schema)]
    # A setting of a group may have been given without the group.
    below = {
        entry.name: f"{outer.name}.{entry.name}"
        for outer in fields(schema)
        if is_dataclass(outer.type)
        # Of networks, the default one stands for all.
        for entry in fields(model_config("unet") if outer.type is ModelConfig else outer.type)
    }
    meant = nearest(name, known) or below.get(nearest(name, below) or "")
    return f"{key}: there is no such setting in {group or 'the config'}; {_rather(meant, known)}"


def _omegaconf_error(error: Exception) -> OmegaConfBaseException | None:
    for one in (error, error.__cause__, error.__context__):
        if isinstance(one, OmegaConfBaseException):
            # Around anything but Hydra's own exception it is not what went wrong.
            return one if one is error or isinstance(error, HydraException) else None
    return None


def _config(error: Exception) -> str | None:
    """``optimizer/adamw`` of a message that begins with ``In 'optimizer/adamw': ``."""
    # Hydra's own choices, such as hydra/launcher, are in no file of the user.
    named = re.match(r"In '(?!hydra/)([^']+)': ", str(error))
    return named[1] if named else None


def _of_setting(error: OmegaConfBaseException, config: str | None) -> str:
    key = error.full_key or ""
    if isinstance(error, MissingMandatoryValue):
        return f"{key}: missing; give {key}=VALUE"
    if isinstance(error, ConfigKeyError | ConfigAttributeError):
        if config is not None and key != "search" and key == config.partition("/")[0]:
            # Hydra puts a file's content below the name of its folder.
            return "the first line of this file must be: # @package _global_"
        if is_dataclass(error.object_type):
            return unknown_setting(key, error.object_type)
        known = map(str, error.parent_node)
        return f"{key}: there is no such name; add it with +{key}=VALUE; {_rather(None, known)}"
    if "does not support deletion" in str(error):
        return f"~{key}: a setting cannot be taken away; give {key}=VALUE"
    name = re.match(r"Merge error: str is not a subclass of \w+\. value: (.*)", str(error))
    if name:
        choose = f"override /GROUP: {name[1]}"
        return f"{name[1]}: a file of a group is chosen in the defaults list: {choose}"
    return f"{key}: {_first_line(error)}" if key else _first_line(error)


def _unreadable(override: str) -> str:
    key = override.partition("=")[0] or "KEY"
    return (
        f"{override or repr('')}: cannot be read; write {key}=VALUE, close brackets and quotes, "
        f"and quote a value with signs in it: '{key}=\"VALUE\"'"
    )


def _missing_choice(error: MissingConfigException, missing: str) -> str:
    # Only Hydra's own groups have groups in them; experiment=paper/unet_1 names a file in a folder.
    choice = re.fullmatch(r"((?:hydra/)?[^/]+)/(.+)", missing)
    if choice is None:
        return _first_line(error)
    group, name = choice.groups()
    folder = name[: name.rfind("/") + 1]
    files = (CONF / group).rglob("*.yaml")
    found = {file.relative_to(CONF / group).with_suffix("").as_posix() for file in files}
    found |= {f"{folder}{option}" for option in error.options or ()}
    known = sorted(one for one in found if not one.endswith("_schema"))
    config = _config(error) or ""
    # Whatever the command line or an experiment chose, Hydra names the main config, train.
    where = f"{config}.yaml: " if "/" in config else ""
    if not known:
        return where + _unknown_group(group)
    return f"{where}{group}={name}: there is no such choice; {_rather(nearest(name, known), known)}"


def _unknown_group(group: str) -> str:
    if group == "search":
        return _OF_A_SEARCH
    known = sorted(folder.name for folder in CONF.glob("*/") if folder.name != "hydra")
    meant = nearest(group, known)
    return f"{group}: there is no such group; {_rather(f'/{meant}' if meant else None, known)}"


def _broken_yaml(error: Any, mark: Any) -> str:
    file = Path(mark.name)
    shown = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
    return f"{shown}, line {mark.line + 1}: broken YAML, {error.problem}"


def _of_hydra(error: Exception) -> str | None:
    for pattern, words in _IN_OTHER_WORDS.items():
        if found := re.match(pattern, str(error)):
            return found.expand(words)
    group = re.match(r"In '([^']+)': Could not override '(?:.*/)?(\w+)", str(error))
    if group:
        return f"{group[1]}.yaml: {_unknown_group(group[2])}"
    # What went wrong inside of a call that a config asked for may be a bug.
    of_config = isinstance(error, HydraException) and not isinstance(error, InstantiationException)
    return _first_line(error) if of_config else None


def _first_line(error: Exception) -> str:
    """The library's own words, without its details, search path and links."""
    return str(error).strip().partition("\n")[0]


def _rather(meant: str | None, known: Iterable[str]) -> str:
    guess = f"did you mean {meant}? " if meant else ""
    return f"{guess}known: {', '.join(known)}"
