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

from crackseg.config.overrides import flatten, hydra_override, key_of, without_password
from crackseg.config.paths import absolute
from crackseg.config.search_schema import TuneConfig
from crackseg.errors import ConfigError
from crackseg.launch.arguments import MULTIRUN
from crackseg.launch.paths import there
from crackseg.system.files import write_text

SETTINGS = "search.yaml"
_RESUME = "search.resume"
# Settings that no figure depends on.
OF_THE_MACHINE = (
    "trainer.accelerator",
    "trainer.devices",
    "runtime",
    "logger",
    "data.num_workers",
    "data.cache",
    "data.store",
)
# Settings that may change while a search goes on, for example on another machine.
CHANGEABLE = ("search.trials", "search.most_minutes", "search.storage", *OF_THE_MACHINE)


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
        overrides: Settings as typed.
        study: Name of the study in its storage.
        settings: All settings that they led to, by dotted key.
    """

    overrides: tuple[str, ...]
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
    given = [one for one in arguments if "=" in one and key_of(one) == _RESUME]
    if not given:
        return list(arguments)
    text = given[-1].partition("=")[2]
    folder = there(text) or Path(text)
    others = [one for one in arguments if one not in given]
    refused = [one for one in others if "=" in one and not key_of(one).startswith(CHANGEABLE)]
    if refused:
        raise ConfigError(
            f"{' '.join(refused)}: cannot be given with {_RESUME}, a search goes on with its own "
            f"settings; only these may change: {', '.join(CHANGEABLE)}"
        )
    changed = {key_of(one) for one in others}
    own = [one for one in read_stored(folder).overrides if key_of(one) not in changed]
    return [*own, *others, hydra_override("hydra.run.dir", folder)]


def read_stored(folder: Path) -> StoredSearch:
    """Reads the settings of a search.

    Raises:
        ConfigError: There are none, or they are damaged.
    """
    path = folder / SETTINGS
    try:
        stored: Any = OmegaConf.to_container(OmegaConf.load(path))
        overrides = tuple(map(str, stored["overrides"]))
        return StoredSearch(overrides, str(stored["study"]), flatten(stored["settings"]))
    except FileNotFoundError:
        what = f"no {SETTINGS} in it" if folder.is_dir() else "there is no such folder"
        raise ConfigError(
            f"{folder}: not a search ({what}); crackseg runs lists runs and searches"
        ) from None
    except _DAMAGES as error:
        raise ConfigError(f"{path}: damaged, {error!r}") from error


def joined(config: TuneConfig, overrides: Sequence[str], folder: Path) -> str:
    """Begins a search in a folder, or joins the one that is there.

    Args:
        config: All settings.
        overrides: Settings as typed.
        folder: Folder of the search.

    Returns:
        Name of the study in its storage.

    Raises:
        ConfigError: The folder holds a search with other settings.
    """
    settings = _plain(asdict(absolute(config)))
    settings["search"]["resume"] = None
    storage = config.search.storage
    if storage is not None:
        settings["search"]["storage"] = without_password(storage)
    if not (folder / SETTINGS).is_file():
        # In a database there may be other searches, in folders of the same name.
        own = storage is None or storage == "journal"
        study = "search" if own else f"{folder.name}-{token_hex(4)}"
        kept = [without_password(one) for one in overrides]
        content = {"study": study, "overrides": kept, "settings": settings}
        write_text(folder / SETTINGS, OmegaConf.to_yaml(OmegaConf.create(content)))
        return study
    stored = read_stored(folder)
    now = flatten(settings)
    others = [
        f"{key}: {now.get(key)} here, {stored.settings.get(key)} in the search"
        for key in dict.fromkeys([*stored.settings, *now])
        if stored.settings.get(key) != now.get(key) and not key.startswith(CHANGEABLE)
    ]
    if others:
        raise ConfigError(
            f"{folder} holds a search with other settings; choose another hydra.run.dir\n"
            + "\n".join(others)
        )
    if storage is not None and "***" in storage:
        raise ConfigError(
            "search.storage: its password is not written down; give the whole search.storage anew"
        )
    return stored.study


def _plain(value: Any) -> Any:
    """The same value without what YAML has no word for."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
