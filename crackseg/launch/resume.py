"""Going on with a run: its folder, its own settings, and where its training stands."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from crackseg.config.overrides import flatten, shell_override
from crackseg.config.paths import absolute
from crackseg.config.schema import TrainConfig, read_config
from crackseg.errors import CheckpointError, ConfigError
from crackseg.runs.record import CONFIG, LAST, RECORD

RUNS = Path("outputs/runs")
# What may be different when a run goes on; all else would make it another run.
CHANGEABLE = (
    "trainer.max_epochs",
    "trainer.devices",
    "trainer.accelerator",
    "logger",
    "data.num_workers",
    "data.cache",
    "data.store",
)


def find_checkpoint(target: str, runs: Path = RUNS) -> Path:
    """The checkpoint from which a run goes on.

    Args:
        target: a run's folder, a checkpoint in one, or ``latest``.
        runs: where ``latest`` is looked for.

    Raises:
        CheckpointError: there is no such run, or it has no whole epoch yet.
    """
    path = _latest(runs) if target == "latest" else Path(target)
    checkpoint = path if path.suffix == ".ckpt" else path / LAST
    folder = checkpoint.parent
    missing = [name for name in (CONFIG, RECORD) if not (folder / name).is_file()]
    if missing:
        what = f"no {missing[0]} in it" if folder.is_dir() else "there is no such folder"
        raise CheckpointError(
            f"resume={target}: {folder} is not a run ({what}); name a folder that a training made, "
            "a checkpoint in it, or latest; crackseg runs lists them"
        )
    if not checkpoint.is_file():
        raise CheckpointError(
            f"resume={target}: there is no {checkpoint}, the run ended before its first epoch was "
            "whole; begin it anew with the same settings, which may be in the same folder: "
            f"{shell_override('hydra.run.dir', folder)}"
        )
    return checkpoint


def resumed_config(folder: Path, given: TrainConfig, overrides: Sequence[str]) -> TrainConfig:
    """A run's own settings, with what was given now and may be changed.

    Args:
        folder: of the run.
        given: the settings as composed now.
        overrides: from the command line; only they count as given.

    Raises:
        ConfigError: naming everything that was given, differs, and may not.
    """
    saved, given = read_config(folder / CONFIG), absolute(given)
    now = flatten(asdict(given))
    config, faults = OmegaConf.structured(saved), []
    for key in _keys(overrides):
        names = [name for name in now if name == key or name.startswith(f"{key}.")]
        faults += [] if names else [f"{key}: not for a run that goes on"]
        for name in names:
            OmegaConf.update(config, name, now[name])
    changed = cast(TrainConfig, OmegaConf.to_object(config))
    faults += differences(saved, changed, ignored=CHANGEABLE)
    if faults:
        hint = f"{folder} goes on with its own settings; only these may change: "
        raise ConfigError("\n".join([*faults, hint + ", ".join(CHANGEABLE)]))
    return changed


def differences(before: TrainConfig, now: TrainConfig, ignored: tuple[str, ...] = ()) -> list[str]:
    """A line for every setting that is not the same."""
    old, new = flatten(asdict(before)), flatten(asdict(now))
    return [
        f"{name}: {new.get(name)} here, {old.get(name)} in the run"
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name) and not name.startswith(ignored)
    ]


def _latest(runs: Path) -> Path:
    checkpoints = list(runs.glob(f"*/{LAST}"))
    if not checkpoints:
        raise CheckpointError(f"resume=latest: there is no run to go on with below {runs}")
    return max(checkpoints, key=lambda checkpoint: checkpoint.stat().st_mtime)


def _keys(overrides: Sequence[str]) -> list[str]:
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return [override.key_or_group for override in parsed if override.key_or_group != "resume"]
