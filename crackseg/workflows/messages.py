"""What Hydra finds wrong with files and command line, in one line of our own words."""

import re
from typing import Any

from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf.errors import OmegaConfBaseException

from crackseg.spelling import nearest
from crackseg.workflows.origins import Origin, comes_from_flags, config_named_in, origin_of
from crackseg.workflows.wrong_settings import first_line, message_of_setting, rather


def message_of(error: Exception) -> str | None:
    """Says what a user did wrong, where, and what would be right.

    Args:
        error: what came out of Hydra.

    Returns:
        One line; None for what is no user's doing but a bug.
    """
    cause = _innermost(error)
    origin = origin_of(error)
    if origin is not None:
        # Whatever stops Hydra from composing a config was typed or written by the user.
        return _of_composition(error, cause, origin)
    if isinstance(cause, OmegaConfBaseException):
        return message_of_setting(cause)
    of_hydra = isinstance(error, HydraException) or comes_from_flags(error)
    return _plain(error) if of_hydra else None


def _innermost(error: Exception) -> Exception:
    """OmegaConf's exception where Hydra raised its own over it."""
    for inner in (error.__cause__, error.__context__):
        if isinstance(error, HydraException) and isinstance(inner, OmegaConfBaseException):
            return inner
    return error


def _of_composition(error: Exception, cause: Exception, origin: Origin) -> str:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return _broken_yaml(error, mark, origin)
    if isinstance(error, OverrideParseException):
        return _unreadable(error)
    if isinstance(error, MissingConfigException):
        return _missing_choice(error, origin)
    if isinstance(cause, OmegaConfBaseException):
        config = config_named_in(str(error))
        return _at(config, origin) + message_of_setting(cause, config)
    return _of_choice(str(error), origin) or _of_override(error, origin)


def _at(config: str | None, origin: Origin) -> str:
    return f"{origin.file(config)}: " if config else ""


def _broken_yaml(error: Any, mark: Any, origin: Origin) -> str:
    file = origin.file(origin.reading or "")
    return f"{file}, line {mark.line + 1}: broken YAML, {error.problem}"


def _unreadable(error: OverrideParseException) -> str:
    key, equals, _ = error.override.partition("=")
    if not equals:
        return f"{error.override or repr('')}: a setting is changed by {key or 'KEY'}=VALUE"
    return (
        f"{error.override}: the value cannot be read ({first_line(error)}); close its brackets and "
        f"quotes, and quote a value with signs in it: '{key}=\"VALUE\"'"
    )


def _missing_choice(error: MissingConfigException, origin: Origin) -> str:
    group, _, choice = (error.missing_cfg_file or "").rpartition("/")
    if not group:
        return _plain(error)
    config = origin.chooser(group, choice, parent=config_named_in(str(error)))
    # A file that builds on others of its own folder may mean a schema there.
    known = origin.choices(group, schemas=bool(config and config.startswith(f"{group}/")))
    where = _at(config, origin)
    if not known:
        return where + _unknown_group(group, origin, bool(config))
    meant = nearest(choice, known)
    return f"{where}{group}={choice}: there is no such choice; {rather(meant, known)}"


def _unknown_group(group: str, origin: Origin, in_file: bool) -> str:
    if not in_file:
        known = origin.chosen_groups()
        meant = nearest(group.partition("@")[0], known)
        return f"{group}: cannot be chosen here; {rather(meant, known)}"
    group = group.partition("@")[0]
    known = origin.groups()
    # A group is looked for in the folder of the file that names it, unless a slash comes first.
    meant = nearest(group.rpartition("/")[2], known)
    meant = f"/{meant}" if meant else None
    return f"{group}: there is no such group; {rather(meant, known)}"


def _of_choice(text: str, origin: Origin) -> str | None:
    """What is wrong with the choice from a group; None if it is something else."""
    unknown = re.match(r"(?:In '[^']+': )?Could not override '([^']+)'", text)
    if unknown:
        config = config_named_in(text)
        return _at(config, origin) + _unknown_group(unknown[1], origin, bool(config))
    twice = re.match(r"Multiple values for (\S+)\.|(\S+) appears more than once", text)
    if twice:
        group = twice[1] or twice[2]
        return (
            f"{group}: chosen twice; leave out the + on the command line, or write into the "
            f"defaults list: override /{group}: CHOICE"
        )
    deleted = re.match(r"Could not delete .*?'(.+?)'", text)
    if deleted:
        known = origin.chosen_groups()
        meant = nearest(deleted[1], known)
        return f"~{deleted[1]}: cannot be taken away; {rather(meant, known)}"
    group = (origin.override or "").partition("=")[0]
    if text.startswith("Config group override") and group:
        return f"{origin.override}: there is no such choice; {rather(None, origin.choices(group))}"
    return None


def _of_override(error: Exception, origin: Origin) -> str:
    text, override = str(error), origin.override or ""
    several = re.match(r"Ambiguous value for argument '(.*)'", text)
    if several:
        key, _, values = several[1].partition("=")
        return f"{several[1]}: add -m for a sweep over these; a list is {key}=[{values}]"
    if text.startswith("Could not append"):
        return f"{override}: this setting is there already; leave out the +"
    group = override.partition(".")[0]
    if isinstance(error, AssertionError) and group != override:
        # OmegaConf's answer to a setting in a group that is null.
        choices = " or ".join(f"{group}={choice}" for choice in origin.choices(group))
        return f"{override}: {group} is not chosen yet; add {choices}"
    if text.startswith("Invalid loaded object"):
        return f"{origin.file(origin.reading or '')}: a config file holds lines of KEY: VALUE"
    return _plain(error)


def _plain(error: Exception) -> str:
    """Hydra's own words, without its search path and its links, on one line."""
    text = re.split(r"\n\s*\n|\nSee http|\nConfig search path", str(error).strip())[0]
    return " ".join(text.split())
