"""The command line before Hydra reads it: what goes on with earlier work is spelled out."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import OverrideParseException
from omegaconf import OmegaConf

from crackseg.errors import ConfigError
from crackseg.workflows.resume import find_checkpoint

_MULTIRUN = ("-m", "--multirun")
_PLAN = "multirun.yaml"
# What Hydra and the sweep itself set anew each time.
_OF_ITS_OWN = ("hydra.mode=", "hydra.sweep.dir=", "hydra.job.config.override_dirname.exclude_keys=")


def spelled_out(arguments: Sequence[str]) -> list[str]:
    """Replaces ``resume=`` and ``sweep.resume=`` by what Hydra has to know.

    A run goes on in its own folder; a sweep is the one that Hydra wrote down when it began.

    Raises:
        CheckpointError: there is nothing to go on with.
        ConfigError: settings beside ``sweep.resume``, or ``resume`` in a sweep.
    """
    given = _settings(arguments)
    sweeping = any(argument in _MULTIRUN for argument in arguments)
    if "sweep.resume" in given:
        return _resumed_sweep(Path(given["sweep.resume"]), list(arguments), sweeping)
    if "resume" not in given:
        return list(arguments)
    if sweeping:
        raise ConfigError("resume: goes on with one run; for a sweep type -m sweep.resume=FOLDER")
    checkpoint = find_checkpoint(given["resume"])
    others = [argument for argument in arguments if not argument.startswith("resume=")]
    return [*others, _quoted("resume", checkpoint), _quoted("hydra.run.dir", checkpoint.parent)]


def _settings(arguments: Sequence[str]) -> dict[str, str]:
    """The paths among the settings; what cannot be parsed is left for Hydra to complain of."""
    parser = OverridesParser.create()
    found = {}
    for argument in arguments:
        if argument.startswith(("resume=", "sweep.resume=")):
            try:
                override = parser.parse_override(argument)
            except OverrideParseException:
                continue
            found[override.key_or_group] = str(override.value())
    return found


def _resumed_sweep(folder: Path, arguments: list[str], sweeping: bool) -> list[str]:
    others = [
        argument
        for argument in arguments
        if argument not in _MULTIRUN and not argument.startswith(("sweep.resume=", "hydra/"))
    ]
    if others:
        raise ConfigError(
            f"{' '.join(others)}: cannot be given with sweep.resume, a sweep goes on with its own "
            "settings"
        )
    if not sweeping:
        raise ConfigError(
            f"sweep.resume: a sweep needs -m: python train.py -m sweep.resume={folder}"
        )
    plan = folder / _PLAN
    if not plan.is_file():
        what = f"no {_PLAN} in it" if folder.is_dir() else "there is no such folder"
        raise ConfigError(f"sweep.resume={folder}: not a sweep ({what}); crackseg runs lists them")
    overrides = OmegaConf.load(plan).hydra.overrides
    launchers = [argument for argument in arguments if argument.startswith("hydra/")]
    own = [
        setting
        for setting in overrides.hydra
        if not setting.startswith(_OF_ITS_OWN)
        and setting.partition("=")[0] not in {given.partition("=")[0] for given in launchers}
    ]
    return ["-m", *overrides.task, *own, *launchers, _quoted("hydra.sweep.dir", folder)]


def _quoted(key: str, path: Path) -> str:
    return "{}='{}'".format(key, str(path).replace("'", "\\'"))
