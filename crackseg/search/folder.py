"""The folder of a search: its settings, so that it can be gone on with, and what it found.

search.yaml             settings as typed, and all they led to
search.json             trials, see crackseg/runs/search_record.py
study.db                the study, where no other storage is named
trial-0000 ...          runs, each like one of train.py
experiment/found.yaml   the best trial's settings
sweep.csv, sweep.md     table of the runs
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError  # type: ignore[import-untyped]

from crackseg.config.machine import OF_THE_MACHINE
from crackseg.config.overrides import (
    flatten,
    hydra_override,
    hydra_value,
    key_of,
    without_password,
)
from crackseg.config.paths import FILES, absolute
from crackseg.config.search_schema import TuneConfig
from crackseg.errors import ConfigError, reason_of
from crackseg.launch.arguments import MULTIRUN, flags, path_of
from crackseg.launch.resume import differing
from crackseg.system.files import write_text

SETTINGS = "search.yaml"
_RESUME = "search.resume"
# Settings that may change while a search goes on, for example on another machine.
CHANGEABLE = ("search.trials", "search.most_minutes", *OF_THE_MACHINE, "runtime")
# Given again where it has a password, which is not written down.
_STORAGE = "search.storage"
_DAMAGES = (
    YAMLError,
    OmegaConfBaseException,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
)


@dataclass(frozen=True)
class StoredSearch:
    """What a search's folder says of its settings.

    Attributes:
        overrides: Settings as typed, with absolute paths.
        flags: Options for Hydra itself, such as ``--config-dir``.
        study: Name of the study in its storage.
        settings: All settings that they led to, by dotted key.
    """

    overrides: tuple[str, ...]
    flags: tuple[str, ...]
    study: str
    settings: Mapping[str, Any]


def expand_search_resume(arguments: Sequence[str]) -> list[str]:
    """Replaces ``search.resume=FOLDER`` by the settings of the search in it.

    Raises:
        ConfigError: The folder is no search, or other settings stand beside it that may not change,
            or it is asked for a sweep.
    """
    if any(one in MULTIRUN for one in arguments):
        raise ConfigError(
            "tune.py -m: a search draws its trials itself; leave out -m, and let search=FILE say "
            "what it searches through"
        )
    named = path_of(arguments, _RESUME)
    if named is None:
        return list(arguments)
    folder = Path(named)
    ours = flags(arguments)
    others = [
        one for one in arguments if one not in ours and not ("=" in one and key_of(one) == _RESUME)
    ]
    refused = [one for one in others if not key_of(one).startswith((*CHANGEABLE, _STORAGE))]
    if refused:
        raise ConfigError(
            f"{' '.join(refused)}: cannot be given with {_RESUME}, a search goes on with its own "
            f"settings; only these may change: {', '.join(CHANGEABLE)}"
        )
    stored, changed = read_stored(folder), {key_of(one) for one in others}
    own = [one for one in stored.overrides if key_of(one) not in changed]
    return [*ours, *stored.flags, *own, *others, hydra_override("hydra.run.dir", folder)]


def read_stored(folder: Path) -> StoredSearch:
    """Reads the settings of a search.

    Raises:
        ConfigError: There are none, or they are damaged.
    """
    path = folder / SETTINGS
    try:
        stored: Any = OmegaConf.to_container(OmegaConf.load(path))
        overrides = tuple(map(str, stored["overrides"]))
        given = tuple(map(str, stored["flags"]))
        return StoredSearch(overrides, given, str(stored["study"]), flatten(stored["settings"]))
    except FileNotFoundError:
        what = f"no {SETTINGS} in it" if folder.is_dir() else "there is no such folder"
        raise ConfigError(
            f"{folder}: not a search ({what}); crackseg runs lists runs and searches"
        ) from None
    except _DAMAGES as error:
        raise ConfigError(
            f"{path}: damaged ({reason_of(error)}); its trials can be looked at, and a new search "
            "begun in another folder"
        ) from error


def check_same_search(config: TuneConfig, folder: Path) -> None:
    """Checks that a folder holds no search with other settings.

    Raises:
        ConfigError: It does; there is a line for each that differs.
    """
    if not (folder / SETTINGS).is_file():
        return
    storage, now = config.search.storage, flatten(_settings(config))
    others = differing(read_stored(folder).settings, now, "search", CHANGEABLE)
    if others:
        raise ConfigError(
            f"{folder} holds a search with other settings; choose another hydra.run.dir\n"
            + "\n".join(others)
        )
    if storage is not None and "***" in storage:
        raise ConfigError(
            "search.storage: its password is not written down; give the whole search.storage anew"
        )


def joined(
    config: TuneConfig, overrides: Sequence[str], folder: Path, config_dir: str | None = None
) -> str:
    """Begins a search in a folder, or joins the one that is there.

    Args:
        config: All settings.
        overrides: Settings as typed.
        folder: Folder of the search.
        config_dir: Folder of further settings, as given by ``--config-dir``.

    Returns:
        Name of the study in its storage.

    Raises:
        ConfigError: The folder holds a search with other settings.
    """
    check_same_search(config, folder)
    if (folder / SETTINGS).is_file():
        return read_stored(folder).study
    storage = config.search.storage
    # In a database there may be other searches, in folders of the same name.
    own = storage is None or storage == "journal"
    study = "search" if own else f"{folder.name}-{token_hex(4)}"
    content = {
        "study": study,
        "flags": [] if config_dir is None else [f"--config-dir={Path(config_dir).resolve()}"],
        "overrides": _absolute_overrides(config, overrides),
        "settings": _settings(config),
    }
    write_text(folder / SETTINGS, OmegaConf.to_yaml(OmegaConf.create(content)))
    return study


def _settings(config: TuneConfig) -> dict[str, Any]:
    """All settings as they are written down."""
    settings: dict[str, Any] = asdict(absolute(config))
    settings["search"]["resume"] = None
    storage = config.search.storage
    settings["search"]["storage"] = None if storage is None else without_password(storage)
    return settings


def _absolute_overrides(config: TuneConfig, overrides: Sequence[str]) -> list[str]:
    """Settings as typed, but with paths that hold from any folder."""
    now = asdict(absolute(config))
    paths = {f"data.{key}": now["data"][key] for key in ("root", "cache", *FILES)}
    paths |= {key: now[key] for key in ("init_from", "distill")}
    given = [without_password(one) for one in overrides if key_of(one) not in paths]
    return [
        *given,
        *(f"{key}={hydra_value(path)}" for key, path in paths.items() if path is not None),
    ]
