"""Where a fault of composing a config lies: the file, or the setting on the command line."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from traceback import walk_tb
from typing import Any

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.types import Override
from hydra.plugins.config_source import ConfigSource


@dataclass(frozen=True)
class Origin:
    """What Hydra was at when an exception came up.

    Hydra forgets its loader before the exception gets out and names no file in half of its
    messages, but the exception's traceback still holds both.

    Attributes:
        loader: what composed the config.
        override: the setting of the command line that was being applied, as typed.
        reading: the config that was being read, such as ``optimizer/adam``.
        overrides: Hydra's own record of which group was chosen, and where.
    """

    loader: ConfigLoader
    override: str | None
    reading: str | None
    overrides: Any

    def file(self, config: str) -> str:
        """The path of a config such as ``optimizer/adam``, as it can be opened from here."""
        for source in self.loader.get_sources():
            if source.scheme() == "file" and source.is_config(config):
                path = Path(source.path, f"{config}.yaml").resolve()
                here = Path.cwd()
                return str(path.relative_to(here) if path.is_relative_to(here) else path)
        return f"{config}.yaml"

    def choices(self, group: str, schemas: bool = False) -> list[str]:
        """The files of a group, and the schemas that these build on."""
        found = self.loader.get_group_options(group)
        return [name for name in found if schemas or not name.endswith("_schema")]

    def groups(self) -> list[str]:
        """All groups that there are."""
        return [group for group in self.loader.list_groups("") if group != "hydra"]

    def chosen_groups(self) -> list[str]:
        """The groups of which the program had chosen a file."""
        chosen = getattr(self.overrides, "known_choices", {})
        return [group for group in self.groups() if group in chosen] or self.groups()

    def chooser(self, group: str, choice: str, parent: str | None) -> str | None:
        """The config that made a choice; None if the command line did.

        Args:
            group: what was chosen from.
            choice: what was chosen.
            parent: whom Hydra's message names, which is right where nobody overrode the choice.
        """
        overriding = getattr(self.overrides, "override_choices", {}).get(group, ())
        if choice == overriding or choice in overriding:
            by: str | None = self.overrides.override_metadata[group].containing_config_path
            return by
        return parent


def origin_of(error: Exception) -> Origin | None:
    """Where an exception of Hydra's composition came from; None if it came from elsewhere."""
    loader = _last(error, "self", ConfigLoader)
    if loader is None:
        return None
    override = _last(error, "override", Override)
    source = _last(error, "self", ConfigSource)
    return Origin(
        loader=loader,
        override=override.input_line if override is not None else None,
        reading=_last(error, "config_path", str) if source is not None else None,
        overrides=_last(error, "overrides", object, has="override_choices"),
    )


def comes_from_flags(error: Exception) -> bool:
    """Whether Hydra refused its own flags, such as ``--cfg`` with ``--multirun``."""
    frames = [frame.f_code.co_name for frame, _ in walk_tb(error.__traceback__)]
    return isinstance(error, ValueError) and frames[-1:] == ["_run_hydra"]


def config_named_in(message: str) -> str | None:
    """``optimizer/adam`` of a message that begins with ``In 'optimizer/adam': ``."""
    named = re.match(r"In '([^']+)': ", message)
    return named[1] if named else None


def _last(error: Exception, name: str, kind: type, has: str = "") -> Any:
    """The innermost local variable of that name and kind in an exception's traceback."""
    found = [value for value in _locals(error, name) if isinstance(value, kind)]
    right: Sequence[Any] = [value for value in found if not has or hasattr(value, has)]
    return right[-1] if right else None


def _locals(error: Exception, name: str) -> Iterator[Any]:
    for frame, _ in walk_tb(error.__traceback__):
        if name in frame.f_locals:
            yield frame.f_locals[name]
