"""Rewrites the command line before Hydra reads it: arguments for resuming are expanded."""

from collections.abc import Sequence
from pathlib import Path

from hydra._internal.utils import get_args_parser
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from crackseg.config.overrides import hydra_override, key_of
from crackseg.errors import ConfigError
from crackseg.launch.paths import there
from crackseg.launch.resume import find_checkpoint
from crackseg.runs.record import PLAN

MULTIRUN = ("-m", "--multirun")
# Settings that Hydra and the sweep itself set each time.
_OF_ITS_OWN = ("hydra.mode=", "hydra.sweep.dir=", "hydra.job.config.override_dirname.exclude_keys=")
# The way jobs are started, which may change when a sweep is resumed.
_LAUNCHER = ("hydra/launcher=", "hydra.launcher.")


def expand_resume(arguments: Sequence[str]) -> list[str]:
    """Replaces ``resume=`` and ``sweep.resume=`` by the settings that Hydra needs.

    A run is resumed in its own folder. A sweep is read from the file that Hydra wrote at its start.

    Raises:
        CheckpointError: There is nothing to resume.
        ConfigError: There are settings beside ``sweep.resume``, or ``resume`` is in a sweep, or
            given twice.
    """
    sweeping = any(argument in MULTIRUN for argument in arguments)
    sweep, run = path_of(arguments, "sweep.resume"), path_of(arguments, "resume")
    if sweep is not None:
        return _resumed_sweep(Path(sweep), list(arguments), sweeping)
    if run is None:
        return list(arguments)
    if sweeping:
        raise ConfigError("resume: goes on with one run; for a sweep type -m sweep.resume=FOLDER")
    if sum(_is(argument, "resume") for argument in arguments) > 1:
        raise ConfigError("resume: given more than once; name one run")
    checkpoint = find_checkpoint(run)
    others = [argument for argument in arguments if not _is(argument, "resume")]
    return [
        *others,
        hydra_override("resume", checkpoint),
        hydra_override("hydra.run.dir", checkpoint.parent),
    ]


def flags(arguments: Sequence[str]) -> list[str]:
    """Options of a command line for Hydra itself, such as ``--config-dir``, except ``-m``."""
    settings = set(get_args_parser().parse_known_args(list(arguments))[0].overrides)
    return [one for one in arguments if one not in settings and one not in MULTIRUN]


def _is(argument: str, key: str) -> bool:
    return "=" in argument and key_of(argument) == key


def path_of(arguments: Sequence[str], key: str) -> str | None:
    """The path that a setting gives, as typed unless it is quoted; None without one."""
    for argument in arguments:
        text = argument.partition("=")[2]
        if _is(argument, key) and text not in ("", "null"):
            path = there(text)
            if path is None and text[0] in "'\"":
                return str(OverridesParser.create().parse_override(argument).value())
            return text if path is None else str(path)
    return None


def _resumed_sweep(folder: Path, arguments: list[str], sweeping: bool) -> list[str]:
    launcher = [argument for argument in arguments if argument.startswith(_LAUNCHER)]
    named = get_args_parser().parse_known_args(arguments)[0].overrides
    others = [one for one in named if one not in launcher and not _is(one, "sweep.resume")]
    if others:
        raise ConfigError(
            f"{' '.join(others)}: cannot be given with sweep.resume, a sweep goes on with its own "
            "settings"
        )
    if not sweeping:
        raise ConfigError(f"sweep.resume: needs -m: python train.py -m sweep.resume={folder}")
    plan = folder / PLAN
    if not plan.is_file():
        what = f"no {PLAN} in it" if folder.is_dir() else "there is no such folder"
        raise ConfigError(f"sweep.resume={folder}: not a sweep ({what}); crackseg runs lists them")
    overrides = OmegaConf.load(plan).hydra.overrides
    dropped = (*_OF_ITS_OWN, *_LAUNCHER) if launcher else _OF_ITS_OWN
    own = [one for one in overrides.hydra if not one.startswith(dropped)]
    given = [*overrides.task, *own, *launcher, hydra_override("hydra.sweep.dir", folder)]
    return ["-m", *flags(arguments), *given]
