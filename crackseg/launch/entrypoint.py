"""Shared by the Hydra programs: a user's mistake ends in one message and exit code 2."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from crackseg.config.overrides import key_of
from crackseg.errors import ConfigError
from crackseg.launch.error_messages import message_of, unknown_setting
from crackseg.system.exits import end_in_one_line

# Folder in which Hydra keeps the settings of an evaluation.
_OF_HYDRA = ".hydra"


@contextmanager
def exit_on_user_error() -> Iterator[None]:
    """Says a wrong setting or wrong data in words and exits with code 2; bugs pass through.

    It goes around a Hydra main, for what Hydra finds, and into it, for what the work finds: Hydra
    prints what passes out of a main.
    """
    # Without it Hydra prints its errors by itself and exits with code 1.
    os.environ["HYDRA_FULL_ERROR"] = "1"
    with end_in_one_line(message_of), _no_empty_folder():
        yield


@contextmanager
def _no_empty_folder() -> Iterator[None]:
    """Leaves no folder of Hydra's with nothing but its own in it where the work inside is refused.

    One that the command line names may be the user's own, and stays.
    """
    try:
        yield
    except Exception:
        named = ("hydra.run.dir", "hydra.sweep.dir")
        if HydraConfig.initialized() and not any(
            one.lstrip("+").startswith(named) for one in HydraConfig.get().overrides.hydra
        ):
            with suppress(OSError, OmegaConfBaseException):
                folder = Path(HydraConfig.get().runtime.output_dir)
                if {one.name for one in folder.iterdir()} <= {_OF_HYDRA}:
                    shutil.rmtree(folder)
        raise


def to_dataclass(config: DictConfig) -> Any:
    """Converts settings to the dataclasses of :mod:`crackseg.config.schema`.

    Raises:
        ConfigError: Settings were added with ``+`` beside the known ones, which OmegaConf allows.
    """
    faults = list(_added(config))
    if faults:
        raise ConfigError("\n".join(faults))
    return OmegaConf.to_object(config)


def refuse_overrides(reasons: Mapping[str, str]) -> None:
    """Refuses settings on the command line that would be ignored.

    Args:
        reasons: Reasons why a setting cannot be set here, by its key.

    Raises:
        ConfigError: One of them was given; the message names the first.
    """
    for override in HydraConfig.get().overrides.task:
        key = key_of(override)
        if key in reasons:
            raise ConfigError(f"{override}: cannot be set here, {reasons[key]}")


def _added(node: DictConfig, prefix: str = "") -> Iterator[str]:
    schema = OmegaConf.get_type(node)
    # Where the schema is a plain dictionary, such as that of a loss's terms, any name is allowed.
    known = [entry.name for entry in fields(schema)] if is_dataclass(schema) else None
    # In a table it may be a number, such as the name of a source in data.shares.
    name: Any
    for name in node:
        if known is not None and name not in known:
            yield unknown_setting(f"{prefix}{name}", schema)
        elif not OmegaConf.is_missing(node, name) and isinstance(node[name], DictConfig):
            yield from _added(node[name], f"{prefix}{name}.")
